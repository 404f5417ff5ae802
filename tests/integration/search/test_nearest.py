"""The nearest-neighbour function: right answers, the promised plans, and never a short one."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import pytest_asyncio
from kioku_rt.db import Migrations, close_pool, open_pool
from kioku_search.database import owned
from kioku_search.searching.neighbour_store import NeighbourStore
from kioku_search.searching.search import After, Probe, Wanted
from kioku_search.spaces.space_store import SpaceStore

from tests.integration.search.rig import DIMENSION, space, unit, user

ROWS = 2400
NOW = datetime(2026, 1, 1, tzinfo=UTC)


ASSET_COLUMNS = ["owner", "asset_id", "kind", "state", "filename", "content_type"]
ASSET_COLUMNS += ["size_bytes", "tags", "upload_until"]
VECTOR_COLUMNS = ["space_id", "owner", "asset_id", "generation", "kind", "tags"]
VECTOR_COLUMNS += ["shown_at", "embedding"]
OWNERS = ["big"] * ROWS + [f"small-{index % 60}" for index in range(600)]
IDS = [uuid.UUID(int=index + 1) for index in range(len(OWNERS))]
TAGS = [
    ["all", "even" if index % 2 == 0 else "odd", *(["rare"] * (index % 500 == 0))]
    for index in range(len(OWNERS))
]


def drawn():
    """Unit vectors as half precision keeps them."""
    random = np.random.default_rng(7)
    vectors = random.standard_normal((len(OWNERS), DIMENSION)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float16).astype(np.float32)


async def fill(dsn):
    """One owner with 2,400 pictures among 60 owners with 10 each."""
    await Migrations("kioku_search.migrations", "search").apply(dsn)
    pool = await open_pool(dsn, application_name="fill")
    space_id = space().space_id
    await SpaceStore(pool).register(space())
    async with pool.acquire() as connection:
        await connection.execute("SET statement_timeout = 0")
        await connection.copy_records_to_table(
            "assets",
            schema_name="search",
            columns=ASSET_COLUMNS,
            records=[
                (owner, asset, "IMAGE", "READY", f"{asset.int}.jpg", "image/jpeg", 1, tags, NOW)
                for owner, asset, tags in zip(OWNERS, IDS, TAGS, strict=True)
            ],
        )
        await connection.copy_records_to_table(
            "image_embeddings",
            schema_name="search",
            columns=VECTOR_COLUMNS,
            records=[
                (space_id, owner, asset, 1, "IMAGE", tags, NOW + timedelta(days=asset.int), vector)
                for owner, asset, tags, vector in zip(OWNERS, IDS, TAGS, drawn(), strict=True)
            ],
            timeout=120,
        )
        await connection.execute("ANALYZE search.image_embeddings")
    await close_pool(pool)


@pytest_asyncio.fixture
async def db(open_db):
    """A clone of the filled database."""
    return await open_db(fill, "search-library")


@pytest.fixture
def library():
    """What is in it: the space, the vectors, their owners and their ids."""
    return space(), drawn(), OWNERS, IDS


def brute(library, owner, query, keep=lambda _index: True):
    """Ids of one owner's pictures, nearest first."""
    _, vectors, owners, ids = library
    query = query.astype(np.float16).astype(np.float64)  # as the parameter arrives
    mine = [index for index, name in enumerate(owners) if name == owner and keep(index)]
    length = np.linalg.norm(vectors[mine], axis=1) * np.linalg.norm(query)
    distance = 1 - vectors[mine] @ query / length
    order = np.lexsort(([ids[index].int for index in mine], distance))
    return [ids[mine[index]] for index in order]


async def nearest(db, library, owner, query, limit, *, wanted=None, after=None, like=None, **args):
    """Ask the function as the service does, with another limit between its two ways."""
    wanted = wanted or Wanted()
    options = {"p_exact_limit": 200, **args}
    named = "".join(f", {name} => {value}" for name, value in options.items())
    return await db.api.fetch(
        "SELECT * FROM search.nearest_images($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12"
        f"{named})",
        owner,
        library[0].space_id,
        None if like else query,
        like,
        limit,
        wanted.kind,
        list(wanted.tags) or None,
        wanted.start,
        wanted.end,
        after.distance if after else None,
        after.asset_id if after else None,
        after.seen if after else 0,
    )


async def test_small_owner_is_compared_exactly(db, library):
    """Few rows: every one is compared, and the order is brute force's."""
    query = unit("q")
    rows = await nearest(db, library, "small-3", query, 20)
    assert brute(library, "small-3", query) == [row["asset_id"] for row in rows]
    assert {"exact"} == {row["strategy"] for row in rows}


