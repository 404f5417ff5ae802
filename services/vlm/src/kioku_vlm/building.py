"""Puts the use cases between the servers and the rpcs, consumers and jobs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import structlog
from kioku.vlm.v1.schedule_service_pb2_grpc import add_ScheduleServiceServicer_to_server
from kioku_rt.auth import TokenVerifier
from kioku_rt.db import ping
from kioku_rt.errors import DependencyDown, KiokuError
from kioku_rt.events import CONSUMERS, AdvisoryFeeder, OutboxRelay, Worker
from kioku_rt.events.delays import RETRY_DELAYS
from kioku_rt.job import Job
from kioku_rt.page_token import PageTokens
from kioku_rt.rpc import Registration, RpcServer
from kioku_rt.service import Running

from kioku_vlm import schedule_servicer
from kioku_vlm.asking.ask_store import AskPostgres
from kioku_vlm.asking.asking import Asking, AskRules
from kioku_vlm.changes import DatabaseChanges
from kioku_vlm.consumers import UPLOADED, Consumers
from kioku_vlm.correcting.correcting import Correcting
from kioku_vlm.correcting.correction_store import CorrectionPostgres
from kioku_vlm.database import SCHEMA
from kioku_vlm.exporting.exporting import Exporting
from kioku_vlm.library.library import Library
from kioku_vlm.library.library_store import LibraryPostgres
from kioku_vlm.linking.link_store import LinkPostgres
from kioku_vlm.linking.linking import Linking
from kioku_vlm.metrics import JOB_RUNS, outstanding
from kioku_vlm.observing.alias_store import AliasStore
from kioku_vlm.observing.asset_store import DELETIONS, AssetStore
from kioku_vlm.observing.backlog import Backlog
from kioku_vlm.observing.claim_store import ClaimStore
from kioku_vlm.observing.describing import Describing
from kioku_vlm.observing.gap_store import GapStore
from kioku_vlm.observing.observing import Observing
from kioku_vlm.observing.originals import Originals
from kioku_vlm.observing.reading_store import ReadingStore
from kioku_vlm.observing.turns import Turns
from kioku_vlm.people.asked import Members

if TYPE_CHECKING:
    import asyncpg
    from kioku_rt.events import EventBus
    from kioku_rt.events.outcome import Handler, OnDead
    from kioku_rt.objects import ObjectStore
    from kioku_rt.service import SideTask

    from kioku_vlm.asking.asking import Assets
    from kioku_vlm.exporting.exporting import Calendars
    from kioku_vlm.notifying.told_again import ToldAgain
    from kioku_vlm.observing.ports import Engines
    from kioku_vlm.people.member import Faces
    from kioku_vlm.settings import Settings

log = structlog.get_logger(__name__)
_SHOW_SECONDS = 15.0
_FORGET_SECONDS = 60.0
_DELETION_SECONDS = 20.0


@dataclass(frozen=True)
class Servers:
    """What the service talks to; `faces` None: nobody looks for faces."""

    api: asyncpg.Pool
    worker: asyncpg.Pool
    objects: ObjectStore
    bus: EventBus
    engines: Engines
    assets: Assets
    faces: Faces | None = None


@dataclass(frozen=True)
class Parts:
    """What other parts of the service bring.

    Args:
        calendars: writes calendars.
        told: answers for webhooks; None: there are no such methods.
        registrations: further gRPC services.
        jobs: what is done every so many seconds.
        handlers: by durable consumer: handler, slots, and seconds for one event.
    """

    calendars: Calendars
    told: ToldAgain | None = None
    registrations: Sequence[Registration] = ()
    jobs: Sequence[Job] = ()
    handlers: Mapping[str, tuple[Handler, int, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class _Pipeline:
    """What reads: driven by events, by the backlog, and by whoever asks."""

    claims: ClaimStore
    observing: Observing
    bell: asyncio.Event


def build(settings: Settings, servers: Servers, parts: Parts) -> Running:
    """Wire everything."""
    verifier = TokenVerifier(settings.auth_config())
    pipeline = _pipeline(settings, servers)
    changes = DatabaseChanges(settings.vlm_api_dsn.get_secret_value(), ring=pipeline.bell.set)
    service = _schedule_service(settings, servers, parts, pipeline, changes)
    jobs = [*_jobs(servers, pipeline), *parts.jobs]
    return Running(
        server=RpcServer(
            settings.server_config(), [service, *parts.registrations], verifier=verifier
        ),
        consumers={
            **_workers(settings, servers, parts, pipeline),
            "backlog": _backlog(settings, pipeline).run,
            "changes": changes.run,
            **{job.name: counted(job).run for job in jobs},
        },
        relays={"outbox": OutboxRelay(servers.worker, servers.bus, SCHEMA).run},
        pings={"database": partial(ping, servers.api), "token keys": verifier.ping},
        optional_pings={"event log": servers.bus.health, "object store": servers.objects.ping},
    )


def _pipeline(settings: Settings, servers: Servers) -> _Pipeline:
    claims = ClaimStore(servers.worker, lease=settings.vlm_lease_seconds)
    observing = Observing(
        claims,
        ReadingStore(servers.worker),
        Originals(servers.objects, max_bytes=settings.vlm_upload_max_bytes),
        servers.engines,
        Turns(settings.vlm_turns),
        aliases=AliasStore(servers.worker),
        describing=Describing(servers.engines.describer, settings.vlm_language),
    )
    return _Pipeline(claims, observing, asyncio.Event())


def _backlog(settings: Settings, pipeline: _Pipeline) -> Backlog:
    return Backlog(
        pipeline.claims,
        pipeline.observing,
        pipeline.bell,
        slots=settings.vlm_backlog_slots,
        every=settings.vlm_backlog_seconds,
        delays=RETRY_DELAYS,
    )


def _schedule_service(
    settings: Settings,
    servers: Servers,
    parts: Parts,
    pipeline: _Pipeline,
    changes: DatabaseChanges,
) -> Registration:
    tokens = PageTokens(settings.page_token_secret.get_secret_value().encode())
    library = LibraryPostgres(servers.api)
    rules = AskRules(settings.kept, settings.vlm_zone)
    ask = AskPostgres(servers.api)
    use = schedule_servicer.UseCases(
        asking=Asking(ask, library, servers.assets, changes, ring=pipeline.bell.set, rules=rules),
        library=Library(library, changes, tokens),
        correcting=Correcting(CorrectionPostgres(servers.api)),
        linking=Linking(LinkPostgres(servers.api), tokens),
        exporting=Exporting(library, library, parts.calendars),
        members=Members(servers.faces),
        told=parts.told,
    )
    return Registration(
        schedule_servicer.NAME,
        add_ScheduleServiceServicer_to_server,
        schedule_servicer.ScheduleServicer(use),
        long_lived=frozenset({"WatchObservation"}),
    )


def _workers(
    settings: Settings, servers: Servers, parts: Parts, pipeline: _Pipeline
) -> dict[str, SideTask]:
    grace = settings.vlm_grace_seconds
    consumers = Consumers(
        AssetStore(servers.worker, grace=grace),
        pipeline.claims,
        pipeline.observing,
        zone=settings.vlm_zone,
        grace=grace,
    )
    given_up: dict[str, OnDead] = {UPLOADED: consumers.upload_given_up}
    handlers: dict[str, tuple[Handler, int, float]] = {
        UPLOADED: (consumers.uploaded, settings.vlm_slots, settings.vlm_handler_seconds),
        DELETIONS: (consumers.deleted, 4, _DELETION_SECONDS),
        **parts.handlers,
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
    exhausted = AdvisoryFeeder(servers.bus, given_up).worker(CONSUMERS["vlm-exhausted"])
    return {**workers, "vlm-exhausted": exhausted.run}


async def _answers(servers: Servers) -> bool:
    """Whether an event that had to wait may be tried again."""
    await ping(servers.worker)
    await servers.objects.ping()
    return True


def _jobs(servers: Servers, pipeline: _Pipeline) -> list[Job]:
    gaps = GapStore(servers.worker)

    async def show() -> None:
        outstanding(await gaps.outstanding(pipeline.observing.engine.model_version))

    return [Job("figures", _SHOW_SECONDS, show), Job("forget", _FORGET_SECONDS, gaps.forget)]


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
