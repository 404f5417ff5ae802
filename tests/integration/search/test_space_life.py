"""Which changes of spaces are legal, whom they serve, and what becomes of assets meanwhile."""

from __future__ import annotations

import uuid

import asyncpg
import pytest
from kioku.events.v1 import events_pb2
from kioku_rt.errors import InvalidInput, KiokuError
from kioku_rt.reasons import Reason
from kioku_search.assets.asset import Failure
from kioku_search.assets.asset_events import announce_uploaded, request_again
from kioku_search.assets.asset_row import visible_asset
from kioku_search.spaces import space_life
from kioku_search.spaces.space import IMAGE, in_canary
from kioku_search.spaces.space_life_store import SpaceLifeStore
from kioku_search.vectors.indexing import Effect

from tests.integration.search.film import film
from tests.integration.search.model_change import NEW, OLD, Change, vector_in
from tests.integration.search.rig import space

BAD = Failure(Reason.IMAGE_TRUNCATED, "It ends early.")
OWNERS = [f"owner-{number}" for number in range(200)]


@pytest.fixture
def change(db, monkeypatch):
    """The use cases; nobody waits for what never comes."""
    monkeypatch.setattr(space_life, "_PATIENCE_SECONDS", 0.0)
    return Change(db)


async def promote(change, one=NEW, accept=0):
    return await change.life.promote(one.space_id, accept_failures=accept, actor="op")


async def canary(change, percent, accept=0):
    return await change.life.set_canary(NEW.space_id, percent, accept_failures=accept, actor="op")


async def served(change, owner):
    return (await change.spaces.serving(IMAGE, owner)).space_id


async def filled(change, count=3):
    ids = await change.begin(count)
    for one in ids:
        assert Effect.DONE == await change.put(one)
    return ids


async def a_while_later(change):
    """Every process has heard of the change by now."""
    await change.db.owner.execute(
        "UPDATE search.spaces SET serving_changed_at = serving_changed_at - interval '1 min'"
    )


async def refusal(work):
    with pytest.raises(KiokuError) as refused:
        await work
    return refused.value.reason


async def test_a_space_that_lacks_vectors_serves_nobody(change):
    """Neither a canary nor a promotion; the refusal says how many are missing."""
    ids = await change.begin(3)
    await change.put(ids[0])
    for work in (canary(change, 0), canary(change, 10), promote(change)):
        with pytest.raises(KiokuError) as refused:
            await work
        assert (Reason.SPACE_NOT_COMPLETE, "2") == (
            refused.value.reason,
            refused.value.metadata["pending"],
        )
    assert OLD.space_id == await served(change, "ann")


async def test_promotion_and_rollback_change_places(change):
    """The space before stands by; one call goes back, one more goes forth again."""
    await filled(change)
    found, before = await promote(change)
    assert ("active", OLD.space_id) == (found.known.state, before)
    assert ("standby", NEW.space_id) == (await change.state(OLD), await served(change, "ann"))
    found, before = await change.life.roll_back("", force=False, actor="op")
    assert (OLD.space_id, NEW.space_id) == (found.known.space.space_id, before)
    assert ("standby", OLD.space_id) == (await change.state(NEW), await served(change, "ann"))
    await promote(change)
    assert ("active", "standby") == (await change.state(NEW), await change.state(OLD))
    actions = await change.db.owner.fetch(
        "SELECT action, actor FROM search.audit_logs WHERE action LIKE 'space.%' ORDER BY id"
    )
    assert [("space.promote", "op")] * 3 == [tuple(row) for row in actions]


async def test_without_a_space_before_there_is_no_rollback(change):
    """The first space has nothing to go back to."""
    await change.db.register(OLD)
    work = change.life.roll_back("", force=True, actor="op")
    assert Reason.SPACE_STATE_WRONG is await refusal(work)


async def test_a_canary_serves_its_share(change):
    """By a hash on which database and service agree; a share that grows keeps its owners."""
    await filled(change)
    shares = []
    for percent in (0, 10, 50, 100):
        await canary(change, percent)
        chosen = {owner for owner in OWNERS if await served(change, owner) == NEW.space_id}
        assert chosen == {owner for owner in OWNERS if in_canary(NEW.space_id, owner, percent)}
        rows = await change.db.worker.fetch(
            "SELECT owner FROM unnest($1::text[]) owner"
            " WHERE search.serving_space('IMAGE', owner) = $2",
            OWNERS,
            NEW.space_id,
        )
        assert chosen == {row["owner"] for row in rows}
        shares.append(chosen)
    assert [0, 200] == [len(shares[0]), len(shares[3])]
    assert 5 <= len(shares[1]) <= 40
    assert shares[0] < shares[1] < shares[2] < shares[3]


