"""IndexService over a real gRPC server: who may, what is told, what is refused, what is audited."""

from __future__ import annotations

import asyncio
import uuid

import asyncpg
import numpy as np
import pytest
import pytest_asyncio
from kioku.common.v1 import vector_pb2
from kioku.search.v1 import index_service_pb2 as pb
from kioku.search.v1 import search_service_pb2 as search_pb

from tests.integration.search.clustered import DIMENSION, IDS, ROWS, SPACE, fill, queries, vectors
from tests.integration.search.rig import FakeEmbedder, space, unit
from tests.integration.search.test_rpcs import refused

ADMIN = {"service": True, "scopes": ("index.admin",)}
HALF, SINGLE = pb.VECTOR_ENCODING_FLOAT16, pb.VECTOR_ENCODING_FLOAT32
LATER = space("later", DIMENSION)


@pytest_asyncio.fixture
async def db(open_db):
    """A clone of the clustered library."""
    return await open_db(fill, "search-clustered")


@pytest_asyncio.fixture
async def service(db, objects, start_service):
    """The service on it, with the right to build."""
    async with start_service(
        objects, embedder=FakeEmbedder(SPACE), search_index_dsn=db.dsn
    ) as running:
        yield running


@pytest.fixture
def indexes(service):
    """Its rpcs, called by a service with the scope."""
    return service.indexes("keeper", **ADMIN)


async def done(indexes, space_id=SPACE.space_id):
    """The index when its job has ended."""
    async with asyncio.timeout(60):
        while True:
            answer = await indexes.GetIndex(pb.GetIndexRequest(space_id=space_id))
            if answer.index.job.state in ("DONE", "FAILED"):
                return answer.index
            await asyncio.sleep(0.1)


async def test_only_services_with_the_scope(service):
    """Users and other services are refused by each rpc before anything is looked up."""
    name = SPACE.space_id

    async def stream():
        yield pb.ImportVectorsRequest(space_id=name)

    for stub in (
        service.indexes("ann"),
        service.indexes("other", service=True, scopes=("search.act", "assets.act")),
    ):
        for call in (
            stub.GetIndex(pb.GetIndexRequest(space_id=name)),
            stub.EvaluateRecall(pb.EvaluateRecallRequest(space_id=name)),
            stub.TuneIndex(pb.TuneIndexRequest(space_id=name)),
            stub.RebuildIndex(pb.RebuildIndexRequest(space_id=name)),
            stub.ImportVectors(stream()),
        ):
            assert ("PERMISSION_DENIED", "SCOPE_MISSING") == await refused(call)


async def test_an_index_is_described(db, indexes):
    """Method, class, parameters, size, rows, dead ones, validity, memory, effort; and audited."""
    await db.owner.execute("DELETE FROM search.image_embeddings WHERE asset_id = ANY($1)", IDS[:50])
    index = (await indexes.GetIndex(pb.GetIndexRequest(space_id=SPACE.space_id))).index
    assert (
        pb.IndexParameters(
            method=pb.INDEX_METHOD_HNSW,
            operator_class=pb.OPERATOR_CLASS_HALFVEC_COSINE,
            m=16,
            ef_construction=64,
            lists=50,
        )
        == index.parameters
    )
    assert index.valid
    assert index.name.endswith("_hnsw")
    assert (ROWS + 3, 200) == (index.rows, index.effort)
    assert index.size_bytes > 100_000
    assert index.table_bytes > 100_000
    assert index.build_bytes > ROWS * DIMENSION * 2
    assert 2**30 == index.build_limit_bytes
    assert pytest.approx(0.98) == index.recall_target
    assert not index.HasField("job")
    assert not index.HasField("recall")
    audited = await db.owner.fetchrow(
        "SELECT actor, subject FROM search.audit_logs WHERE action = 'index.get'"
    )
    assert ("keeper", SPACE.space_id) == tuple(audited)


async def test_recall_is_evaluated_by_effort(indexes):
    """More effort finds no less; drawn queries and given ones."""
    drawn = await indexes.EvaluateRecall(
        pb.EvaluateRecallRequest(space_id=SPACE.space_id, sample_size=15, efforts=[400, 10])
    )
    assert ([10, 400], 15) == ([one.effort for one in drawn.efforts], drawn.queries)
    low, high = drawn.efforts
    assert low.mean <= high.mean
    assert high.mean >= 0.98
    assert all(0 < one.p50_ms <= one.p95_ms for one in drawn.efforts)
    assert drawn.exact_p50_ms > 0
    given = await indexes.EvaluateRecall(
        pb.EvaluateRecallRequest(
            space_id=SPACE.space_id,
            k=5,
            vectors=[vector_pb2.Vector(values=one.tolist()) for one in queries()[:3]],
        )
    )
    assert 3 == given.queries
    assert 10 == len(given.efforts)


