"""What `main` wires for the life of spaces: their service and their jobs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kioku.search.v1.space_service_pb2_grpc import add_SpaceServiceServicer_to_server
from kioku_rt.job import Job
from kioku_rt.rpc import Registration

from kioku_search.spaces import space_servicer
from kioku_search.spaces.backfill import Backfills
from kioku_search.spaces.backfill_store import BackfillStore
from kioku_search.spaces.comparison import Comparisons
from kioku_search.spaces.event_queue import EventQueue
from kioku_search.spaces.figure_store import FigureStore
from kioku_search.spaces.fill_store import FillStore
from kioku_search.spaces.filling import Filling
from kioku_search.spaces.sample_store import SampleStore
from kioku_search.spaces.settling_store import SettlingStore
from kioku_search.spaces.space_life import SpaceLife
from kioku_search.spaces.space_life_store import SpaceLifeStore
from kioku_search.spaces.space_metrics import JOB_RUNS, Shown, counted

if TYPE_CHECKING:
    import asyncpg
    from kioku_rt.events import EventBus
    from kioku_rt.objects import ObjectStore
    from kioku_rt.page_token import PageTokens

    from kioku_search.searching.query_vectors import QueryVectors
    from kioku_search.searching.search import Neighbours
    from kioku_search.searching.strain import Strain
    from kioku_search.settings import Settings
    from kioku_search.spaces.space import Models, Spaces

_SETTLE_SECONDS = 2.0
_SHOW_SECONDS = 15.0


@dataclass(frozen=True)
class SpaceParts:
    """What the life of spaces stands on."""

    worker: asyncpg.Pool
    spaces: Spaces
    models: Models


def space_registration(
    parts: SpaceParts, neighbours: Neighbours, vectors: QueryVectors, tokens: PageTokens
) -> Registration:
    """SpaceService."""
    follow = SettlingStore(parts.worker).settle
    return Registration(
        space_servicer.NAME,
        add_SpaceServiceServicer_to_server,
        space_servicer.SpaceServicer(
            SpaceLife(SpaceLifeStore(parts.worker), parts.spaces, parts.models, follow),
            Backfills(BackfillStore(parts.worker), parts.spaces, tokens),
            Comparisons(SampleStore(parts.worker), neighbours, vectors, parts.spaces),
        ),
    )


def space_jobs(
    settings: Settings, parts: SpaceParts, bus: EventBus, objects: ObjectStore, strain: Strain
) -> list[Job]:
    """Filling, and what follows a change."""
    filling = Filling(
        FillStore(parts.worker),
        parts.spaces,
        objects,
        EventQueue(bus),
        settings.fill_rules(),
        slow=lambda: strain.slow,
    )

    async def fill() -> None:
        for outcome in (await filling.run_once()).values():
            JOB_RUNS.labels("backfill", outcome.value).inc()

    settle = counted("settle", SettlingStore(parts.worker).settle)
    show = counted("figures", Shown(FigureStore(parts.worker)).show)
    return [
        Job("backfill", settings.backfill_seconds, fill),
        Job("settle", _SETTLE_SECONDS, settle),
        Job("figures", _SHOW_SECONDS, show),
    ]
