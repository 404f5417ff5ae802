"""Wires what measures and keeps indexes, so that to `main` it is one part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kioku.search.v1.index_service_pb2_grpc import add_IndexServiceServicer_to_server
from kioku_rt.job import Job
from kioku_rt.rpc import Registration

from kioku_search.indexes import index_servicer
from kioku_search.indexes.evaluation_store import trials
from kioku_search.indexes.index import IndexMethod
from kioku_search.indexes.index_admin import IndexAdmin, Keeping
from kioku_search.indexes.index_builder import builders
from kioku_search.indexes.index_facts import FactStore
from kioku_search.indexes.index_job_store import IndexJobStore
from kioku_search.indexes.index_jobs import IndexJobs
from kioku_search.indexes.index_store import IndexStore
from kioku_search.indexes.recall_store import ExactStore, RecallStore
from kioku_search.indexes.recall_watch import RecallWatch, WatchedNeighbours
from kioku_search.metrics import recall_outcome, recall_shown
from kioku_search.searching.neighbour_store import NeighbourStore
from kioku_search.spaces.space import FACE
from kioku_search.vectors.bulk import BulkImport
from kioku_search.vectors.bulk_store import BulkStore

if TYPE_CHECKING:
    import asyncpg
    from kioku_rt.service import SideTask

    from kioku_search.searching.search import Neighbours
    from kioku_search.settings import Settings

# Fewer rows are compared in any case, and more have grown enough to be timed again.
_WORTH_TIMING = 2000
_GROWN = 2


@dataclass(frozen=True)
class IndexPart:
    """What `main` puts into the service."""

    neighbours: Neighbours
    registration: Registration
    side_tasks: Mapping[str, SideTask]


def index_part(settings: Settings, api: asyncpg.Pool, worker: asyncpg.Pool) -> IndexPart:
    """Put recall, efforts, index jobs and bulk loads together."""
    worker_dsn = settings.search_worker_dsn.get_secret_value()
    indexes, facts = IndexStore(worker), FactStore(worker)
    samples = RecallStore(worker, settings.recall_window)
    rules = settings.recall_rules()
    watch = RecallWatch(
        ExactStore(settings.search_api_dsn.get_secret_value()),
        samples,
        indexes,
        rules,
        outcome=recall_outcome,
    )
    orders = IndexJobStore(worker)
    jobs = _jobs(settings, orders, indexes)
    admin = IndexAdmin(
        Keeping(
            indexes, samples, facts, orders, jobs, trials(worker_dsn), rules, settings.build_bytes
        )
    )
    servicer = index_servicer.IndexServicer(
        admin, BulkImport(indexes, BulkStore(worker_dsn), facts)
    )
    return IndexPart(
        WatchedNeighbours(NeighbourStore(api, ef_search=settings.ef_search), watch),
        Registration(index_servicer.NAME, add_IndexServiceServicer_to_server, servicer),
        _side_tasks(indexes, watch, jobs),
    )


def _jobs(settings: Settings, orders: IndexJobStore, indexes: IndexStore) -> IndexJobs | None:
    if settings.search_index_dsn is None:
        return None
    dsn = settings.search_index_dsn.get_secret_value()
    return IndexJobs(orders, indexes, builders(dsn, settings.build_bytes), settings.build_bytes)


def _side_tasks(
    indexes: IndexStore, watch: RecallWatch, jobs: IndexJobs | None
) -> dict[str, SideTask]:
    async def show() -> None:
        recall_shown(await watch.told())

    async def time_costs() -> None:
        for index in await indexes.all():
            grown = index.rows >= max(_WORTH_TIMING, _GROWN * index.measured_rows)
            if index.kind == FACE:
                continue  # few or many faces is decided by fixed numbers
            if grown and index.name and index.parameters.method is not IndexMethod.NONE:
                await indexes.measure_costs(index)

    timed = (Job("recall", 10.0, show), Job("index-costs", 60.0, time_costs))
    tasks: dict[str, SideTask] = {job.name: job.run for job in timed}
    tasks["recall-watch"] = watch.run
    if jobs is not None:
        tasks["index-jobs"] = jobs.run
    return tasks
