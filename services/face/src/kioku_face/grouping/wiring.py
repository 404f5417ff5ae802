"""What `main` wires for the grouping: its job."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from uuid_utils import compat as uuids

from kioku_face.grouping import metrics
from kioku_face.grouping.grouping import Grouping
from kioku_face.grouping.library_store import LibraryStore

if TYPE_CHECKING:
    import asyncpg

    from kioku_face.grouping.rules import GroupingRules
    from kioku_face.vectors import FaceVectors


def grouping_work(
    worker: asyncpg.Pool, vectors: FaceVectors, rules: GroupingRules
) -> Callable[[], Awaitable[None]]:
    """One round of the job `grouping`; any number of processes may run it.

    Args:
        worker: of the role `face_worker`; a round holds one of its connections.
    """
    grouping = Grouping(LibraryStore(worker, rules.quality), vectors, rules, uuids.uuid7)

    async def work() -> None:
        metrics.show(await grouping.run_once())

    return work