async def test_the_smallest_effort_is_found_and_used(service, indexes, db):
    """It reaches the target, is kept, and is what the next search uses."""
    answer = await indexes.TuneIndex(
        pb.TuneIndexRequest(space_id=SPACE.space_id, target=0.9, sample_size=15)
    )
    reaching = [one.effort for one in answer.tried if one.mean >= 0.9]
    assert min(reaching) == answer.index.effort
    assert answer.index.effort < 200
    await db.worker.execute("UPDATE search.space_indexes SET row_us = 9, tuple_us = 9")
    found = await service.search("everything").Search(
        search_pb.SearchRequest(
            vector=vector_pb2.Vector(space_id=SPACE.space_id, values=queries()[0].tolist())
        )
    )
    looked = 20 + service.settings.page_depth + 1  # a first page is ranked deeper than it shows
    assert ("hnsw", max(answer.index.effort, looked), "") == (
        found.explain.strategy,
        found.explain.ef_search,
        found.explain.shortfall,
    )
    assert found.explain.matched > 20


async def test_answers_explain_why_they_are_short(service):
    """Nothing more matches, or the rest scores less; an exact answer's recall is one."""
    ask = service.search("three").Search
    vector = vector_pb2.Vector(space_id=SPACE.space_id, values=vectors()[ROWS].tolist())
    all_three = await ask(search_pb.SearchRequest(vector=vector))
    assert (3, "exhausted", 3, 0, 1.0) == (
        len(all_three.hits),
        all_three.explain.shortfall,
        all_three.explain.matched,
        all_three.explain.ef_search,
        all_three.explain.estimated_recall,
    )
    near = await ask(search_pb.SearchRequest(vector=vector, min_score=0.999))
    assert (1, "min_score") == (len(near.hits), near.explain.shortfall)
    enough = await ask(search_pb.SearchRequest(vector=vector, k=3))
    assert (3, "") == (len(enough.hits), enough.explain.shortfall)


async def test_another_index_is_ordered_and_takes_over(indexes):
    """What is not said stays; the job is followed by GetIndex."""
    ordered = await indexes.TuneIndex(
        pb.TuneIndexRequest(
            space_id=SPACE.space_id,
            parameters=pb.IndexParameters(
                method=pb.INDEX_METHOD_IVFFLAT,
                operator_class=pb.OPERATOR_CLASS_HALFVEC_L2,
                lists=30,
            ),
        )
    )
    assert "BUILD" == ordered.index.job.kind
    index = await done(indexes)
    assert ("DONE", "") == (index.job.state, index.job.reason)
    assert (pb.INDEX_METHOD_IVFFLAT, pb.OPERATOR_CLASS_HALFVEC_L2, 30, 16) == (
        index.parameters.method,
        index.parameters.operator_class,
        index.parameters.lists,
        index.parameters.m,
    )
    assert 6 == index.effort
    rebuilt = await indexes.RebuildIndex(pb.RebuildIndexRequest(space_id=SPACE.space_id))
    assert "REBUILD" == rebuilt.index.job.kind
    assert "DONE" == (await done(indexes)).job.state


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"m": 1}, "FIELD_INVALID"),
        ({"m": 40, "ef_construction": 79}, "FIELD_INVALID"),
        ({"lists": 40_000}, "FIELD_INVALID"),
        ({"method": 3, "lists": 30_000}, "INDEX_MEMORY_EXCEEDED"),
    ],
)
async def test_impossible_indexes_are_refused(indexes, parameters, reason):
    """Before a job is ordered."""
    call = indexes.TuneIndex(
        pb.TuneIndexRequest(space_id=SPACE.space_id, parameters=pb.IndexParameters(**parameters))
    )
    assert reason == (await refused(call))[1]
    answer = await indexes.GetIndex(pb.GetIndexRequest(space_id=SPACE.space_id))
    assert not answer.index.HasField("job")


