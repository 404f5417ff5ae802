"""An owner's epoch goes up with whatever can change an answer, and nobody waits for anybody."""

from __future__ import annotations

import uuid

import asyncpg
import pytest
from kioku_search.vectors.indexing import Effect, Origin
from kioku_search.vectors.vector_store import VectorStore

from tests.integration.search.rig import space, unit

SEEN = space()
LATER = space("later", 16)
NO_WAITING = "SET LOCAL lock_timeout = '300ms'"


async def epoch(db, owner="ann"):
    """What a search would read now."""
    return await db.api.fetchrow(
        "SELECT owner_epoch, spaces_epoch FROM search.answer_stamp($1, NULL)", owner
    )


@pytest.fixture
async def spaces(db):
    """One space is searched in, another is not yet."""
    assert ["active", "registered"] == [await db.register(one) for one in (SEEN, LATER)]
    return db


async def put(db, asset_id, one, vector, generation=1):
    origin = Origin(str(uuid.uuid4()), "ann", asset_id, generation, 1)
    assert Effect.DONE is await VectorStore(db.worker).put(origin, one.space_id, vector)


async def become(db, *steps):
    """Bring spaces into states, one step after the other."""
    for one, state in steps:
        await db.owner.execute(
            "UPDATE search.spaces SET state = $2 WHERE space_id = $1", one.space_id, state
        )


CHANGES = {
    "tags": "UPDATE search.assets SET tags = '{new}' WHERE asset_id = $1",
    "albums": "UPDATE search.assets SET albums = '{new}' WHERE asset_id = $1",
    "people": "UPDATE search.assets SET people = '{new}' WHERE asset_id = $1",
    "name": "UPDATE search.assets SET filename = 'new' WHERE asset_id = $1",
    "time": "UPDATE search.assets SET taken_at = now() WHERE asset_id = $1",
    "state": "UPDATE search.assets SET state = 'DELETING' WHERE asset_id = $1",
    "vector": "DELETE FROM search.image_embeddings WHERE asset_id = $1",
    "vector's tags": "UPDATE search.image_embeddings SET tags = '{new}' WHERE asset_id = $1",
    "words": "UPDATE search.asset_words SET words = 'new' WHERE asset_id = $1",
    "row": "DELETE FROM search.assets WHERE asset_id = $1",
}


@pytest.mark.parametrize("statement", CHANGES.values(), ids=CHANGES)
async def test_what_can_change_an_answer_counts(spaces, statement):
    """The owner's epoch goes up, and nobody else's does."""
    asset_id = await spaces.indexed("ann", SEEN, unit("a"))
    await spaces.indexed("bob", SEEN, unit("b"))
    before = [await epoch(spaces, owner) for owner in ("ann", "bob")]
    await spaces.owner.execute(statement, asset_id)
    after = [await epoch(spaces, owner) for owner in ("ann", "bob")]
    assert after[0]["owner_epoch"] > before[0]["owner_epoch"]
    assert before[1] == after[1]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE search.assets SET incoming_cleared = true WHERE asset_id = $1",
        "UPDATE search.assets SET updated_at = now() WHERE asset_id = $1",
    ],
)
async def test_what_no_answer_shows_does_not_count(spaces, statement):
    """Housekeeping leaves answers kept; so does an upload that is not complete."""
    asset_id = await spaces.indexed("ann", SEEN, unit("a"))
    before = await epoch(spaces)
    await spaces.owner.execute(statement, asset_id)
    await spaces.stored_asset("ann", state="UPLOADING")
    assert before == await epoch(spaces)


async def test_what_is_known_of_a_space_counts_for_everybody(spaces):
    """Relevance is told by it."""
    seen = [(await epoch(spaces))["spaces_epoch"]]
    for statement in (
        "INSERT INTO search.space_backgrounds VALUES ($1, 'TEXT', 0, 1, 30)",
        "DELETE FROM search.space_backgrounds WHERE space_id = $1",
    ):
        await spaces.worker.execute(statement, SEEN.space_id)
        seen.append((await epoch(spaces))["spaces_epoch"])
    assert sorted(set(seen)) == seen


