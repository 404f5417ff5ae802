"""A plain question is answered by the function of its space, as `nearest_images` would."""

from __future__ import annotations

import pytest
from kioku_rt.auth.principal import Acting, Principal
from kioku_search.searching.neighbour_store import NeighbourStore
from kioku_search.searching.quick_search import QuickSearch
from kioku_search.searching.search import Probe, Wanted

from tests.integration.search.rig import space, unit

SEEN = space()

ANN = Acting("ann", Principal("ann", False, frozenset(), "t"), False)
BEN = Acting("ben", Principal("ben", False, frozenset(), "t"), False)
COLUMNS = ("asset_id", "distance", "filename", "strategy")


def probe(vector="q", like=None, wanted=None, one=SEEN):
    return Probe(one, None if like else unit(vector, one.dimension), like, wanted or Wanted(), None)


async def quick(db, what, limit=5, acting=ANN, search=None):
    async with db.api.acquire() as connection:
        return await (search or QuickSearch(200)).nearest(connection, acting, what, limit)


async def slow(db, what, limit=5):
    async with db.api.acquire() as connection:
        return await connection.fetch(
            "SELECT * FROM search.nearest_images('ann', $1, $2, $3, $4)",
            what.space.space_id,
            what.vector,
            what.like,
            limit,
        )


async def few_are_few(db):
    """Few rows are compared and many are looked up: here, more than five are many."""
    await db.owner.execute(
        "UPDATE search.space_indexes SET row_us = 1, tuple_us = 1, effort = 10;"
        " UPDATE pg_class SET reltuples = 1 WHERE relname = ("
        "   SELECT partition_name FROM search.spaces WHERE kind = 'IMAGE')"
    )


@pytest.fixture
async def library(db):
    """Thirty pictures of one owner, three of another."""
    await db.register(SEEN)
    ids = [await db.indexed("ann", SEEN, unit(number)) for number in range(30)]
    for number in range(3):
        await db.indexed("ben", SEEN, unit(("ben", number)))
    return ids


@pytest.mark.parametrize("many", [False, True], ids=["compared", "by the graph"])
@pytest.mark.parametrize("by", ["vector", "asset"])
async def test_it_answers_as_nearest_images_does(library, db, many, by):
    if many:
        await few_are_few(db)
    what = probe() if by == "vector" else probe(like=library[0])
    rows = await quick(db, what)
    assert 5 == len(rows)
    assert {"hnsw" if many else "exact"} == {row["strategy"] for row in rows}
    assert [[row[name] for name in COLUMNS] for row in rows] == [
        [row[name] for name in COLUMNS] for row in await slow(db, what)
    ]
    assert library[0] not in [row["asset_id"] for row in rows] or by == "vector"


async def test_an_owner_sees_their_own(library, db):
    assert 3 == len(await quick(db, probe(), limit=10, acting=BEN))
    assert [] == await quick(db, probe(like=library[0]), acting=BEN)


@pytest.mark.parametrize(
    "wanted", [Wanted(tags=("a",)), Wanted(people=("x",)), Wanted(not_tags=("a",))]
)
async def test_a_filter_is_not_its_business(library, db, wanted):
    assert [] == await quick(db, probe(wanted=wanted))


async def test_owners_with_videos_are_answered_by_the_other_one(library, db):
    await db.owner.execute(
        "INSERT INTO search.videos (owner, asset_id, generation) VALUES ('ann', $1, 1)", library[0]
    )
    search = QuickSearch(200)
    assert [] == await quick(db, probe(), search=search)
    await db.owner.execute("DELETE FROM search.videos")
    assert [] == await quick(db, probe(), search=search)  # remembered for a while
    store = NeighbourStore(db.api, ef_search=200)
    assert 5 == len(await store.nearest(ANN, probe(), 5))


async def test_an_answer_is_never_short_because_of_what_is_remembered(library, db):
    """The owner had many rows and has few now: the graph has nothing left to give."""
    await few_are_few(db)
    store = NeighbourStore(db.api, ef_search=200)
    assert {"hnsw"} == {one.strategy for one in await store.nearest(ANN, probe(), 5)}
    await db.owner.execute(
        "DELETE FROM search.image_embeddings WHERE owner = 'ann' AND asset_id <> ALL ($1)",
        library[:3],
    )
    for _ in range(3):
        found = await store.nearest(ANN, probe(), 5)
        assert set(library[:3]) == {one.asset_id for one in found}
        assert {"exact"} == {one.strategy for one in found}


async def test_rows_of_large_owners_are_not_counted_each_time(library, db):
    await few_are_few(db)
    search = QuickSearch(200)
    counted, taken = [(await quick(db, probe(), search=search))[0]["matched"] for _ in range(2)]
    assert counted >= taken > 5


async def test_statements_are_planned_once_and_use_the_graph(library, db):
    """The graph's own counter goes up with every question, the first and the twentieth."""
    await few_are_few(db)
    name = await db.partition(SEEN.space_id)
    scans = "SELECT idx_scan FROM pg_stat_all_indexes WHERE indexrelname = $1"
    async with db.api.acquire() as connection:
        for _ in range(20):
            assert 5 == len(await QuickSearch(200).nearest(connection, ANN, probe(), 5))
        await connection.execute("SELECT pg_stat_force_next_flush()")
    assert 20 == await db.owner.fetchval(scans, f"{name}_hnsw")


async def test_the_function_comes_and_goes_with_its_space(db):
    """Also anew, and it follows the operator of the index."""
    await db.register(SEEN)
    name = f"{await db.partition(SEEN.space_id)}_quick"
    source = "SELECT prosrc FROM pg_proc WHERE proname = $1"
    assert "OPERATOR(public.<=>)" in await db.owner.fetchval(source, name)
    await db.owner.execute("UPDATE search.space_indexes SET opclass = 'halfvec_l2_ops'")
    assert "OPERATOR(public.<->)" in await db.owner.fetchval(source, name)
    await db.owner.execute("SELECT search.retire_space($1)", SEEN.space_id)
    assert await db.owner.fetchval(source, name) is None
    assert [] == await quick(db, probe())
    await db.owner.execute("SELECT search.forget_retired($1)", SEEN.space_id)
    await db.register(SEEN)
    assert await db.owner.fetchval(source, name) is not None


async def test_only_the_schemas_owner_makes_such_functions(db):
    for role in (db.api, db.worker):
        with pytest.raises(Exception, match="permission denied"):
            await role.execute("SELECT search.make_quick($1)", SEEN.space_id)