@pytest.mark.parametrize("percent", [-1, 101])
async def test_a_share_is_a_percentage(change, percent):
    """0 to 100."""
    await filled(change, 0)
    with pytest.raises(InvalidInput):
        await canary(change, percent)


async def test_one_canary_at_a_time(change):
    """A second one is refused by the table itself."""
    await filled(change, 1)
    await canary(change, 5)
    third = space("third", 8)
    await change.db.register(third)
    await change.jobs.start(third.space_id, 600, None, "op")
    await change.db.owner.execute("DELETE FROM search.assets")
    work = change.life.set_canary(third.space_id, 1, accept_failures=0, actor="op")
    assert Reason.SPACE_STATE_WRONG is await refusal(work)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("registered", "canary"),
        ("registered", "active"),
        ("canary", "backfilling"),
        ("active", "canary"),
        ("retired", "registered"),
    ],
)
async def test_illegal_changes_are_refused_by_the_table(change, before, after):
    """Whoever tries, in whatever statement."""
    await change.db.register(NEW)
    for trigger in ("DISABLE", "ENABLE"):
        await change.db.owner.execute(
            f"ALTER TABLE search.spaces {trigger} TRIGGER spaces_transition"
        )
        if trigger == "DISABLE":
            await change.db.owner.execute("UPDATE search.spaces SET state = $1", before)
    with pytest.raises(asyncpg.CheckViolationError, match="cannot go"):
        await change.db.owner.execute("UPDATE search.spaces SET state = $1", after)


async def test_only_the_functions_change_spaces(change):
    """The roles of the service may not write the table."""
    await change.db.register(OLD)
    for pool in (change.db.api, change.db.worker):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await pool.execute("UPDATE search.spaces SET state = 'retired'")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await change.db.api.execute("SELECT search.retire_space($1)", OLD.space_id)


async def test_a_promotion_counts_what_became_ready_at_the_last_moment(change):
    """What the long look did not see is seen by the one that is alone with the spaces."""
    await filled(change)
    store = SpaceLifeStore(change.db.worker)
    gap = await store.gap(NEW.space_id)
    assert (0, 0) == (gap.pending, gap.failed)
    late = await change.db.indexed("ann", OLD, vector_in(OLD, "late"))
    step = space_life.Step(NEW.space_id, None, NEW.space_id, force=False, actor="op")
    assert 1 == await store.take(step, gap.taken_at)
    assert "backfilling" == await change.state()
    await change.put(late)
    assert 0 == await store.take(step, gap.taken_at)
    assert "active" == await change.state()


async def test_failures_must_be_accepted_by_number(change):
    """One that is accepted is FAILED afterwards, with its reason, and back after a rollback."""
    ids = await change.begin(3)
    for one in ids[:2]:
        await change.put(one)
    assert Effect.DONE == await change.fail(BAD, ids[2])
    assert "READY" == await change.asset_state(ids[2])
    assert Reason.SPACE_NOT_COMPLETE is await refusal(promote(change))
    await promote(change, accept=1)
    row = await change.db.owner.fetchrow(
        "SELECT state, reason FROM search.assets WHERE asset_id = $1", ids[2]
    )
    assert ("FAILED", "IMAGE_TRUNCATED") == tuple(row)
    assert "READY" == await change.asset_state(ids[0])
    await change.life.roll_back("", force=False, actor="op")
    await a_while_later(change)
    await change.settling.settle()
    assert "READY" == await change.asset_state(ids[2])


async def test_ready_means_found_in_both_while_a_change_is_young(change):
    """A process that has not heard of it yet searches in the space before."""
    await filled(change)
    await promote(change)
    new = await change.db.stored_asset("ann")
    await change.put(new, NEW)
    assert "PROCESSING" == await change.asset_state(new)
    await change.put(new, OLD)
    assert "READY" == await change.asset_state(new)
    other = await change.db.stored_asset("ann")
    await change.put(other, NEW)
    await a_while_later(change)
    assert 1 == await change.settling.settle()
    assert "READY" == await change.asset_state(other)
    assert 0 == await change.settling.settle()


async def test_a_vector_that_came_before_its_space_served_counts(change):
    """What waited in the old space is READY by the new one's vector."""
    await filled(change)
    waiting = await change.db.stored_asset("ann")
    await change.put(waiting, NEW)
    assert "PROCESSING" == await change.asset_state(waiting)
    await promote(change)
    await a_while_later(change)
    await change.settling.settle()
    assert "READY" == await change.asset_state(waiting)