async def test_what_is_asked_wrongly_is_refused(db, indexes):
    """Unknown spaces, efforts beyond the index, bad vectors, targets, and spaces without index."""
    name = SPACE.space_id
    assert ("FAILED_PRECONDITION", "SPACE_UNKNOWN") == await refused(
        indexes.GetIndex(pb.GetIndexRequest(space_id="no@000000000000"))
    )
    for request, reason in (
        ({"efforts": [0]}, "FIELD_INVALID"),
        ({"efforts": [1001]}, "FIELD_INVALID"),
        ({"efforts": [1] * 21}, "FIELD_INVALID"),
        ({"k": -1}, "FIELD_INVALID"),
        ({"sample_size": 1001}, "FIELD_INVALID"),
        ({"vectors": [vector_pb2.Vector(values=[1.0])]}, "VECTOR_WRONG_DIMENSION"),
        ({"vectors": [vector_pb2.Vector(values=[0.0] * DIMENSION)]}, "VECTOR_ZERO_NORM"),
        ({"vectors": [vector_pb2.Vector(space_id="x", values=[1.0])]}, "FIELD_INVALID"),
    ):
        call = indexes.EvaluateRecall(pb.EvaluateRecallRequest(space_id=name, **request))
        assert ("INVALID_ARGUMENT", reason) == await refused(call)
    for target in (-0.1, 1.1, float("nan")):
        call = indexes.TuneIndex(pb.TuneIndexRequest(space_id=name, target=target))
        assert ("INVALID_ARGUMENT", "FIELD_INVALID") == await refused(call)
    await db.worker.execute("UPDATE search.space_indexes SET index_name = '', method = 'none'")
    for call in (
        indexes.EvaluateRecall(pb.EvaluateRecallRequest(space_id=name)),
        indexes.TuneIndex(pb.TuneIndexRequest(space_id=name)),
        indexes.RebuildIndex(pb.RebuildIndexRequest(space_id=name)),
    ):
        assert ("FAILED_PRECONDITION", "INDEX_MISSING") == await refused(call)


async def test_without_the_right_to_build_orders_are_refused(db, objects, start_service):
    """And nothing waits for a process that never comes."""
    async with start_service(objects, embedder=FakeEmbedder(SPACE)) as running:
        stub = running.indexes("keeper", **ADMIN)
        call = stub.RebuildIndex(pb.RebuildIndexRequest(space_id=SPACE.space_id))
        assert ("FAILED_PRECONDITION", "INDEX_JOBS_OFF") == await refused(call)
    assert 0 == await db.owner.fetchval("SELECT count(*) FROM search.index_jobs")


def packed(drawn, encoding):
    """Vectors as the contract packs them."""
    return np.asarray(drawn).astype("<f2" if encoding == HALF else "<f4").tobytes()


def batch(numbers, drawn, encoding=HALF, **changes):
    """A message with vectors of some of the library's assets."""
    values = {
        "space_id": LATER.space_id,
        "owner": "everything",
        "asset_ids": [str(IDS[number]) for number in numbers],
        "encoding": encoding,
        "vectors": packed(drawn, encoding),
        **changes,
    }
    return pb.ImportVectorsRequest(**values)


async def sent(indexes, *batches):
    """What a stream of batches gives."""

    async def stream():
        for one in batches:
            yield one

    return await indexes.ImportVectors(stream())


