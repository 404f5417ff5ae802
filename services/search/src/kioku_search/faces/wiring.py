"""Wires what keeps the vectors of faces, so that to `main` it is one part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kioku.search.v1.face_vector_service_pb2_grpc import add_FaceVectorServiceServicer_to_server
from kioku_rt.job import Job
from kioku_rt.rpc import Registration

from kioku_search.faces import servicer
from kioku_search.faces.consumers import FaceConsumers
from kioku_search.faces.face_store import FaceStore
from kioku_search.faces.keeping_store import ConsentStore, KeepingStore
from kioku_search.faces.matching import FaceMatching
from kioku_search.faces.metrics import ERASURES_SCRUBBED, SCRUB_WAITS
from kioku_search.faces.near_store import FaceNearStore
from kioku_search.faces.scrubber import ErasureStore, TableScrubber
from kioku_search.faces.scrubbing import Scrubbing
from kioku_search.faces.storing import FaceStoring
from kioku_search.spaces.space_metrics import counted

if TYPE_CHECKING:
    import asyncpg
    from kioku_rt.events import EventBus

    from kioku_search.settings import Settings
    from kioku_search.spaces.space import Spaces

_SHOW_SECONDS = 30.0


@dataclass(frozen=True)
class FacePart:
    """What `main` puts into the service."""

    registration: Registration
    consumers: FaceConsumers
    jobs: tuple[Job, ...]


def face_part(
    settings: Settings, api: asyncpg.Pool, worker: asyncpg.Pool, spaces: Spaces, bus: EventBus
) -> FacePart:
    """Put the vectors of faces together."""
    return FacePart(
        Registration(
            servicer.NAME,
            add_FaceVectorServiceServicer_to_server,
            servicer.FaceVectorServicer(
                FaceMatching(FaceNearStore(api, ef_search=settings.ef_search), spaces),
                KeepingStore(api),
            ),
        ),
        FaceConsumers(FaceStoring(FaceStore(worker), spaces), ConsentStore(worker), bus),
        tuple(_jobs(settings, ErasureStore(worker))),
    )


def _jobs(settings: Settings, erasures: ErasureStore) -> list[Job]:
    async def show() -> None:
        SCRUB_WAITS.set(await erasures.oldest_seconds())

    jobs = [Job("scrub-waits", _SHOW_SECONDS, show)]
    if settings.search_index_dsn is None:
        return jobs
    scrubbing = Scrubbing(erasures, TableScrubber(settings.search_index_dsn.get_secret_value()))

    async def scrub() -> None:
        ERASURES_SCRUBBED.inc(await scrubbing.run_once())

    return [*jobs, Job("scrub", settings.scrub_seconds, counted("scrub", scrub))]
