"""Puts the use cases between the servers and the rpcs, consumers and jobs."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from kioku.assets.v1.asset_service_pb2_grpc import add_AssetServiceServicer_to_server
from kioku.search.v1.search_service_pb2_grpc import add_SearchServiceServicer_to_server
from kioku_rt.auth import TokenVerifier
from kioku_rt.db import ping, seal_job
from kioku_rt.events import OutboxRelay
from kioku_rt.page_token import PageTokens
from kioku_rt.rpc import Registration, RpcServer
from kioku_rt.service import Running

from kioku_search.answers.answer_cache import CachedAnswers, Kept
from kioku_search.answers.cache import Cache
from kioku_search.answers.late_rankings import LateRankings
from kioku_search.answers.pages import Pages
from kioku_search.answers.ranking_store import RankingStore
from kioku_search.answers.stamp_store import StampStore
from kioku_search.assets import asset_servicer
from kioku_search.assets.asset_store import AssetStore
from kioku_search.assets.deletion import Deletions
from kioku_search.assets.deletion_store import DeletionStore
from kioku_search.assets.label_store import LabelStore
from kioku_search.assets.labelling import Labelling
from kioku_search.assets.library import Library
from kioku_search.assets.stats_store import StatsStore
from kioku_search.assets.uploads import Uploads
from kioku_search.changes import DatabaseChanges
from kioku_search.chores import chores
from kioku_search.consumers import Consumers
from kioku_search.database import SCHEMA
from kioku_search.faces.wiring import face_part
from kioku_search.hybrid.hybrid_wiring import hybrid
from kioku_search.indexes.index_wiring import index_part
from kioku_search.metrics import (
    ANSWERS_KEPT_BYTES,
    come_by,
)
from kioku_search.reconciling.comparing import Comparing
from kioku_search.reconciling.repair import Reconciler
from kioku_search.reconciling.repair_store import RepairStore, announce_outstanding
from kioku_search.searching import search_servicer
from kioku_search.searching.query_vectors import QueryVectors
from kioku_search.searching.question import RankByMethod
from kioku_search.searching.search import Search
from kioku_search.searching.strain import Strain, TimedNeighbours
from kioku_search.settings import Settings
from kioku_search.spaces.event_queue import EventQueue
from kioku_search.spaces.space import Spaces
from kioku_search.spaces.space_store import SpaceStore
from kioku_search.spaces.space_wiring import SpaceParts, space_jobs, space_registration
from kioku_search.vectors.indexing import Indexing
from kioku_search.vectors.vector_store import VectorStore
from kioku_search.videos.cutting import Cutting
from kioku_search.videos.frame_store import FrameStore
from kioku_search.working import workers

if TYPE_CHECKING:
    from kioku_search.servers import Servers


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
            **workers(settings, servers, consumers, faces.consumers),
            **{
                job.name: job.run
                for job in [
                    *chores(
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