async def test_vectors_are_loaded_in_bulk_and_indexed_afterwards(db, service, indexes):
    """A space without an index takes them all, answers exactly, and gets its index after."""
    await db.register(LATER)
    await indexes.TuneIndex(
        pb.TuneIndexRequest(
            space_id=LATER.space_id,
            parameters=pb.IndexParameters(method=pb.INDEX_METHOD_NONE),
        )
    )
    assert "DONE" == (await done(indexes, LATER.space_id)).job.state
    drawn = vectors()
    first, second = range(1500), range(1500, ROWS)
    loaded = await sent(
        indexes,
        batch(first, drawn[:1500]),
        batch(second, 3 * drawn[1500:ROWS], SINGLE),  # scaled to length one, as the space's are
    )
    assert (ROWS, 0) == (loaded.imported, loaded.kept)
    loaded = await sent(indexes, batch(range(20), drawn[:20]))
    assert (0, 20) == (loaded.imported, loaded.kept)
    query = search_pb.SearchRequest(
        vector=vector_pb2.Vector(space_id=LATER.space_id, values=drawn[1700].tolist()), k=1
    )
    found = await service.search("everything").Search(query)
    assert (str(IDS[1700]), "exact") == (found.hits[0].asset_id, found.explain.strategy)
    assert found.hits[0].score >= 0.999
    await indexes.TuneIndex(
        pb.TuneIndexRequest(
            space_id=LATER.space_id,
            parameters=pb.IndexParameters(method=pb.INDEX_METHOD_HNSW, ef_construction=64),
        )
    )
    index = await done(indexes, LATER.space_id)
    assert ("DONE", True, ROWS) == (index.job.state, index.valid, index.rows)
    audited = await db.owner.fetchval(
        "SELECT count(*) FROM search.audit_logs WHERE action = 'vectors.import'"
        " AND actor = 'keeper' AND details ->> 'owner' = 'everything'"
    )
    assert 2 == audited


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"space_id": "no@000000000000"}, "SPACE_UNKNOWN"),
        ({"owner": ""}, "FIELD_INVALID"),
        ({"asset_ids": []}, "FIELD_INVALID"),
        ({"asset_ids": ["x", "y"]}, "ID_MALFORMED"),
        ({"asset_ids": [str(IDS[0]), str(IDS[0])]}, "FIELD_INVALID"),
        ({"asset_ids": [str(IDS[0]), str(uuid.UUID(int=2**100))]}, "ASSET_NOT_FOUND"),
        ({"asset_ids": [str(IDS[0]), str(IDS[ROWS])]}, "ASSET_NOT_FOUND"),  # somebody else's
        ({"vectors": b"123"}, "VECTOR_WRONG_DIMENSION"),
        ({"vectors": packed(np.zeros((2, DIMENSION)), HALF)}, "VECTOR_ZERO_NORM"),
        ({"vectors": packed(np.full((2, DIMENSION), np.nan), HALF)}, "VECTOR_NOT_FINITE"),
    ],
)
async def test_a_bad_batch_is_refused_whole(db, indexes, changes, reason):
    """With what is wrong and where; of it nothing is written, those before it stay."""
    await db.register(LATER)
    good = batch([7], vectors()[:1])
    batches = [batch([0, 1], vectors()[:2], **changes)]
    expected = 0
    if "space_id" not in changes:
        batches.insert(0, good)
        expected = 1
    assert reason == (await refused(sent(indexes, *batches)))[1]
    count = await db.owner.fetchval(
        "SELECT count(*) FROM search.image_embeddings WHERE space_id = $1", LATER.space_id
    )
    assert expected == count


async def test_an_import_into_the_active_space_makes_assets_ready(db, indexes):
    """As a vector that comes by event does; and dead assets get none."""
    waiting = await db.stored_asset("ann")
    gone = await db.stored_asset("ann", state="DELETING")
    drawn = np.stack([unit("a", DIMENSION)])
    message = batch([0], drawn, space_id=SPACE.space_id, owner="ann", asset_ids=[str(waiting)])
    assert 1 == (await sent(indexes, message)).imported
    state = await db.owner.fetchval("SELECT state FROM search.assets WHERE asset_id = $1", waiting)
    assert "READY" == state
    message = batch([0], drawn, space_id=SPACE.space_id, owner="ann", asset_ids=[str(gone)])
    assert ("NOT_FOUND", "ASSET_NOT_FOUND") == await refused(sent(indexes, message))


@pytest.mark.parametrize("dimension", [DIMENSION, 768])
async def test_changed_tags_leave_the_graph_alone(db, dimension):
    """They are HOT updates: no index gets a new entry, for each page has room for one more row."""
    one = space("tagged", dimension)
    await db.register(one)
    name = await db.partition(one.space_id)
    ids = [await db.indexed("ann", one, unit(number, dimension)) for number in range(40)]
    size = await db.owner.fetchval("SELECT pg_relation_size($1)", f"search.{name}_hnsw")
    connection = await asyncpg.connect(db.worker_dsn)  # it counts as soon as it closes
    for word in ("a", "b", "c"):
        for asset_id in ids:
            await connection.execute(
                "UPDATE search.image_embeddings SET tags = ARRAY[$3::text], updated_at = now()"
                " WHERE owner = 'ann' AND asset_id = $1 AND space_id = $2",
                *(asset_id, one.space_id, word),
            )
    await connection.close()
    counts = "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_all_tables WHERE relname = $1"
    async with asyncio.timeout(60):
        while (row := await db.owner.fetchrow(counts, name))["n_tup_upd"] < 120:
            await asyncio.sleep(0.1)
    assert row["n_tup_hot_upd"] >= 0.9 * row["n_tup_upd"]
    assert size == await db.owner.fetchval("SELECT pg_relation_size($1)", f"search.{name}_hnsw")
