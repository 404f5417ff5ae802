"""Filters by labels find what comparing everything finds, on every route."""

from __future__ import annotations

import uuid

import numpy as np
import pytest
import pytest_asyncio
from kioku.search.v1 import search_service_pb2 as pb
from kioku_rt.db import close_pool, open_pool
from kioku_search.assets.label import labels_of
from kioku_search.searching.search import Wanted
from kioku_search.spaces.space_store import SpaceStore

from tests.integration.search.conftest import migrate
from tests.integration.search.rig import FakeEmbedder, space, unit
from tests.integration.search.test_labelling import refused

SEEN = space()
PERSON = str(uuid.UUID(int=7))
ROWS = 400
IDS = [uuid.UUID(int=number + 1) for number in range(ROWS)]


def labels(number):
    """Tags, albums and people of an asset: some common, some rare."""
    tags = [
        name for name, every in (("half", 2), ("fifth", 5), ("rare", 80)) if number % every == 0
    ]
    albums = ["trip"] if number % 3 == 0 else []
    people = [PERSON] if number % 40 == 0 else []
    return tags, albums, people


async def fill(dsn):
    """Four hundred pictures of Ann's."""
    await migrate(dsn)
    pool = await open_pool(dsn, application_name="test")
    await SpaceStore(pool).register(SEEN)
    await pool.executemany(
        "INSERT INTO search.assets (owner, asset_id, kind, state, filename, content_type,"
        " size_bytes, upload_until, tags, albums, people)"
        " VALUES ('ann', $1, 'IMAGE', 'READY', 'f', 'image/png', 1, now(), $2, $3, $4)",
        [(one, *labels(number)) for number, one in enumerate(IDS)],
    )
    await pool.executemany(
        "INSERT INTO search.image_embeddings (space_id, owner, asset_id, generation, kind, tags,"
        " shown_at, embedding) VALUES ($1, 'ann', $2, 1, 'IMAGE', $3, now(), $4)",
        [
            (SEEN.space_id, one, list(labels_of(*labels(number))), unit(number))
            for number, one in enumerate(IDS)
        ],
    )
    await pool.execute("ANALYZE search.image_embeddings")
    await close_pool(pool)


@pytest_asyncio.fixture
async def db(open_db):
    """A clone of the filled database."""
    return await open_db(fill, "search-labels")


FILTERS = {
    "album": Wanted(albums=("trip",)),
    "album and tag": Wanted(albums=("trip",), tags=("half",)),
    "any": Wanted(any_tags=("fifth", "rare", "nobody")),
    "any rare": Wanted(any_tags=("rare", "nobody")),
    "any and all": Wanted(any_tags=("fifth", "rare"), tags=("half",)),
    "none": Wanted(not_tags=("half", "fifth")),
    "all but": Wanted(tags=("half",), not_tags=("rare",)),
    "person": Wanted(people=(PERSON,)),
    "everything": Wanted(None, ("half",), None, None, ("trip",), ("fifth",), ("rare",), (PERSON,)),
    "nothing": Wanted(tags=("half",), not_tags=("half",)),
    "tag named like an album": Wanted(tags=("trip",)),
}


def keeps(wanted, number):
    tags, albums, people = (set(names) for names in labels(number))
    return (
        tags >= set(wanted.tags)
        and albums >= set(wanted.albums)
        and people >= set(wanted.people)
        and (not wanted.any_tags or bool(tags & set(wanted.any_tags)))
        and not tags & set(wanted.not_tags)
    )


def brute(query, wanted, limit):
    """Ids of what the filter keeps, nearest first."""
    mine = [number for number in range(ROWS) if keeps(wanted, number)]
    query = query.astype(np.float16).astype(np.float64)
    vectors = np.array([unit(number).astype(np.float16) for number in mine], np.float64)
    if not mine:
        return []
    distance = -(vectors @ query) / np.linalg.norm(vectors, axis=1)
    return [IDS[mine[index]] for index in np.argsort(distance, kind="stable")[:limit]]