async def test_large_owner_goes_through_the_graph(db, library):
    """Many rows: the graph finds nearly all of the true neighbours, in order."""
    shares = []
    for seed in range(20):
        query = unit(seed)
        rows = await nearest(db, library, "big", query, 20)
        assert {"hnsw"} == {row["strategy"] for row in rows}
        assert sorted(row["distance"] for row in rows) == [row["distance"] for row in rows]
        truth = set(brute(library, "big", query)[:20])
        shares.append(len(truth & {row["asset_id"] for row in rows}) / 20)
    assert np.mean(shares) >= 0.98


@pytest.mark.parametrize(
    ("wanted", "keep", "strategy"),
    [
        (Wanted(tags=("all", "odd")), lambda index: index % 2 == 1, "hnsw"),
        (Wanted(tags=("rare",)), lambda index: index % 500 == 0, "exact"),
        (Wanted(start=NOW + timedelta(days=1601)), lambda index: index >= 1600, "hnsw"),
        (Wanted(end=NOW + timedelta(days=31)), lambda index: index < 30, "exact"),
        (
            Wanted(tags=("rare", "even"), start=NOW + timedelta(days=501)),
            lambda index: index % 500 == 0 and index >= 500,
            "exact",
        ),
        (Wanted(tags=("nowhere",)), lambda _index: False, "exact"),
        (Wanted(kind="VIDEO"), lambda _index: False, "exact"),
    ],
)
async def test_filters_keep_only_what_matches_and_enough_of_it(db, library, wanted, keep, strategy):
    """A filter changes the way, never the completeness: min(k, matching) rows, all matching."""
    query = unit("filter")
    rows = await nearest(db, library, "big", query, 20, wanted=wanted)
    truth = brute(library, "big", query, keep)
    assert min(20, len(truth)) == len(rows)
    found = [row["asset_id"] for row in rows]
    if strategy == "exact":
        assert truth[:20] == found
    else:
        assert len(set(truth[:20]) & set(found)) >= 18
    assert {strategy} >= {row["strategy"] for row in rows}


async def test_never_short_when_the_graph_gives_up(db, library):
    """A graph scan that ends early is followed by the exact one, and says so."""
    async with db.api.acquire() as connection:
        await connection.execute("SET hnsw.max_scan_tuples = 1")
        await connection.execute("SET work_mem = '64kB'")
        query = unit("short")
        rows = await connection.fetch(
            "SELECT * FROM search.nearest_images('big', $1, $2, NULL, 300, p_exact_limit => 400,"
            " p_ef => 10, p_tags => '{even}')",
            library[0].space_id,
            query,
        )
    assert 300 == len(rows)


async def test_no_owner_is_ever_short(db, library):
    """Each of 60 owners among 2,400 foreign rows gets all of their own 10."""
    for number in range(60):
        rows = await nearest(db, library, f"small-{number}", unit(number), 20, p_exact_limit=5)
        assert brute(library, f"small-{number}", unit(number)) == [row["asset_id"] for row in rows]


@pytest.mark.parametrize("owner", ["big", "small-1"])
async def test_pages_repeat_nothing_and_miss_nothing_nearer(db, library, owner):
    """Page after page is in order, disjoint, and together what brute force finds."""
    query, after, seen = unit("page"), None, []
    for _ in range(12):
        rows = await nearest(db, library, owner, query, 25, after=after)
        if not rows:
            break
        seen += [row["asset_id"] for row in rows]
        after = After(rows[-1]["distance"], rows[-1]["asset_id"], len(seen))
    truth = brute(library, owner, query)[: len(seen)]
    assert len(seen) == len(set(seen))
    assert len(set(truth) & set(seen)) >= 0.98 * len(truth)
    if owner == "small-1":
        assert truth == seen


async def test_like_leaves_the_asset_itself_out(db, library):
    """By asset: its own vector is the query, and it is not among its neighbours."""
    _, vectors, _, ids = library
    rows = await nearest(db, library, "big", None, 20, like=ids[5])
    truth = brute(library, "big", vectors[5])[1:21]
    assert ids[5] not in {row["asset_id"] for row in rows}
    assert len(set(truth) & {row["asset_id"] for row in rows}) >= 19


async def test_foreign_asset_and_unknown_space_give_nothing(db, library):
    """Another owner's asset has no neighbours here, nor has a space that is not known."""
    assert [] == await nearest(db, library, "small-1", None, 20, like=library[3][0])
    assert [] == await db.api.fetch(
        "SELECT * FROM search.nearest_images('big', 'no@000000000000', $1, NULL, 5)", unit("x")
    )


