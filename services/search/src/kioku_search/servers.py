"""What the service talks to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncpg
    from kioku_rt.events import EventBus
    from kioku_rt.objects import ObjectStore

    from kioku_search.embedder_client import EmbedderClient


@dataclass(frozen=True)
class Servers:
    """What the service talks to."""

    api: asyncpg.Pool
    worker: asyncpg.Pool
    objects: ObjectStore
    bus: EventBus
    embedder: EmbedderClient
    sealer: asyncpg.Pool | None = None
