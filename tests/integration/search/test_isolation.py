"""Every way that row-level security is known to leak, tried."""

from __future__ import annotations

import uuid

import asyncpg
import pytest
import pytest_asyncio

from tests.integration.search.film import whole_film
from tests.integration.search.rig import space, unit

SET_OWNER = "SELECT set_config('kioku.owner', $1, true)"
TABLES = (
    "assets",
    "asset_tags",
    "asset_words",
    "asset_stages",
    "image_embeddings",
    "videos",
    "frames",
    "deletions",
    "deletion_purges",
    "owner_epochs",
    "result_pages",
)


@pytest_asyncio.fixture
async def two(db):
    """Ann and Bob with a picture each, Bob with a video, and with a picture that is deleted."""
    one = space()
    await db.register(one)
    ann = await db.indexed("ann", one, unit("ann"))
    bob = await db.indexed("bob", one, unit("bob"), tags=["secret"])
    await whole_film(db, "bob", 2)
    gone = uuid.uuid4()
    await db.owner.execute(
        "INSERT INTO search.deletions (owner, asset_id, sweep_after) VALUES ('bob', $1, now())",
        gone,
    )
    await db.owner.execute(
        "INSERT INTO search.deletion_purges (owner, asset_id, participant)"
        " VALUES ('bob', $1, 'search')",
        gone,
    )
    await db.owner.execute(
        "INSERT INTO search.result_pages (owner, ranking_id, digest, space_id, method, route,"
        " complete, asset_ids, distances, frame_nos, times, expires_at) VALUES ('bob',"
        " gen_random_uuid(), '', 's', 'VISUAL', '{}', true, ARRAY[$1::uuid], '{0}', '{NULL}',"
        " '{NULL}', now() + interval '1 h')",
        bob,
    )
    return one, ann, bob


@pytest.mark.parametrize("table", TABLES)
async def test_without_an_owner_nothing_is_seen(db, two, table):
    """No setting, and the empty one that an earlier transaction leaves, show nothing."""
    query = f"SELECT count(*) FROM search.{table}"
    async with db.api.acquire() as connection:
        assert 0 == await connection.fetchval(query)
        async with connection.transaction():
            await connection.execute(SET_OWNER, "bob")
            assert await connection.fetchval(query) > 0
        assert "" == await connection.fetchval("SELECT current_setting('kioku.owner', true)")
        assert 0 == await connection.fetchval(query)


@pytest.mark.parametrize("table", TABLES)
async def test_an_owner_sees_only_their_rows(db, two, table):
    """Also when the statement asks for somebody else's."""
    async with db.api.acquire() as connection, connection.transaction():
        await connection.execute(SET_OWNER, "ann")
        assert 0 == await connection.fetchval(
            f"SELECT count(*) FROM search.{table} WHERE owner = 'bob'"
        )


async def test_the_search_function_leaves_no_owner_behind(db, two):
    """After a search the connection acts for nobody."""
    one, _, _ = two
    async with db.api.acquire() as connection:
        rows = await connection.fetch(
            "SELECT * FROM search.nearest_images('ann', $1, $2, NULL, 5)", one.space_id, unit("x")
        )
        assert 1 == len(rows)
        assert 0 == await connection.fetchval("SELECT count(*) FROM search.image_embeddings")


async def test_a_partition_cannot_be_reached_past_its_parent(db, two):
    """The partition is not granted; even its owner-to-be sees nothing without an owner set."""
    one, _, _ = two
    partition = await db.partition(one.space_id)
    for pool in (db.api, db.worker):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await pool.fetch(f"SELECT * FROM search.{partition}")
    await db.owner.execute(f"GRANT SELECT ON search.{partition} TO search_api")
    assert [] == await db.api.fetch(f"SELECT * FROM search.{partition}")


async def test_the_view_of_models_is_not_for_callers(db, two):
    """Vectors by model are for the worker."""
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await db.api.fetch("SELECT * FROM search.image_embedding_models")


async def test_definer_function_is_not_for_callers(db):
    """Only the worker may register spaces."""
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await db.api.fetch(
            "SELECT search.register_space('m@000000000000','IMAGE','m','r',3,'COSINE','p',true,'f')"
        )


async def test_writing_for_another_owner_is_refused(db, two):
    """Neither insert, nor giving away, nor updating or deleting somebody else's row works."""
    _, _, bob = two
    async with db.api.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(SET_OWNER, "ann")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("UPDATE search.assets SET owner = 'bob'")
        await transaction.rollback()
        async with connection.transaction():
            await connection.execute(SET_OWNER, "ann")
            for statement in (
                "UPDATE search.assets SET filename = 'x' WHERE asset_id = $1",
                "DELETE FROM search.image_embeddings WHERE asset_id = $1",
                "DELETE FROM search.asset_stages WHERE asset_id = $1",
                "DELETE FROM search.frames WHERE asset_id = $1 OR true",
                "DELETE FROM search.videos WHERE asset_id = $1 OR true",
            ):
                assert (await connection.execute(statement, bob)).endswith(" 0")


async def test_keys_are_no_oracle(db, two):
    """Another owner's asset id behaves like a new one for unique and foreign keys alike."""
    _, _, bob = two
    insert = (
        "INSERT INTO search.assets (owner, asset_id, kind, state, filename, content_type,"
        " size_bytes, upload_until) VALUES ('ann', $1, 'IMAGE', 'UPLOADING', 'f', 'image/png', 1,"
        " now())"
    )
    stage = (
        "INSERT INTO search.asset_stages (owner, asset_id, stage, state)"
        " VALUES ('ann', $1, 's', 'PENDING')"
    )
    async with db.api.acquire() as connection:
        for foreign in (bob, uuid.uuid4()):
            transaction = connection.transaction()
            await transaction.start()
            await connection.execute(SET_OWNER, "ann")
            with pytest.raises(asyncpg.ForeignKeyViolationError):
                await connection.execute(stage, foreign)
            await transaction.rollback()
            async with connection.transaction():
                await connection.execute(SET_OWNER, "ann")
                assert "INSERT 0 1" == await connection.execute(insert, foreign)


@pytest.mark.parametrize("table", ["outbox", "audit_logs", "processed", "outbox_store"])
async def test_tables_of_all_owners_cannot_be_read_by_callers(db, table):
    """Events and audit rows speak of everybody; search_api can only add to two of them."""
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await db.api.fetch(f"SELECT * FROM search.{table}")


async def test_audit_rows_stay(db):
    """No application role can change or remove an audit row."""
    for pool in (db.api, db.worker):
        for statement in (
            "DELETE FROM search.audit_logs",
            "UPDATE search.audit_logs SET actor = ''",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await pool.execute(statement)
