"""Wires the service: the only module that knows every name."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from kioku.assets.v1.asset_service_pb2_grpc import add_AssetServiceServicer_to_server
from kioku.search.v1.search_service_pb2_grpc import add_SearchServiceServicer_to_server
from kioku_rt import service
from kioku_rt.auth import ServiceToken, TokenVerifier
from kioku_rt.db import close_pool, open_pool, ping, seal_job
from kioku_rt.events import CONSUMERS, AdvisoryFeeder, EventBus, OutboxRelay, Worker
from kioku_rt.events.outcome import whole
from kioku_rt.job import Job
from kioku_rt.objects import S3ObjectStore
from kioku_rt.page_token import PageTokens
from kioku_rt.rpc import Registration, RpcServer, channel
from kioku_rt.service import Running, SideTask

from kioku_search import asset_servicer, search_servicer
from kioku_search.answer_cache import CachedAnswers, Kept
from kioku_search.asset_store import AssetStore
from kioku_search.cache import Cache
from kioku_search.changes import DatabaseChanges
from kioku_search.comparing import Comparing
from kioku_search.consumers import Consumers
from kioku_search.cutting import Cutting
from kioku_search.database import SCHEMA
from kioku_search.deletion import Deletions
from kioku_search.deletion_store import DeletionStore
from kioku_search.embedder_client import EmbedderClient
from kioku_search.event_queue import EventQueue
from kioku_search.faces.consumers import FaceConsumers, routed, routed_dead, without_vectors
from kioku_search.faces.wiring import face_part
from kioku_search.frame_store import FrameStore
from kioku_search.housekeeping import Leftovers
from kioku_search.hybrid_wiring import hybrid
from kioku_search.index_wiring import index_part
from kioku_search.indexing import Indexing
from kioku_search.label_store import LabelStore
from kioku_search.labelling import Labelling
from kioku_search.late_rankings import LateRankings
from kioku_search.leftover_store import LeftoverStore
from kioku_search.library import Library
from kioku_search.metrics import (
    ANSWERS_KEPT_BYTES,
    RANKINGS_FORGOTTEN,
    SWEEPS,
    UPLOADS_GIVEN_UP,
    come_by,
    repaired,
)
from kioku_search.pages import Pages
from kioku_search.plans import check_plans
from kioku_search.query_vectors import QueryVectors
from kioku_search.question import RankByMethod
from kioku_search.ranking_store import OldRankingStore, RankingStore
from kioku_search.repair import Reconciler
from kioku_search.repair_store import RepairStore, announce_outstanding
from kioku_search.search import Search
from kioku_search.settings import Settings
from kioku_search.space import Spaces
from kioku_search.space_metrics import counted
from kioku_search.space_store import SpaceStore
from kioku_search.space_wiring import SpaceParts, space_jobs, space_registration
from kioku_search.stamp_store import StampStore
from kioku_search.stats_store import StatsStore
from kioku_search.strain import Strain, TimedNeighbours
from kioku_search.uploads import Uploads
from kioku_search.vector_store import VectorStore

if TYPE_CHECKING:
    import asyncpg
    import grpc
    from kioku_rt.objects import ObjectStore

SERVICE = "search"
_HANDLER_SECONDS = 20.0


@dataclass(frozen=True)
class Servers:
    """What the service talks to."""

    api: asyncpg.Pool
    worker: asyncpg.Pool
    objects: ObjectStore
    bus: EventBus
    embedder: EmbedderClient
    sealer: asyncpg.Pool | None = None


def serve() -> None:
    """Run the service until it is told to stop."""
    settings = Settings()
    service.main(SERVICE, settings, partial(open_service, settings))


async def open_service(settings: Settings, resources: AsyncExitStack) -> Running:
    """Open what the service needs and say what runs."""
    servers = await _open_servers(settings, resources)
    await check_plans(servers.worker)
    return build(settings, servers)


def build(settings: Settings, servers: Servers) -> Running:
    """Put the use cases between the servers and the rpcs, consumers and jobs."""
    tokens = PageTokens(settings.page_token_secret.get_secret_value().encode())
    store = SpaceStore(
        servers.worker, settings.index_parameters(), settings.face_index_parameters()
    )
    spaces = Spaces(store, servers.embedder)
    vectors = QueryVectors(
        servers.embedder, texts=settings.text_cache_entries, images=settings.image_cache_entries
    )
    changes = DatabaseChanges(
        settings.search_worker_dsn.get_secret_value(),
        on_space=spaces.forget,
        on_deleted=vectors.forget_image,
    )
    assets = AssetStore(servers.api)
    deletions = Deletions(
        DeletionStore(servers.api, servers.worker),
        servers.objects,
        participants=settings.deletion_participants,
        sweep_delays=settings.sweep_delays(),
    )
    indexes = index_part(settings, servers.api, servers.worker)
    asset_service = asset_servicer.AssetServicer(
        Uploads(assets, servers.objects, settings.upload_rules()),
        Library(assets, servers.objects, changes, tokens),
        Labelling(LabelStore(servers.api)),
        deletions,
    )
    strain = Strain(settings.backfill_search_ms)
    neighbours = TimedNeighbours(indexes.neighbours, strain)
    lists = hybrid(servers.api, servers.worker, spaces, neighbours, tokens)
    by_method = lists.searching(Search(neighbours, spaces, vectors, tokens))
    stamps = StampStore(servers.api, settings.search_api_dsn.get_secret_value())
    rankings = LateRankings(
        RankingStore(servers.api, life=timedelta(seconds=settings.page_life_seconds))
    )
    pages = Pages(
        RankByMethod(by_method),
        rankings,
        tokens,
        depth=settings.page_depth,
        fused_depth=settings.page_depth_fused,
    )
    answers = CachedAnswers(
        pages,
        stamps,
        spaces,
        _kept_answers(settings),
        noted=come_by,
        look_again=lists.forget,
        unwritten=rankings.unwritten,
    )
    search_service = search_servicer.SearchServicer(
        answers, lists.duplicates(), StatsStore(servers.api)
    )
    parts = SpaceParts(servers.worker, spaces, servers.embedder)
    space_service = space_registration(parts, indexes.neighbours, vectors, tokens)
    verifier = TokenVerifier(settings.auth_config())
    frames = FrameStore(servers.worker)
    faces = face_part(settings, servers.api, servers.worker, spaces, servers.bus)
    consumers = Consumers(
        Indexing(VectorStore(servers.worker), frames, spaces),
        Cutting(frames, servers.objects),
        deletions,
    )
    reconciler = Reconciler(
        RepairStore(servers.worker), spaces, EventQueue(servers.bus), settings.repair_rules()
    )
    comparing = Comparing.over(
        servers.worker, servers.objects, reconciler, settings.repair_rules().grace
    )
    return Running(
        server=_server(
            settings,
            verifier,
            asset_service,
            search_service,
            (indexes.registration, comparing.registration(), space_service, faces.registration),
        ),
        consumers={
            **_workers(settings, servers, consumers, faces.consumers),
            **{
                job.name: job.run
                for job in [
                    *_jobs(
                        settings, servers, parts, deletions, reconciler=reconciler, answers=answers
                    ),
                    *space_jobs(settings, parts, servers.bus, servers.objects, strain),
                    *faces.jobs,
                ]
            },
            "compare": comparing.job(settings.compare_seconds).run,
            **indexes.side_tasks,
            **{job.name: job.run for job in lists.jobs(settings, servers.embedder)},
            **({"seal": seal_job(servers.sealer, SCHEMA).run} if servers.sealer else {}),
            "changes": changes.run,
            "stamps": stamps.run,
            "rankings": rankings.run,
        },
        relays={
            "outbox": OutboxRelay(
                servers.worker, servers.bus, SCHEMA, republish=announce_outstanding
            ).run
        },
        pings={"database": partial(ping, servers.api), "token keys": verifier.ping},
        optional_pings={
            "event log": servers.bus.health,
            "object store": servers.objects.ping,
            "embedder": servers.embedder.ping,
        },
    )


def _kept_answers(settings: Settings) -> Cache[bytes, Kept]:
    """Memory for answers, and a gauge of how much they take."""
    cache: Cache[bytes, Kept] = Cache(
        settings.answer_cache_entries,
        most=settings.answer_cache_bytes,
        weigh=lambda kept: kept.weight,
        worth=lambda kept: kept.answer.whole,
    )
    ANSWERS_KEPT_BYTES.set_function(lambda: cache.weight)
    return cache


async def _open_servers(settings: Settings, resources: AsyncExitStack) -> Servers:
    api = await open_pool(
        settings.search_api_dsn.get_secret_value(),
        max_size=settings.api_connections,
        reset=False,  # the owner, like all we set, is local to a transaction
        application_name=f"kioku-{SERVICE}",
    )
    resources.push_async_callback(close_pool, api)
    worker = await open_pool(
        settings.search_worker_dsn.get_secret_value(),
        max_size=settings.worker_connections,
        application_name=f"kioku-{SERVICE}",
    )
    resources.push_async_callback(close_pool, worker)
    objects = S3ObjectStore(settings.s3_settings())
    resources.callback(objects.close)
    bus = await resources.enter_async_context(await EventBus.connect(settings.nats_url, SERVICE))
    embedder = await resources.enter_async_context(_embedder_channel(settings))
    sealer = await _open_sealer(settings, resources)
    return Servers(api, worker, objects, bus, EmbedderClient(embedder), sealer)


async def _open_sealer(settings: Settings, resources: AsyncExitStack) -> asyncpg.Pool | None:
    """For the job that seals the audit; without the right this process seals nothing."""
    if settings.search_sealer_dsn is None:
        return None
    dsn = settings.search_sealer_dsn.get_secret_value()
    sealer = await open_pool(dsn, max_size=1, application_name=f"kioku-{SERVICE}-seal")
    resources.push_async_callback(close_pool, sealer)
    return sealer


def _embedder_channel(settings: Settings) -> grpc.aio.Channel:
    token = ServiceToken(settings.service_token_file) if settings.service_token_file else None
    return channel(
        settings.embedder_target,
        token=token.current if token else None,
        default_timeout=settings.embedder_seconds,
    )


def _server(
    settings: Settings,
    verifier: TokenVerifier,
    assets: asset_servicer.AssetServicer,
    searches: search_servicer.SearchServicer,
    others: tuple[Registration, ...],
) -> RpcServer:
    return RpcServer(
        settings.server_config(),
        [
            Registration(
                asset_servicer.NAME,
                add_AssetServiceServicer_to_server,
                assets,
                long_lived=frozenset({"WatchAsset"}),
            ),
            Registration(search_servicer.NAME, add_SearchServiceServicer_to_server, searches),
            *others,
        ],
        verifier=verifier,
    )


def _workers(
    settings: Settings, servers: Servers, consumers: Consumers, faces: FaceConsumers
) -> dict[str, SideTask]:
    probe = partial(_answers, servers)
    embedding_ready = routed(faces.vectors_ready, consumers.embedding_ready)
    letters = {"search-embeddings": without_vectors}
    given_up = {
        "search-embeddings": routed_dead(faces.given_up, consumers.embedding_given_up),
        "search-frames": consumers.frames_given_up,
    }
    handlers = {
        "search-embeddings": (embedding_ready, settings.embedding_slots),
        "search-frames": (consumers.frames_extracted, 4),
        "search-failures": (consumers.asset_failed, 4),
        "search-deletions": (consumers.asset_deleted, 4),
        "search-purges": (consumers.asset_purged, 4),
        "search-consents": (faces.consent_changed, 4),
    }
    workers = {
        durable: Worker(
            servers.bus,
            CONSUMERS[durable],
            handler,
            slots=slots,
            handler_timeout=_HANDLER_SECONDS,
            on_dead=given_up.get(durable),
            probe=probe,
            letter=letters.get(durable, whole),
        ).run
        for durable, (handler, slots) in handlers.items()
    }
    exhausted = AdvisoryFeeder(servers.bus, given_up, letters).worker(CONSUMERS["search-exhausted"])
    return {**workers, "search-exhausted": exhausted.run}


async def _answers(servers: Servers) -> bool:
    await ping(servers.worker)
    await servers.objects.ping()
    return True


def _jobs(
    settings: Settings,
    servers: Servers,
    parts: SpaceParts,
    deletions: Deletions,
    *,
    reconciler: Reconciler,
    answers: CachedAnswers,
) -> list[Job]:
    leftovers = Leftovers(LeftoverStore(servers.worker), servers.objects, settings.url_lifetime)

    async def repair() -> None:
        repaired(await reconciler.run_once())

    rankings = OldRankingStore(servers.worker, most=settings.page_rankings)

    async def keep_house() -> None:
        answers.forget_old(settings.answer_cache_seconds)
        RANKINGS_FORGOTTEN.inc(await rankings.forget())
        UPLOADS_GIVEN_UP.inc(await leftovers.clear())
        SWEEPS.inc(await deletions.sweep())

    return [
        Job("space", 5.0, counted("space", parts.spaces.ensure_active)),
        Job("repair", settings.repair_seconds, counted("repair", repair)),
        Job("housekeeping", settings.housekeeping_seconds, counted("housekeeping", keep_house)),
    ]
