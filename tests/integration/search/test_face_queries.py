"""Both questions about faces among many: right answers, the promised plans, never a short one."""

from __future__ import annotations

import uuid

import numpy as np
import pytest
import pytest_asyncio
from kioku_rt.db import Migrations, close_pool, open_pool
from kioku_search.database import owned
from kioku_search.faces.near_store import FaceNearStore
from kioku_search.spaces.space_store import SpaceStore

from tests.integration.search.face_rig import OWNER, SPACE, matched
from tests.integration.search.rig import DIMENSION, user

FACES, PEOPLE = 1800, 180
IDS = [uuid.UUID(int=index + 1) for index in range(FACES + 400)]
PERSONS = [uuid.UUID(int=10**6 + index) for index in range(PEOPLE)]
NONE = uuid.UUID(int=0)


def drawn():
    """Ten faces of each person round a centre; the last ones are nobody's, or another owner's."""
    random = np.random.default_rng(5)
    centres = random.standard_normal((PEOPLE, DIMENSION))
    vectors = np.concatenate(
        [
            centres[np.arange(FACES) % PEOPLE] + 0.2 * random.standard_normal((FACES, DIMENSION)),
            random.standard_normal((400, DIMENSION)),
        ]
    )
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float16).astype(np.float32)


VECTORS = drawn()


def person_of(index):
    """Whose face one is."""
    return PERSONS[index % PEOPLE] if index < FACES else None


async def fill(dsn):
    """1,800 linked faces of one owner, 200 of nobody, and 200 of others."""
    await Migrations("kioku_search.migrations", "search").apply(dsn)
    pool = await open_pool(dsn, application_name="fill")
    await SpaceStore(pool).register(SPACE)
    owners = [OWNER] * (FACES + 200) + ["bob"] * 200
    async with pool.acquire() as connection:
        await connection.execute("SET statement_timeout = 0")
        await connection.copy_records_to_table(
            "face_embeddings",
            schema_name="search",
            columns=[
                *("space_id", "owner", "face_id", "generation", "person_id", "reference"),
                *("link_version", "embedding"),
            ],
            records=[
                (SPACE.space_id, owner, IDS[i], 1, person_of(i), i < FACES, 1, vector)
                for i, (owner, vector) in enumerate(zip(owners, VECTORS, strict=True))
            ],
            timeout=120,
        )
        await connection.copy_records_to_table(
            "face_links",
            schema_name="search",
            columns=["owner", "face_id", "person_id", "reference", "version"],
            records=[(OWNER, IDS[i], person_of(i), True, 1) for i in range(FACES)],
        )
        await connection.copy_records_to_table(
            "matchable_people",
            schema_name="search",
            columns=["owner", "person_id", "consented", "version"],
            records=[(OWNER, one, index % 3 != 0, 1) for index, one in enumerate(PERSONS)],
        )
        await connection.execute("ANALYZE search.face_embeddings")
        await connection.execute("ANALYZE search.face_links")
        await connection.execute("ANALYZE search.matchable_people")
    await close_pool(pool)


@pytest_asyncio.fixture
async def db(open_db):
    """A clone of the filled database."""
    return await open_db(fill, "search-faces")


@pytest.fixture
def queries():
    """Faces a little beside some stored ones."""
    random = np.random.default_rng(11)
    beside = VECTORS[:20] + 0.1 * random.standard_normal((20, DIMENSION))
    return (beside / np.linalg.norm(beside, axis=1, keepdims=True)).astype(np.float32)


async def ask(db, query, *, match, limit=5, distance=2.1, people=None, exact_limit=None, ef=200):
    """Rows of the function for one query, as the service asks it."""
    async with owned(db.api, user(OWNER), "") as connection:
        return await connection.fetch(
            "SELECT * FROM search.near_faces($1, $2, $3, ARRAY[$4]::public.halfvec[], $5, $6, $7,"
            " $8, $9, $10)",
            *(match, OWNER, SPACE.space_id, query, [None], limit, distance, people, ef),
            exact_limit,
        )


def best_people(query, limit, among=None):
    """The truth: people who agreed, by their nearest face."""
    scores = (VECTORS[:FACES] @ query).reshape(-1, PEOPLE).max(axis=0)
    ranked = [PERSONS[place] for place in np.argsort(-scores) if place % 3]
    return [one for one in ranked if among is None or one in among][:limit]