async def test_two_spaces_never_meet(db, library):
    """A vector of another space is not found, though it is identical."""
    other = space("other")
    await db.register(other)
    query = unit("meet")
    await db.indexed("small-1", other, query)
    rows = await nearest(db, library, "small-1", query, 50)
    assert 10 == len(rows)
    assert rows[0]["distance"] > 0.1


async def explain(db, library, strategy, owner, settings):
    """The plan of one template, as search_api gets it."""
    template = await db.api.fetchval(
        "SELECT search.nearest_images_sql($1, $2, $3, '')", strategy, library[0].space_id, DIMENSION
    )
    values = [
        f"'{unit('plan').tolist()}'::halfvec",
        f"'{owner}'",
        "21",
        "21",
        "'-infinity'::float8",
        "'00000000-0000-0000-0000-000000000000'::uuid",
    ]
    template = template.replace("$12", "'rare'")
    for number, value in enumerate(values, 1):
        template = template.replace(f"${number}", value)
    async with db.api.acquire() as connection, connection.transaction():
        await connection.execute("SELECT set_config('kioku.owner', $1, true)", owner)
        for name, value in settings.items():
            await connection.execute(f"SET LOCAL {name} = {value}")
        rows = await connection.fetch("EXPLAIN " + template)
    return "\n".join(row[0] for row in rows)


async def test_plan_of_the_graph_route(db, library):
    """The large owner's query is ordered by the HNSW index of its partition."""
    plan = await explain(
        db,
        library,
        "hnsw",
        "big",
        {"enable_seqscan": "off", "enable_sort": "off", "hnsw.iterative_scan": "relaxed_order"},
    )
    partition = await db.partition(library[0].space_id)
    assert f"Index Scan using {partition}_hnsw on {partition}" in plan
    assert "Sort" not in plan


async def test_plan_of_the_route_by_tag(db, library):
    """The assets of a rare tag are looked up one by one, whatever the owner has besides."""
    settings = dict.fromkeys(("enable_seqscan", "enable_hashjoin", "enable_mergejoin"), "off")
    plan = await explain(db, library, "tagged", "big", settings)
    partition = await db.partition(library[0].space_id)
    assert "Nested Loop" in plan
    assert "Index Cond: ((owner = 'big'::text) AND (tag = 'rare'::text))" in plan
    assert f"Index Scan using {partition}_pkey" in plan


async def test_tags_follow_their_asset(db):
    """Made, changed and removed with it."""
    asset_id = await db.stored_asset("ann", tags=["a", "b"])
    query = "SELECT array_agg(tag ORDER BY tag) FROM search.asset_tags WHERE asset_id = $1"
    assert ["a", "b"] == await db.owner.fetchval(query, asset_id)
    await db.owner.execute("UPDATE search.assets SET tags = '{b,c}' WHERE asset_id = $1", asset_id)
    assert ["b", "c"] == await db.owner.fetchval(query, asset_id)
    await db.owner.execute("DELETE FROM search.assets WHERE asset_id = $1", asset_id)
    assert await db.owner.fetchval(query, asset_id) is None


@pytest.mark.parametrize("strategy", ["exact", "count"])
async def test_plan_of_the_exact_route(db, library, strategy):
    """The small owner's rows come from a btree that begins with the owner, never from the graph."""
    plan = await explain(db, library, strategy, "small-1", {"enable_seqscan": "off"})
    partition = await db.partition(library[0].space_id)
    assert f"{partition}_owner" in plan or f"{partition}_pkey" in plan
    assert "_hnsw" not in plan
    assert "Seq Scan" not in plan


async def test_store_gives_typed_neighbours_and_explains(db, library):
    """The adapter's rows carry the asset's fields and the way they were found."""
    store = NeighbourStore(db.api, ef_search=100)
    one = library[0]
    found = await store.nearest(
        user("small-0"), Probe(one, unit("typed"), None, Wanted(tags=("even",)), None), 5
    )
    assert ["exact"] * 5 == [hit.strategy for hit in found]
    assert all(hit.filename == f"{hit.asset_id.int}.jpg" and "even" in hit.tags for hit in found)


async def test_reads_outside_the_function_are_bound_too(db, library):
    """`owned` shows one owner's rows to a statement without any WHERE."""
    async with owned(db.api, user("small-2"), "") as connection:
        assert 10 == await connection.fetchval("SELECT count(*) FROM search.image_embeddings")
