"""What the migrations make is what the design says, and stays closed."""

from __future__ import annotations

import dataclasses

import asyncpg
import pytest
from kioku_rt.db import Migrations
from kioku_rt.errors import InvalidInput

from tests.integration.search.rig import space

PROTECTED = """
SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity,
    (SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid) AS policies
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'owner'
WHERE c.relnamespace = 'search'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY 1
"""
OPEN_VIEWS = """
SELECT relname FROM pg_class WHERE relnamespace = 'search'::regnamespace
AND relkind IN ('v', 'm') AND NOT coalesce(reloptions @> '{security_invoker=true}', false)
"""
LOOSE_FUNCTIONS = """
SELECT proname FROM pg_proc WHERE pronamespace = 'search'::regnamespace AND prosecdef
AND NOT coalesce(proconfig::text LIKE '%search_path%', false)
"""


async def test_migrations_apply_once(db):
    """A second run finds nothing to do."""
    assert [] == await Migrations("kioku_search.migrations", "search").apply(db.dsn)


async def test_roles_are_what_they_must_be(db):
    """search_worker is bound by no policy, the others are, and none is a superuser."""
    rows = await db.owner.fetch(
        "SELECT rolname, rolsuper, rolbypassrls, rolcanlogin, rolcreaterole FROM pg_roles"
        " WHERE rolname LIKE 'search%' ORDER BY 1"
    )
    assert [
        ("search_api", False, False, True, False),
        ("search_sealer", False, False, True, False),
        ("search_worker", False, True, True, False),
    ] == [tuple(row) for row in rows]


async def test_every_table_of_owners_is_protected(db):
    """Each table and each partition with an owner has row-level security enabled and forced."""
    await db.register(space())
    rows = await db.owner.fetch(PROTECTED)
    assert 18 == len(rows)
    assert [] == [row["relname"] for row in rows if not (row[1] and row[2] and row[3])]


async def test_no_back_door_in_the_catalogue(db):
    """Views run as their caller, and functions that run as their owner pin their search path."""
    assert [] == await db.owner.fetch(OPEN_VIEWS)
    assert [] == await db.owner.fetch(LOOSE_FUNCTIONS)


async def test_application_roles_own_nothing_and_reach_no_partition(db):
    """Grants end at the parent table."""
    one = space()
    await db.register(one)
    partition = await db.partition(one.space_id)
    grants = await db.owner.fetchval(
        "SELECT count(*) FROM information_schema.role_table_grants"
        " WHERE table_name = $1 AND grantee LIKE 'search%'",
        partition,
    )
    owned = await db.owner.fetchval(
        "SELECT count(*) FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner"
        " WHERE r.rolname LIKE 'search%'"
    )
    assert (0, 0) == (grants, owned)


async def test_first_space_becomes_active_and_later_ones_do_not(db):
    """One space of a kind is active; registering again changes nothing."""
    first, second = space(), space("other", 16)
    assert ["active", "registered", "active"] == [
        await db.register(one) for one in (first, second, first)
    ]


async def test_a_partition_checks_its_vectors(db):
    """Wrong length, wrong norm and another space's id are refused by the table itself."""
    one = space(dimension=3)
    await db.register(one)
    insert = (
        "INSERT INTO search.image_embeddings (space_id, owner, asset_id, generation, kind, tags,"
        " shown_at, embedding) VALUES ($1, 'o', gen_random_uuid(), 1, 'IMAGE', '{}', now(), $2)"
    )
    await db.worker.execute(insert, one.space_id, [1.0, 0.0, 0.0])
    for wrong in ([1.0, 0.0], [2.0, 0.0, 0.0], [0.0, 0.0, 0.0]):
        with pytest.raises(asyncpg.CheckViolationError):
            await db.worker.execute(insert, one.space_id, wrong)
    with pytest.raises(asyncpg.CheckViolationError):  # no partition for it
        await db.worker.execute(insert, "nobody@000000000000", [1.0, 0.0, 0.0])


async def test_a_partition_has_the_promised_shape(db):
    """HNSW by cosine on the cast, a btree on the owner, and the vector kept inline."""
    one = space()
    await db.register(one)
    partition = await db.partition(one.space_id)
    indexes = {
        row["indexname"]: row["indexdef"]
        for row in await db.owner.fetch(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = $1", partition
        )
    }
    hnsw = indexes[f"{partition}_hnsw"]
    assert "USING hnsw (((embedding)::halfvec(32)) halfvec_cosine_ops)" in hnsw
    assert "m='16'" in hnsw
    assert "ef_construction='128'" in hnsw
    assert "USING btree (owner, shown_at)" in indexes[f"{partition}_shown"]
    assert "USING btree (owner)" in indexes[f"{partition}_owner"]
    storage = await db.owner.fetchval(
        "SELECT attstorage FROM pg_attribute WHERE attrelid = $1::text::regclass"
        " AND attname = 'embedding'",
        f"search.{partition}",
    )
    assert b"p" == storage


@pytest.mark.parametrize("dimension", [1, 768, 1152, 4000])
async def test_spaces_of_many_sizes(db, dimension):
    """Every size that halfvec can index is accepted, and a vector of it is stored."""
    one = space(dimension=dimension)
    await db.register(one)
    await db.indexed("ann", one, [1.0] + [0.0] * (dimension - 1), tags=["t" * 60] * 10)
    assert 1 == await db.owner.fetchval("SELECT count(*) FROM search.image_embeddings")


@pytest.mark.parametrize(
    "changes",
    [
        {"dimension": 0},
        {"dimension": 4001},
        {"metric": "L2"},
        {"kind": "USER"},
        {"space_id": "x'; DROP SCHEMA search; --@000000000000"},
        {"space_id": "tiny"},
    ],
)
async def test_spaces_that_cannot_be_stored(db, changes):
    """A space outside what is stored here is refused, and leaves nothing behind."""
    with pytest.raises(InvalidInput):
        await db.register(dataclasses.replace(space(), **changes))
    assert 0 == await db.owner.fetchval("SELECT count(*) FROM search.spaces")


async def test_one_id_has_one_meaning(db):
    """The same id with another preprocessing is refused."""
    one = space()
    await db.register(one)
    with pytest.raises(InvalidInput):
        await db.register(dataclasses.replace(one, preprocessing="p2"))


async def test_model_is_readable(db):
    """The view shows each vector's model as name@version."""
    one = space()
    await db.register(one)
    asset_id = await db.indexed("ann", one, [1.0] + [0.0] * 31)
    row = await db.worker.fetchrow("SELECT asset_id, model FROM search.image_embedding_models")
    assert (asset_id, "tiny@r1") == tuple(row)