async def test_a_transaction_that_fails_counts_nothing(spaces):
    """The epoch belongs to the transaction."""
    await spaces.indexed("ann", SEEN, unit("a"))
    before = await epoch(spaces)
    async with spaces.worker.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("SELECT search.touch_owner('ann')")
        await transaction.rollback()
    assert before == await epoch(spaces)


async def test_writers_of_one_owner_do_not_wait_for_each_other(spaces):
    """Three transactions at once, each counts, and the owner has as many rows as were at once."""
    await spaces.indexed("ann", SEEN, unit("a"))
    seen = [(await epoch(spaces))["owner_epoch"]]
    connections = [await spaces.worker.acquire() for _ in range(3)]
    transactions = [connection.transaction() for connection in connections]
    for connection, transaction in zip(connections, transactions, strict=True):
        await transaction.start()
        await connection.execute(NO_WAITING)
        await connection.execute("SELECT search.touch_owner('ann'), search.touch_owner('ann')")
    for connection, transaction in zip(connections, transactions, strict=True):
        await transaction.commit()
        await spaces.worker.release(connection)
        seen.append((await epoch(spaces))["owner_epoch"])
    assert sorted(set(seen)) == seen
    await spaces.worker.execute("SELECT search.touch_owner('ann')")
    assert 3 == await spaces.owner.fetchval("SELECT count(*) FROM search.owner_epochs")


async def test_filling_a_space_that_is_not_searched_counts_nothing(spaces):
    """Its promotion does, for everybody; and then its vectors do."""
    asset_id = await spaces.indexed("ann", SEEN, unit("a"))
    before = await epoch(spaces)
    await put(spaces, asset_id, LATER, unit("a", 16))
    assert before == await epoch(spaces)
    await become(spaces, (LATER, "backfilling"), (SEEN, "retired"), (LATER, "active"))
    promoted = await epoch(spaces)
    assert promoted["spaces_epoch"] > before["spaces_epoch"]
    await put(spaces, asset_id, LATER, unit("b", 16), generation=2)
    assert (await epoch(spaces))["owner_epoch"] > promoted["owner_epoch"]


async def test_a_promotion_waits_for_what_is_being_filled_in(spaces):
    """Else a vector could come into a searched space without its owner being touched."""
    await spaces.indexed("ann", SEEN, unit("a"))
    await become(spaces, (LATER, "backfilling"))
    async with spaces.worker.acquire() as connection, connection.transaction():
        await connection.execute(
            "INSERT INTO search.image_embeddings (space_id, owner, asset_id, generation, kind,"
            " tags, shown_at, embedding) VALUES ($1, 'ann', gen_random_uuid(), 1, 'IMAGE', '{}',"
            " now(), $2)",
            LATER.space_id,
            unit("b", 16),
        )
        async with spaces.owner.acquire() as other, other.transaction():
            await other.execute(NO_WAITING)
            with pytest.raises(asyncpg.LockNotAvailableError):
                await other.execute(
                    "UPDATE search.spaces SET state = 'canary' WHERE space_id = $1", LATER.space_id
                )


async def test_an_owner_reads_and_counts_only_their_own(spaces):
    """search_api is bound by row-level security here too."""
    await spaces.indexed("bob", SEEN, unit("b"))
    async with spaces.api.acquire() as connection:
        assert 0 == await connection.fetchval("SELECT count(*) FROM search.owner_epochs")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("SELECT search.touch_owner('bob')")
        async with connection.transaction():
            await connection.execute("SELECT set_config('kioku.owner', 'carol', true)")
            await connection.execute("SELECT search.touch_owner('carol')")
    assert (await epoch(spaces, "carol"))["owner_epoch"] > 0