async def test_a_video_follows_its_space(change):
    """Frames that had their vectors in the new space before it served are done when it does."""
    other = space("frames", 32)
    video = await film(change.db)
    await change.db.register(other)
    await change.jobs.start(other.space_id, 600, None, "op")
    await video.cut(0, 3, 3)
    await video.embed(0)
    await video.embed(0, 1, 2, one=other)
    assert "PROCESSING" == (await video.standing())[0]
    await promote(change, other)
    assert 3 == (await video.asset()).video.embedded
    assert "PROCESSING" == (await video.standing())[0]
    await a_while_later(change)
    assert 1 == await change.settling.settle()
    assert ("READY", {"frames": "DONE", "embedding": "DONE"}) == await video.standing()
    assert 3 == (await video.asset()).video.embedded


async def test_a_forced_rollback_shows_what_is_missing(change):
    """Refused while vectors are missing; by force their assets are PROCESSING until mended."""
    await filled(change)
    await promote(change)
    lost = uuid.uuid4()
    await change.db.stored_asset("ann", asset_id=lost)
    await a_while_later(change)
    await change.put(lost, NEW)
    assert "READY" == await change.asset_state(lost)
    work = change.life.roll_back("", force=False, actor="op")
    assert Reason.SPACE_NOT_COMPLETE is await refusal(work)
    await change.life.roll_back("", force=True, actor="op")
    assert ("PROCESSING", OLD.space_id) == (
        await change.asset_state(lost),
        await served(change, "ann"),
    )


async def test_retiring_drops_the_vectors(change):
    """The partition goes at once; late vectors are let go, and registering begins anew."""
    ids = await filled(change)
    partition = await change.db.partition(NEW.space_id)
    found = await change.life.retire(NEW.space_id, force=False, actor="op")
    assert "retired" == found.known.state
    assert await change.db.owner.fetchval("SELECT to_regclass($1) IS NULL", f"search.{partition}")
    assert Effect.RETIRED == await change.put(ids[0])
    assert Reason.SPACE_UNKNOWN is await refusal(change.spaces.searchable(NEW.space_id))
    again = await change.life.register(None, NEW.space_id, "op")
    assert "registered" == again.known.state
    assert Effect.DONE == await change.put(ids[0])


async def test_what_is_needed_is_not_retired_by_mistake(change):
    """The active space, a canary with owners and the way back need force."""
    await filled(change)
    await canary(change, 1)
    for one in (OLD, NEW):
        work = change.life.retire(one.space_id, force=False, actor="op")
        assert Reason.SPACE_IN_USE is await refusal(work)
    await promote(change)
    work = change.life.retire(OLD.space_id, force=False, actor="op")
    assert Reason.SPACE_IN_USE is await refusal(work)
    await change.life.retire(OLD.space_id, force=True, actor="op")
    assert "retired" == await change.state(OLD)


async def test_one_space_is_kept_for_going_back(change):
    """The one before the one before is kept, but no longer filled."""
    await filled(change, 1)
    await promote(change)
    third = space("third", 8)
    await change.db.register(third)
    await change.jobs.start(third.space_id, 600, None, "op")
    await change.db.owner.execute("DELETE FROM search.assets")
    await promote(change, third)
    states = [await change.state(one) for one in (OLD, NEW, third)]
    assert ["registered", "standby", "active"] == states


async def test_new_assets_are_wanted_in_every_live_space(change):
    """Filled, canary, active and the way back; not what is only registered."""
    await filled(change, 0)
    await change.db.register(space("third", 8))
    one = await change.db.stored_asset("ann")
    async with change.db.worker.acquire() as connection, connection.transaction():
        asset = await visible_asset(connection, "ann", one)
        await announce_uploaded(connection, asset)
    (uploaded,) = await change.orders(events_pb2.AssetUploaded)
    assert [OLD.space_id, NEW.space_id] == list(uploaded.space_ids)
    async with change.db.worker.acquire() as connection, connection.transaction():
        await request_again(connection, asset)
    assert {OLD.space_id, NEW.space_id} == {order.space_id for order in await change.orders()}
    await canary(change, 100)
    async with change.db.worker.acquire() as connection, connection.transaction():
        await announce_uploaded(connection, asset)
    (uploaded,) = await change.orders(events_pb2.AssetUploaded)
    assert [NEW.space_id, OLD.space_id] == list(uploaded.space_ids)
