"""The router: never short, near enough, by the right way, whatever filter and whoever asks."""

from __future__ import annotations

import asyncio
import re

import asyncpg
import numpy as np
import pytest
import pytest_asyncio

from tests.integration.search.clustered import (
    DIMENSION,
    OWNERS,
    ROWS,
    SHARES,
    SPACE,
    K,
    build,
    fill,
    queries,
    truth,
    vectors,
)

ALWAYS_INDEX = K + 1


@pytest_asyncio.fixture
async def db(open_db):
    """A clone of the clustered library."""
    return await open_db(fill, "search-clustered")


def keeping(tag):
    """Rows of the large owner with a tag; None: all of them."""
    index = np.arange(ROWS)
    if tag in SHARES:
        return index[index % SHARES[tag] == 0]
    if tag is None:
        return index
    ranks = np.argsort(np.argsort(-(vectors() @ queries()[0])))[:ROWS]
    return index[ranks < ROWS // 20] if tag == "near" else index[ranks > ROWS * 9 // 10]


async def nearest(db, query, *, owner="everything", tag=None, k=K, **options):
    """The function as the service calls it, with options of the router."""
    named = "".join(f", {name} => {value}" for name, value in options.items())
    return await db.api.fetch(
        f"SELECT * FROM search.nearest_images($1, $2, $3, NULL, $4, p_tags => $5{named})",
        *(owner, SPACE.space_id, query, k, [tag] if tag else None),
    )


def recall(rows, true):
    """Share of the true ones that the answer is as near as, ties within 1e-6 counted."""
    return sum(row["distance"] <= true[-1] + 1e-6 for row in rows) / len(true)


@pytest.mark.parametrize("tag", [None, *SHARES, "near", "far"])
@pytest.mark.parametrize("limit", [None, ALWAYS_INDEX], ids=["router", "index"])
async def test_every_selectivity(db, tag, limit):
    """As many as match, up to k, and nearly the true ones: chosen freely or pushed to the index.

    The first query is the one that `near` and `far` were made for: all of its neighbours match, or
    none of the next thousands does.
    """
    keep, shares = keeping(tag), []
    for query in queries():
        rows = await nearest(
            db, query, tag=tag, **({"p_exact_limit": limit} if limit is not None else {})
        )
        true = truth(query, keep)
        assert min(K, len(keep)) == len(rows)
        assert len({row["asset_id"] for row in rows}) == len(rows)
        shares.append(recall(rows, true))
        if rows[0]["strategy"] == "exact":
            assert 1.0 == shares[-1]
    assert np.mean(shares) >= 0.98
    if limit is not None:
        assert (len(keep) <= limit) == (rows[0]["strategy"] == "exact") or tag == "far"


async def test_an_owner_of_three_among_very_many(db):
    """All three, in the true order, however far from the query they are."""
    keep = np.arange(ROWS, ROWS + 3)
    for query in queries():
        rows = await nearest(db, query, owner="three", p_exact_limit=1)
        assert np.allclose(truth(query, keep), [row["distance"] for row in rows], atol=1e-6)
    assert {3} == {row["matched"] for row in rows}


@pytest.mark.parametrize("scan", ["SET hnsw.max_scan_tuples = 1", "SET work_mem = '64kB'"])
async def test_never_short_when_a_scan_gives_up(db, scan):
    """A scan that may look at next to nothing is followed by comparing all, and says so."""
    async with db.api.acquire() as connection:
        await connection.execute(scan)
        rows = await connection.fetch(
            "SELECT * FROM search.nearest_images('everything', $1, $2, NULL, 90, p_ef => 10,"
            " p_tags => '{far}', p_exact_limit => 100)",
            *(SPACE.space_id, queries()[0]),
        )
    assert np.allclose(
        truth(queries()[0], keeping("far"), 90), [row["distance"] for row in rows], atol=1e-6
    )
    assert ({"exact"}, {0}, {1.0}) == tuple(
        {row[name] for row in rows} for name in ("strategy", "effort", "estimated_recall")
    )


@pytest.mark.parametrize("method", ["hnsw", "ivfflat"])
@pytest.mark.parametrize("opclass", ["cosine", "l2", "ip"])
async def test_every_index_ranks_by_cosine(db, method, opclass):
    """Whatever it compares by, it is what serves, and distances and order are the cosine's."""
    async with db.owner.acquire() as connection:
        await build(connection, method, f"halfvec_{opclass}_ops")
    connection = await asyncpg.connect(db.api_dsn)  # its scans are counted when it closes
    text = (
        "SELECT distance FROM search.nearest_images('everything', $1, $2::text::public.halfvec,"
        " NULL, 20, p_exact_limit => 21)"
    )
    for query in queries():
        await connection.fetch(text, SPACE.space_id, str(query.tolist()))
    await connection.close()
    name = f"{await db.partition(SPACE.space_id)}_{method}"
    scans = "SELECT idx_scan FROM pg_stat_all_indexes WHERE indexrelname = $1"
    async with asyncio.timeout(30):
        while await db.owner.fetchval(scans, name) < len(queries()):
            await asyncio.sleep(0.05)
    shares = []
    for query in queries():
        rows = await nearest(db, query, p_exact_limit=ALWAYS_INDEX)
        distances = [row["distance"] for row in rows]
        assert {method} == {row["strategy"] for row in rows}
        assert sorted(distances) == distances
        shares.append(recall(rows, truth(query, np.arange(ROWS))))
    assert np.mean(shares) >= 0.95
    assert {200 if method == "hnsw" else 8} == {row["effort"] for row in rows}


async def test_without_an_index_all_are_compared(db):
    """A space that is being loaded answers rightly, only slower."""
    await db.worker.execute("UPDATE search.space_indexes SET index_name = ''")
    rows = await nearest(db, queries()[1], p_exact_limit=ALWAYS_INDEX)
    assert {"exact"} == {row["strategy"] for row in rows}
    assert 1.0 == recall(rows, truth(queries()[1], np.arange(ROWS)))


async def test_where_few_ends_is_measured(db):
    """Costs of this machine move the border; before, it is 4000 rows at this size."""
    strategies = {}
    for name, costs in {"assumed": None, "dear rows": (9.0, 9.0), "dear index": (0.1, 6.0)}.items():
        if costs:
            await db.worker.execute(
                "UPDATE search.space_indexes SET row_us = $1, tuple_us = $2", *costs
            )
        rows = await nearest(db, queries()[0])
        strategies[name] = rows[0]["strategy"]
    assert {"assumed": "exact", "dear rows": "hnsw", "dear index": "exact"} == strategies


async def test_costs_can_be_measured(db):
    """Both are positive; nothing is left set in the session."""
    async with db.worker.acquire() as connection, connection.transaction():
        row = await connection.fetchrow(
            "SELECT * FROM search.measure_costs($1)", SPACE.space_id, timeout=60
        )
        left = await connection.fetchval("SELECT current_setting('enable_seqscan')")
    assert row["tuple_us"] > 0
    assert row["row_us"] > 0
    assert "on" == left


async def test_an_empty_space_has_no_costs(db):
    """Nothing is measured where nothing is stored."""
    await db.owner.execute("DELETE FROM search.image_embeddings")
    row = await db.worker.fetchrow("SELECT * FROM search.measure_costs($1)", SPACE.space_id)
    assert (None, None) == tuple(row)


async def test_the_effort_of_the_space_goes_before_that_of_the_process(db):
    """And what was measured of it is told."""
    await db.worker.execute("UPDATE search.space_indexes SET effort = 33, recall_mean = 0.875")
    rows = await nearest(db, queries()[0], p_exact_limit=ALWAYS_INDEX, p_ef=500)
    assert ({33}, {0.875}) == (
        {row["effort"] for row in rows},
        {row["estimated_recall"] for row in rows},
    )
    rows = await nearest(db, queries()[0], p_exact_limit=ALWAYS_INDEX, p_effort=44)
    assert {44} == {row["effort"] for row in rows}


@pytest.mark.parametrize("method", ["hnsw", "ivfflat"])
@pytest.mark.parametrize("opclass", ["cosine", "l2", "ip"])
@pytest.mark.parametrize("grouped", [False, True])
async def test_plans_of_the_index_routes(db, method, opclass, grouped):
    """Under row-level security each operator is served by the index of its class, by name."""
    async with db.owner.acquire() as connection:
        await build(connection, method, f"halfvec_{opclass}_ops")
    text = await db.api.fetchval(
        "SELECT search.nearest_images_sql($1, $2, $3, ' AND e.tags @> $9', $4,"
        " search.index_operator($5))",
        *(method, SPACE.space_id, DIMENSION, grouped, f"halfvec_{opclass}_ops"),
    )
    plan = await explain(db.api, text, enable_seqscan="off", enable_sort="off")
    partition = await db.partition(SPACE.space_id)
    assert f"Index Scan using {partition}_{method} on {partition}" in plan
    assert "Sort" not in plan[plan.index("CTE every") : plan.index(f"{partition}_{method}")]


@pytest.mark.parametrize(
    ("filter_text", "index"),
    [
        ("", "(_owner|_pkey|_kind|_shown)"),
        (" AND e.kind = $8", "_kind"),
        (" AND e.shown_at >= $10 AND e.shown_at < $11", "_shown"),
    ],
)
@pytest.mark.parametrize("strategy", ["exact", "count"])
async def test_plans_of_the_exact_routes(db, strategy, filter_text, index):
    """Every filter has a btree, and the graph is never walked to compare all."""
    text = await db.api.fetchval(
        "SELECT search.nearest_images_sql($1, $2, $3, $4)",
        *(strategy, SPACE.space_id, DIMENSION, filter_text),
    )
    plan = await explain(db.api, text, enable_seqscan="off")
    partition = await db.partition(SPACE.space_id)
    assert re.search(f"{partition}{index}", plan), plan
    assert "_hnsw" not in plan


async def explain(pool, text, owner="everything", **settings):
    """The plan of a template as its role gets it."""
    values = {
        "$12": "'rare'",
        "$11": "'2027-01-01'::timestamptz",
        "$10": "'2026-06-01'::timestamptz",
        "$9": "'{half}'::text[]",
        "$8": "'VIDEO'",
        "$7": "'00000000-0000-0000-0000-000000000000'::uuid",
        "$6": "'00000000-0000-0000-0000-000000000000'::uuid",
        "$5": "'-infinity'::float8",
        "$4": "21",
        "$3": "84",
        "$2": f"'{owner}'",
        "$1": f"'{queries()[0].tolist()}'::halfvec",
    }
    for name, value in values.items():
        text = text.replace(name, value)
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT set_config('kioku.owner', $1, true)", owner)
        for name, value in settings.items():
            await connection.execute(f"SET LOCAL {name} = {value}")
        await connection.execute("SET LOCAL hnsw.iterative_scan = relaxed_order")
        await connection.execute("SET LOCAL ivfflat.iterative_scan = relaxed_order")
        return "\n".join(row[0] for row in await connection.fetch("EXPLAIN " + text))


async def test_owners_stay_apart(db):
    """The owner of three sees three by any way, and their rows are never anybody else's."""
    mine = {row["asset_id"] for row in await nearest(db, queries()[0], owner="three")}
    assert 3 == len(mine)
    assert 3 == OWNERS.count("three")
    for query in queries():
        rows = await nearest(db, query, k=100, p_exact_limit=ALWAYS_INDEX)
        assert not mine & {row["asset_id"] for row in rows}