@pytest.mark.parametrize("exact_limit", [4000, 100, 2], ids=["exact", "mixed", "graph"])
@pytest.mark.parametrize("wanted", FILTERS.values(), ids=FILTERS)
async def test_filters_keep_recall(db, wanted, exact_limit):
    """Whichever way is taken, and never a page that is short while more match."""
    query = unit("query")
    rows = await db.api.fetch(
        "SELECT asset_id, strategy FROM search.nearest_images('ann', $1, $2, NULL, 20,"
        " p_tags => $3, p_any_tags => $4, p_not_tags => $5, p_exact_limit => $6)",
        SEEN.space_id,
        query,
        list(wanted.labels) or None,
        list(wanted.any_tags) or None,
        list(wanted.not_tags) or None,
        exact_limit,
    )
    expected = brute(query, wanted, 20)
    assert len(expected) == len(rows)
    shared = {row["asset_id"] for row in rows} & set(expected)
    assert len(shared) >= 0.95 * len(expected)
    if all(row["strategy"] == "exact" for row in rows):
        assert expected == [row["asset_id"] for row in rows]


async def test_any_of_rare_tags_is_looked_up_by_them(db):
    """Through the rows of `asset_tags`, whatever the owner has besides."""
    text = await db.api.fetchval(
        "SELECT search.nearest_images_sql('any_tagged', $1, $2, '')", SEEN.space_id, SEEN.dimension
    )
    values = [f"'{unit('q').tolist()}'::halfvec", "'ann'", "21", "21", "'-infinity'::float8"]
    values.append("'00000000-0000-0000-0000-000000000000'::uuid")
    text = text.replace("$13", "'{rare,nobody}'")
    for number, value in enumerate(values, 1):
        text = text.replace(f"${number}", value)
    async with db.api.acquire() as connection, connection.transaction():
        await connection.execute("SELECT set_config('kioku.owner', 'ann', true)")
        for name in ("enable_seqscan", "enable_hashjoin", "enable_mergejoin"):
            await connection.execute(f"SET LOCAL {name} = off")
        plan = "\n".join(row[0] for row in await connection.fetch("EXPLAIN " + text))
    assert "asset_tags_pkey" in plan
    assert f"Index Scan using {await db.partition(SEEN.space_id)}_pkey" in plan


@pytest.mark.parametrize("name", ["tags", "albums", "any_tags", "not_tags"])
async def test_filters_that_are_refused(db, objects, start_service, name):
    """More than 64, empty, blank, NUL, too long, another control character."""
    bad = {
        "FIELD_INVALID": [str(number) for number in range(65)],
        "TEXT_EMPTY": ["a", ""],
        "TEXT_INVALID_CHARACTER": ["a\0"],
        "TEXT_TOO_LONG": ["x" * 65],
    }
    async with start_service(objects, embedder=FakeEmbedder(SEEN)) as service:
        search = service.search("ann")
        for reason, values in (*bad.items(), ("TEXT_INVALID_CHARACTER", ["\x01album:trip"])):
            request = pb.SearchRequest(text="q", filter=pb.Filter(**{name: values}))
            code, told, field = await refused(search.Search(request))
            assert ("INVALID_ARGUMENT", reason) == (code, told)
            assert field.startswith(f"filter.{name}")


async def test_people_are_named_by_their_ids(db, objects, start_service):
    """At most 64 of them; a name is no id."""
    async with start_service(objects, embedder=FakeEmbedder(SEEN)) as service:
        search = service.search("ann")

        async def ask(*people):
            return search.Search(pb.SearchRequest(text="q", filter=pb.Filter(people=people)))

        for people, reason in (
            (["ann"], "ID_MALFORMED"),
            ([""], "ID_MALFORMED"),
            ([str(uuid.UUID(int=number)) for number in range(65)], "FIELD_INVALID"),
        ):
            code, told, _ = await refused(await ask(*people))
            assert ("INVALID_ARGUMENT", reason) == (code, told)
        assert 10 == len((await (await ask(PERSON, PERSON))).hits)
        assert 0 == len((await (await ask(str(uuid.UUID(int=8))))).hits)