@pytest.mark.parametrize("exact_limit", [10, 10_000], ids=["index", "by key"])
async def test_match_is_right_by_every_route(db, queries, exact_limit):
    """The index finds nearly all of what comparing everything finds; nobody else is in it."""
    found = total = 0
    routes = set()
    for query in queries:
        rows = await ask(db, query, match=True, exact_limit=exact_limit)
        routes |= {row["strategy"] for row in rows}
        truth = best_people(query, 5)
        assert 5 == len(rows)
        assert all(PERSONS.index(row["person_id"]) % 3 for row in rows)
        found += len({row["person_id"] for row in rows} & set(truth))
        total += 5
    assert {"hnsw" if exact_limit == 10 else "match_linked"} == routes
    assert found / total >= (0.95 if exact_limit == 10 else 1.0)


async def test_nearest_is_right_by_both_routes(db, queries):
    """Faces of the owner only, with those of nobody."""
    for exact_limit, route, least in ((10, "hnsw", 0.95), (10_000, "near_scan", 1.0)):
        found = 0
        for query in queries:
            rows = await ask(db, query, match=False, limit=10, exact_limit=exact_limit)
            assert {route} == {row["strategy"] for row in rows}
            near = np.argsort(-(VECTORS[: FACES + 200] @ query))[:10]
            found += len({row["face_id"] for row in rows} & {IDS[i] for i in near})
        assert found / (10 * len(queries)) >= least


async def test_a_bound_ends_the_search(db, queries):
    """What is farther than wanted is not given, whichever route."""
    for exact_limit in (10, 10_000):
        rows = await ask(
            db, queries[1], match=True, limit=20, distance=0.4, exact_limit=exact_limit
        )
        assert PERSONS[1] == rows[0]["person_id"]
        assert all(row["distance"] <= 0.4 for row in rows)
        nobody = await ask(db, -queries[0], match=True, distance=0.05, exact_limit=exact_limit)
        assert [(True, None)] == [(row["known"], row["person_id"]) for row in nobody]


async def test_an_answer_is_never_short(db, queries):
    """Few of many match, far from the query, or hidden behind faces of one person: still all."""
    some = [PERSONS[1], PERSONS[4]]
    for exact_limit in (10, 10_000):
        rows = await ask(db, queries[0], match=True, people=some, exact_limit=exact_limit)
        assert best_people(queries[0], 5, some) == [row["person_id"] for row in rows]
    await db.owner.execute(
        "UPDATE search.matchable_people SET consented = person_id = ANY ($1)", some
    )
    rows = await ask(db, queries[0], match=True, limit=20, exact_limit=10)
    assert set(some) == {row["person_id"] for row in rows}


async def test_an_owner_who_had_many_people_and_has_two_gets_both(db, queries):
    """What the service remembers of an owner chooses the way, never the answer."""
    await db.owner.execute("UPDATE search.matchable_people SET consented = true")
    nearby, query, some = FaceNearStore(db.api, ef_search=200), queries[1], {PERSONS[1], PERSONS[4]}
    counted, remembered = [await matched(nearby, query) for _ in range(2)]
    assert counted == remembered
    assert PERSONS[1] == counted[0]
    await db.owner.execute(
        "UPDATE search.matchable_people SET consented = person_id = ANY ($1)", list(some)
    )
    for _ in range(2):
        assert some == set(await matched(nearby, query))


async def plan(db, strategy):
    """The plan of one text under the settings of the function."""
    text = await db.owner.fetchval(
        "SELECT search.faces_sql($1, $2, $3)", strategy, SPACE.space_id, DIMENSION
    )
    query = "[" + ",".join(map(str, VECTORS[0])) + "]"
    asked = f"'{query}', '{OWNER}', 20, 5, 2.0, '{NONE}', ARRAY['{PERSONS[1]}']::uuid[]"
    async with owned(db.api, user(OWNER), "") as connection:
        await connection.execute(
            "SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off;"
            " SET LOCAL enable_mergejoin = off; SET LOCAL plan_cache_mode = force_custom_plan;"
            f" SET LOCAL enable_sort = {'off' if 'index' in strategy else 'on'}"
        )
        await connection.execute(
            "PREPARE asked (public.halfvec, text, integer, integer, float8, uuid, uuid[]) AS "
            + text
        )
        rows = await connection.fetch(f"EXPLAIN EXECUTE asked ({asked})")
        await connection.execute("DEALLOCATE asked")
    return "\n".join(row[0] for row in rows)


async def test_the_plans_are_as_promised(db):
    """MATCH always joins those who agreed; an index scan is ordered; the rest is by keys."""
    partition = await db.partition(SPACE.space_id)
    for strategy in ("match_index", "match_linked", "match_scan"):
        text = await plan(db, strategy)
        assert "matchable_people" in text
        assert "consented" in text
        assert "Seq Scan" not in text
        assert (f"{partition}_hnsw" in text) == (strategy == "match_index")
    text = await plan(db, "near_index")
    assert f"using {partition}_hnsw" in text
    assert f"{partition}_hnsw" not in await plan(db, "near_scan")
