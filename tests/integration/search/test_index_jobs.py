"""Indexes change beside the one that serves: tried first, never torn, never too large."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import numpy as np
import pytest
import pytest_asyncio
from kioku_rt.errors import DependencyDown, KiokuError
from kioku_rt.reasons import Reason
from kioku_search.indexes.index import IndexMethod, OperatorClass, Parameters
from kioku_search.indexes.index_builder import builders
from kioku_search.indexes.index_job_store import IndexJobStore
from kioku_search.indexes.index_jobs import BUILD, REBUILD, IndexJobs
from kioku_search.indexes.index_store import IndexStore
from kioku_search.indexes.plans import check_plans

from tests.integration.search.clustered import SPACE, K, fill, queries, truth
from tests.integration.search.test_routing import keeping, nearest, recall

MEMORY = 64 * 2**20
INDEXES = """
SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_am m ON m.oid = c.relam
WHERE i.indrelid = ('search.' || $1)::regclass AND m.amname IN ('hnsw', 'ivfflat')
"""


@pytest_asyncio.fixture
async def db(open_db):
    """A clone of the clustered library."""
    return await open_db(fill, "search-clustered")


@pytest.fixture
def jobs(db):
    """Jobs with the right to build."""
    return IndexJobs(
        IndexJobStore(db.worker), IndexStore(db.worker), builders(db.dsn, MEMORY), MEMORY
    )


async def ordered(db, jobs, wanted):
    """Order, do, and give the job as it ended and the index as it is."""
    store = IndexJobStore(db.worker)
    await store.order(SPACE.space_id, BUILD if wanted else REBUILD, wanted)
    await jobs.run_once()
    return await store.last(SPACE.space_id), await IndexStore(db.worker).find(SPACE.space_id)


async def names(db):
    """Indexes of vectors that the partition has."""
    return [row[0] for row in await db.owner.fetch(INDEXES, await db.partition(SPACE.space_id))]


async def finds_well(db):
    """Whether searches through the index find nearly everything."""
    shares = []
    for query in queries():
        rows = await nearest(db, query, p_exact_limit=K + 1)
        shares.append(recall(rows, truth(query, keeping(None))))
    assert np.mean(shares) >= 0.9
    return rows[0]["strategy"]


@pytest.mark.parametrize(
    "wanted",
    [
        Parameters(m=24, ef_construction=100),
        Parameters(method=IndexMethod.IVFFLAT, opclass=OperatorClass.L2, lists=40),
        Parameters(method=IndexMethod.IVFFLAT, opclass=OperatorClass.INNER_PRODUCT, lists=100),
        Parameters(method=IndexMethod.IVFFLAT, lists=40),
    ],
    ids=["other graph", "lists by distance", "lists by product", "lists by cosine"],
)
async def test_another_index_takes_over(db, jobs, wanted):
    """It is built, serves alone, and the old one is gone; costs and effort are to be found anew."""
    await db.worker.execute("UPDATE search.space_indexes SET effort = 77, row_us = 1, tuple_us = 1")
    before = await names(db)
    job, index = await ordered(db, jobs, wanted)
    assert ("DONE", "") == (job.state, job.message)
    assert [index.name] == await names(db)
    assert before != [index.name]
    assert (wanted, None) == (index.parameters, index.effort)
    assert wanted.method == await finds_well(db)
    await check_plans(db.worker)


async def test_no_index_and_back(db, jobs):
    """For a load without traffic: none, and later one that is built over what was loaded."""
    job, index = await ordered(db, jobs, Parameters(method=IndexMethod.NONE))
    assert ("DONE", "", []) == (job.state, index.name, await names(db))
    assert "exact" == await finds_well(db)
    job, index = await ordered(db, jobs, Parameters())
    assert ("DONE", [index.name]) == (job.state, await names(db))
    assert "hnsw" == await finds_well(db)


async def test_the_same_index_anew(db, jobs):
    """Its name, parameters and effort stay."""
    await db.worker.execute("UPDATE search.space_indexes SET effort = 77")
    before = await names(db)
    job, index = await ordered(db, jobs, None)
    assert ("DONE", before, 77) == (job.state, await names(db), index.effort)
    assert "hnsw" == await finds_well(db)


async def test_an_index_that_finds_too_little_does_not_take_over(db, jobs):
    """A graph of two neighbours each is built, tried, and thrown away; the old one serves on."""
    await db.owner.execute("UPDATE search.space_indexes SET effort = 77")
    before = await names(db)
    job, index = await ordered(db, jobs, Parameters(m=2, ef_construction=4))
    assert ("FAILED", Reason.INDEX_PROBE_FAILED) == (job.state, job.reason)
    assert (before, 77) == (await names(db), index.effort)
    assert "hnsw" == await finds_well(db)


async def test_what_does_not_fit_is_refused_with_numbers(db):
    """Before anything is built."""
    small = IndexJobs(
        IndexJobStore(db.worker), IndexStore(db.worker), builders(db.dsn, 2**20), 2**20
    )
    before = await names(db)
    job, _ = await ordered(db, small, Parameters(m=32))
    assert ("FAILED", Reason.INDEX_MEMORY_EXCEEDED) == (job.state, job.reason)
    assert "1048576" in job.message
    assert before == await names(db)


async def test_what_the_database_refuses_ends_the_job(db, jobs):
    """With a reason, not the process; the index stays as it is."""
    await db.owner.execute("DROP FUNCTION search.index_sql CASCADE")
    before = await names(db)
    job, _ = await ordered(db, jobs, Parameters(m=8, ef_construction=32))
    assert ("FAILED", Reason.INTERNAL) == (job.state, job.reason)
    assert before == await names(db)


async def test_a_lost_connection_leaves_the_job_open(db, jobs):
    """It is done by whoever looks next."""
    store = IndexJobStore(db.worker)
    await store.order(SPACE.space_id, BUILD, Parameters(m=16, ef_construction=500))
    work = asyncio.create_task(jobs.run_once())
    ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    ended += " WHERE application_name = 'kioku-search-index' AND datname = current_database()"
    ended += " AND query LIKE 'CREATE INDEX%'"
    async with asyncio.timeout(60):
        while not await db.owner.fetch(ended):
            await asyncio.sleep(0.01)
    with pytest.raises(DependencyDown):
        await work
    assert "RUNNING" == (await store.last(SPACE.space_id)).state
    await jobs.run_once()
    assert "DONE" == (await store.last(SPACE.space_id)).state
    assert 1 == len(await names(db))


async def test_one_order_at_a_time_for_a_space(db):
    """A second one is refused while the first is open."""
    store = IndexJobStore(db.worker)
    await store.order(SPACE.space_id, REBUILD, None)
    with pytest.raises(KiokuError) as caught:
        await store.order(SPACE.space_id, BUILD, Parameters())
    assert Reason.INDEX_BUSY is caught.value.reason


async def test_a_torn_build_is_begun_again(db, jobs):
    """What a dead process left invalid is removed, and the job goes on to its end."""
    store = IndexJobStore(db.worker)
    wanted = Parameters(m=12, ef_construction=64)
    await store.order(SPACE.space_id, BUILD, wanted)
    job = await store.open()
    await store.begin(job.job_id)
    partition = await db.partition(SPACE.space_id)
    torn = f"{partition}_hnsw_{job.job_id.hex[:8]}"
    await db.owner.execute(f"CREATE INDEX {torn} ON search.{partition} (owner)")
    await db.owner.execute(
        f"UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'search.{torn}'::regclass"
    )
    await jobs.run_once()
    assert "DONE" == (await store.last(SPACE.space_id)).state
    assert [torn] == await names(db)
    assert "hnsw" == await finds_well(db)


async def test_a_job_that_died_after_the_switch_only_tidies_up(db, jobs):
    """The new index serves already; the old one, still there, goes, and nothing is built again."""
    store = IndexJobStore(db.worker)
    await ordered(db, jobs, replace(Parameters(), m=12, ef_construction=64))
    last, (name,) = await store.last(SPACE.space_id), await names(db)
    partition = await db.partition(SPACE.space_id)
    await db.owner.execute(
        f"CREATE INDEX {partition}_hnsw ON search.{partition}"
        " USING hnsw ((embedding::halfvec(32)) halfvec_cosine_ops) WITH (m = 4)"
    )
    await db.owner.execute("UPDATE search.index_jobs SET state = 'RUNNING'")
    await db.owner.execute("UPDATE search.space_indexes SET effort = 77")
    await jobs.run_once()
    again = await store.last(SPACE.space_id)
    assert (last.job_id, "DONE") == (again.job_id, again.state)
    assert [name] == await names(db)
    assert 77 == (await IndexStore(db.worker).find(SPACE.space_id)).effort


async def test_only_one_process_works(db, jobs):
    """While somebody holds the lock the order waits, and nothing is lost."""
    store = IndexJobStore(db.worker)
    async with builders(db.dsn, MEMORY)() as mine:
        assert mine is not None
        await store.order(SPACE.space_id, REBUILD, None)
        await jobs.run_once()
        assert "PENDING" == (await store.last(SPACE.space_id)).state
    await jobs.run_once()
    assert "DONE" == (await store.last(SPACE.space_id)).state


async def test_searches_go_on_while_an_index_changes(db, jobs):
    """Every answer in the meantime is whole."""
    store = IndexJobStore(db.worker)
    await store.order(SPACE.space_id, BUILD, Parameters(m=8, ef_construction=64))
    work = asyncio.create_task(jobs.run_once())
    answers = 0
    while not work.done():
        rows = await nearest(db, queries()[answers % 12], p_exact_limit=K + 1)
        assert K == len(rows)
        answers += 1
    await work
    assert answers > 0
    assert "DONE" == (await store.last(SPACE.space_id)).state


async def test_stopping_leaves_the_job_to_others(db):
    """A process that must end gives up at once; the order stays open."""
    store = IndexJobStore(db.worker)
    stop = asyncio.Event()
    gate = asyncio.Event()

    class Slow:
        async def rebuild(self, _index, _told):
            gate.set()
            await asyncio.Event().wait()

    class Opened:
        async def __aenter__(self):
            return Slow()

        async def __aexit__(self, *_):
            return None

    jobs = IndexJobs(store, IndexStore(db.worker), Opened, MEMORY)  # type: ignore[arg-type]
    await store.order(SPACE.space_id, REBUILD, None)
    running = asyncio.create_task(jobs.run(stop))
    await asyncio.wait_for(gate.wait(), 30)
    stop.set()
    await asyncio.wait_for(running, 30)
    assert "RUNNING" == (await store.last(SPACE.space_id)).state
