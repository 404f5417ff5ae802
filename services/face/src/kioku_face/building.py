"""Puts the use cases between the servers and the rpcs, consumers and jobs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import structlog
from kioku.face.v1.face_service_pb2_grpc import add_FaceServiceServicer_to_server
from kioku_rt.auth import TokenVerifier
from kioku_rt.db import ping
from kioku_rt.errors import DependencyDown, KiokuError
from kioku_rt.events import CONSUMERS, AdvisoryFeeder, OutboxRelay, Worker
from kioku_rt.job import Job
from kioku_rt.page_token import PageTokens
from kioku_rt.rpc import Registration, RpcServer
from kioku_rt.service import Running

from kioku_face import servicer
from kioku_face.asset_store import DELETIONS, AssetStore
from kioku_face.consumers import UPLOADED, Consumers
from kioku_face.crop import Crops
from kioku_face.database import SCHEMA
from kioku_face.detection import Detection
from kioku_face.film import CONSUMER as FRAMES
from kioku_face.film import Films
from kioku_face.gap_store import GapStore
from kioku_face.glance import Glance
from kioku_face.library import Library
from kioku_face.library_store import FaceLibraryStore
from kioku_face.looking_again import LookingAgain
from kioku_face.metrics import JOB_RUNS, VECTORS_EMPTIED, looked_again, outstanding
from kioku_face.originals import Originals
from kioku_face.sighting_store import SightingStore
from kioku_face.telling import Telling
from kioku_face.untold_store import UntoldStore, republish_whole

if TYPE_CHECKING:
    import asyncpg
    from kioku_rt.events import EventBus
    from kioku_rt.events.outcome import Handler, OnDead
    from kioku_rt.objects import ObjectStore
    from kioku_rt.service import SideTask

    from kioku_face.crop import Decoder
    from kioku_face.packs.engine import FaceFinder
    from kioku_face.settings import Settings
    from kioku_face.vectors import FaceVectors

log = structlog.get_logger(__name__)
_SHOW_SECONDS = 15.0
_CROPS_AT_ONCE = 4
_DELETION_SECONDS = 20.0


@dataclass(frozen=True)
class Servers:
    """What the service talks to; `decoder` is for cut-outs alone."""

    api: asyncpg.Pool
    worker: asyncpg.Pool
    objects: ObjectStore
    bus: EventBus
    finder: FaceFinder
    decoder: Decoder
    vectors: FaceVectors


@dataclass(frozen=True)
class Parts:
    """What other parts of the service bring: services and jobs of their own.

    Args:
        match: answers MatchPeople; None: there is no such method.
    """

    match: servicer.MatchPeople | None = None
    registrations: Sequence[Registration] = ()
    jobs: Sequence[Job] = ()


_ALONE = Parts()


def build(settings: Settings, servers: Servers, parts: Parts = _ALONE) -> Running:
    """Wire everything."""
    tokens = PageTokens(settings.page_token_secret.get_secret_value().encode())
    verifier = TokenVerifier(settings.auth_config())
    originals = Originals(servers.objects, max_bytes=settings.face_upload_max_bytes)
    detection = Detection(SightingStore(servers.worker), originals, servers.finder)
    service = _face_service(settings, servers, originals, tokens, parts.match)
    return Running(
        server=RpcServer(
            settings.server_config(), [service, *parts.registrations], verifier=verifier
        ),
        consumers={
            **_workers(settings, servers, detection),
            **{
                job.name: counted(job).run
                for job in [*_jobs(settings, servers, detection), *parts.jobs]
            },
        },
        relays={
            "outbox": OutboxRelay(
                servers.worker, servers.bus, SCHEMA, republish=republish_whole
            ).run
        },
        pings={
            "database": partial(ping, servers.api),
            "token keys": verifier.ping,
            "engine": servers.finder.ping,
        },
        optional_pings={
            "event log": servers.bus.health,
            "object store": servers.objects.ping,
        },
    )


def _face_service(
    settings: Settings,
    servers: Servers,
    originals: Originals,
    tokens: PageTokens,
    match: servicer.MatchPeople | None,
) -> Registration:
    library = FaceLibraryStore(servers.api)
    return Registration(
        servicer.NAME,
        add_FaceServiceServicer_to_server,
        servicer.FaceServicer(
            Glance(servers.finder, library),
            Library(library, tokens, settings.anonymous_retention),
            Crops(library, originals, servers.decoder, at_once=_CROPS_AT_ONCE),
            match,
        ),
    )


def _workers(settings: Settings, servers: Servers, detection: Detection) -> dict[str, SideTask]:
    assets = AssetStore(servers.worker)
    films = Films(assets, servers.objects, detection, every_ms=settings.face_frame_every_ms)
    consumers = Consumers(detection, films, assets)
    given_up: dict[str, OnDead] = {UPLOADED: consumers.upload_given_up}
    handlers: dict[str, tuple[Handler, int, float]] = {
        UPLOADED: (consumers.uploaded, settings.face_slots, settings.face_handler_seconds),
        FRAMES: (
            consumers.frames_extracted,
            settings.face_frame_slots,
            settings.face_handler_seconds,
        ),
        DELETIONS: (consumers.deleted, 4, _DELETION_SECONDS),
    }
    workers = {
        durable: Worker(
            servers.bus,
            CONSUMERS[durable],
            handler,
            slots=slots,
            handler_timeout=seconds,
            on_dead=given_up.get(durable),
            probe=partial(_answers, servers),
        ).run
        for durable, (handler, slots, seconds) in handlers.items()
    }
    exhausted = AdvisoryFeeder(servers.bus, given_up).worker(CONSUMERS["face-exhausted"])
    return {**workers, "face-exhausted": exhausted.run}


async def _answers(servers: Servers) -> bool:
    """Whether an event that had to wait may be tried again."""
    await ping(servers.worker)
    await servers.objects.ping()
    await servers.finder.ping()
    return True


def _jobs(settings: Settings, servers: Servers, detection: Detection) -> list[Job]:
    untold, gaps = UntoldStore(servers.worker), GapStore(servers.worker)
    telling = Telling(untold, servers.vectors)
    again = LookingAgain(
        gaps,
        detection,
        servers.vectors,
        settings.again_rules(),
        space_id=servers.finder.space.space_id,
    )

    async def look_again() -> None:
        looked_again(pending=await again.pending(), outdated=await again.outdated())

    async def missing() -> None:
        looked_again(missing=await again.missing())

    async def empty() -> None:
        VECTORS_EMPTIED.inc(await untold.empty_outbox())

    async def show() -> None:
        outstanding(await gaps.outstanding(detection.pack))

    return [
        Job("links", settings.face_tell_seconds, telling.links),
        Job("vanished", settings.face_tell_seconds, telling.vanished),
        Job("looks", settings.face_again_seconds, look_again),
        Job("missing", settings.face_again_seconds, missing),
        Job("empty", settings.face_empty_seconds, empty),
        Job("figures", _SHOW_SECONDS, show),
    ]


def counted(job: Job) -> Job:
    """The job with its rounds counted; an error with a reason costs one round, not the process."""

    async def run() -> None:
        try:
            await job.work()
        except DependencyDown:
            JOB_RUNS.labels(job.name, "waits").inc()
            raise
        except KiokuError as error:
            log.warning("job.refused", job=job.name, reason=error.reason)
            JOB_RUNS.labels(job.name, "refused").inc()
        else:
            JOB_RUNS.labels(job.name, "ok").inc()

    return Job(job.name, job.seconds, run)
