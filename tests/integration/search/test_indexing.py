"""`embedding.ready` and `asset.failed`: once, late, twice, in either order, and broken."""

from __future__ import annotations

import dataclasses
import uuid

import numpy as np
import pytest
import pytest_asyncio
from kioku_rt.reasons import Reason
from kioku_search.assets.asset import AssetState, Failure
from kioku_search.assets.asset_store import AssetStore
from kioku_search.spaces.space import Spaces
from kioku_search.spaces.space_store import SpaceStore
from kioku_search.vectors.indexing import Effect, Failed, Indexing, Item, Origin, Ready
from kioku_search.vectors.vector_store import VectorStore
from kioku_search.videos.frame_store import FrameStore

from tests.integration.search.rig import FakeEmbedder, space, unit, user

FAILURE = Failure(Reason.IMAGE_TRUNCATED, "The image ends early.")


@pytest_asyncio.fixture
async def indexing(db):
    spaces = Spaces(SpaceStore(db.worker), FakeEmbedder(space()))
    return Indexing(VectorStore(db.worker), FrameStore(db.worker), spaces)


def ready(asset_id, vector=None, *, event="e1", generation=1, one=None, owner="ann"):
    one = one or space()
    vector = unit("v", one.dimension) if vector is None else vector
    raw = np.asarray(vector).astype("<f4").tobytes()
    return Ready(Origin(event, owner, asset_id, generation, 1), one, [Item(raw)])


def failed(asset_id, *, event="f1", generation=1):
    return Failed(Origin(event, "ann", asset_id, generation, 6), "embedding", FAILURE)


async def asset(db, asset_id):
    return await AssetStore(db.api).find(user("ann"), asset_id, "")


async def vectors(db):
    return await db.owner.fetch("SELECT * FROM search.image_embeddings")


async def test_a_vector_makes_its_asset_ready(db, indexing):
    """Unknown space registered, vector stored, stage done, asset READY, outcome on record."""
    asset_id = await db.stored_asset("ann", tags=["t"])
    assert Effect.DONE is await indexing.vector_ready(ready(asset_id))
    row = (await vectors(db))[0]
    assert np.allclose(unit("v"), row["embedding"], atol=1e-3)
    assert (["t"], "IMAGE") == (row["tags"], row["kind"])
    found = await asset(db, asset_id)
    assert (AssetState.READY, 1.0) == (found.state, found.progress)
    audit = await db.owner.fetchrow("SELECT action, subject, outcome FROM search.audit_logs")
    assert ("embedding.store", str(asset_id), "ok") == tuple(audit)


async def test_the_same_event_twice_has_one_effect(db, indexing):
    """A second delivery changes nothing and adds no audit row."""
    asset_id = await db.stored_asset("ann")
    await indexing.vector_ready(ready(asset_id))
    assert Effect.AGAIN is await indexing.vector_ready(ready(asset_id, unit("other")))
    assert np.allclose(unit("v"), (await vectors(db))[0]["embedding"], atol=1e-3)
    assert 1 == await db.owner.fetchval("SELECT count(*) FROM search.audit_logs")


async def test_an_older_try_does_not_overwrite_a_newer_one(db, indexing):
    """Generation 1 that comes after generation 2 leaves its vector."""
    asset_id = await db.stored_asset("ann", generation=2)
    await indexing.vector_ready(ready(asset_id, unit("new"), event="e2", generation=2))
    await indexing.vector_ready(ready(asset_id, unit("old"), event="e1", generation=1))
    assert np.allclose(unit("new"), (await vectors(db))[0]["embedding"], atol=1e-3)


async def test_a_vector_of_an_older_try_still_counts(db, indexing):
    """A late answer to the first try makes the asset READY, though a second was ordered."""
    asset_id = await db.stored_asset("ann", generation=2)
    await indexing.vector_ready(ready(asset_id, generation=1))
    assert AssetState.READY is (await asset(db, asset_id)).state


async def test_a_failure_is_shown_with_its_reason(db, indexing):
    """On the stage, on the asset, and in the audit log."""
    asset_id = await db.stored_asset("ann")
    assert Effect.DONE is await indexing.stage_failed(failed(asset_id))
    found = await asset(db, asset_id)
    assert (AssetState.FAILED, FAILURE) == (found.state, found.failure)
    assert (6, FAILURE) == (found.stages[0].attempts, found.stages[0].failure)
    audit = await db.owner.fetchrow("SELECT outcome, reason FROM search.audit_logs")
    assert ("failed", "IMAGE_TRUNCATED") == tuple(audit)


async def test_a_failure_after_the_vector_changes_nothing(db, indexing):
    """READY stays READY."""
    asset_id = await db.stored_asset("ann")
    await indexing.vector_ready(ready(asset_id))
    assert Effect.OVERTAKEN is await indexing.stage_failed(failed(asset_id))
    assert AssetState.READY is (await asset(db, asset_id)).state


async def test_a_vector_after_the_failure_wins(db, indexing):
    """FAILED becomes READY, and the failure is gone."""
    asset_id = await db.stored_asset("ann")
    await indexing.stage_failed(failed(asset_id))
    await indexing.vector_ready(ready(asset_id))
    found = await asset(db, asset_id)
    assert (AssetState.READY, None, None) == (found.state, found.failure, found.stages[0].failure)


async def test_a_failure_of_an_older_try_changes_nothing(db, indexing):
    """After a retry, the first try's failure is no news."""
    asset_id = await db.stored_asset("ann", generation=2)
    assert Effect.OVERTAKEN is await indexing.stage_failed(failed(asset_id, generation=1))
    assert AssetState.PROCESSING is (await asset(db, asset_id)).state


@pytest.mark.parametrize(
    ("vector", "reason"),
    [
        (np.full(32, np.nan), Reason.VECTOR_NOT_FINITE),
        (np.full(32, np.inf), Reason.VECTOR_NOT_FINITE),
        (np.zeros(32), Reason.VECTOR_ZERO_NORM),
        (np.full(32, 1e-40), Reason.VECTOR_ZERO_NORM),
        (unit("x", 31), Reason.VECTOR_WRONG_DIMENSION),
        (unit("x", 33), Reason.VECTOR_WRONG_DIMENSION),
        (np.zeros(0), Reason.VECTOR_WRONG_DIMENSION),
    ],
)
async def test_a_broken_vector_fails_its_asset_alone(db, indexing, vector, reason):
    """The reason is on the asset; nothing is stored; the next asset goes on."""
    bad, good = await db.stored_asset("ann"), await db.stored_asset("ann")
    result = await indexing.vector_ready(ready(bad, vector))
    assert reason is result.reason
    assert reason is (await asset(db, bad)).failure.reason
    assert Effect.DONE is await indexing.vector_ready(ready(good, event="e2"))
    assert [good] == [row["asset_id"] for row in await vectors(db)]


async def test_a_vector_that_is_not_of_length_one_is_made_so(db, indexing):
    """Also one whose squares would overflow single precision."""
    asset_id = await db.stored_asset("ann")
    await indexing.vector_ready(ready(asset_id, np.full(32, 1e30)))
    stored = (await vectors(db))[0]["embedding"].astype(np.float64)
    assert abs(np.linalg.norm(stored) - 1) < 1e-2


async def test_a_picture_has_one_vector(db, indexing):
    """Two or none are refused."""
    asset_id = await db.stored_asset("ann")
    two = dataclasses.replace(ready(asset_id), items=[Item(b""), Item(b"")])
    assert Reason.FIELD_INVALID is (await indexing.vector_ready(two)).reason


async def test_a_space_that_cannot_be_stored(db, indexing):
    """A face's or another metric's space is refused with a reason, not retried."""
    asset_id = await db.stored_asset("ann")
    result = await indexing.vector_ready(ready(asset_id, one=space(metric="L2")))
    assert Reason.FIELD_INVALID is result.reason


async def test_a_vector_of_a_space_not_in_use_does_not_finish_the_stage(db, indexing):
    """READY means that searches find it, so only the active space's vector counts."""
    await db.register(space())
    asset_id = await db.stored_asset("ann")
    await indexing.vector_ready(ready(asset_id, one=space("other")))
    assert AssetState.PROCESSING is (await asset(db, asset_id)).state
    assert 1 == len(await vectors(db))


@pytest.mark.parametrize("state", ["DELETING", "removed"])
async def test_nothing_is_written_for_a_dead_asset(db, indexing, state):
    """Neither while it is being deleted nor after."""
    asset_id = await db.stored_asset("ann")
    await db.owner.execute("UPDATE search.assets SET state = 'DELETING'")
    await db.owner.execute(
        "INSERT INTO search.deletions (owner, asset_id, sweep_after) VALUES ('ann', $1, now())",
        asset_id,
    )
    if state == "removed":
        await db.owner.execute("DELETE FROM search.assets")
    assert Effect.DEAD_ASSET is await indexing.vector_ready(ready(asset_id))
    assert Effect.DEAD_ASSET is await indexing.stage_failed(failed(asset_id))
    assert [] == await vectors(db)


async def test_an_asset_that_never_was(db, indexing):
    """Neither another owner's asset nor an invented one gets a vector."""
    asset_id = await db.stored_asset("bob")
    assert Effect.UNKNOWN is await indexing.vector_ready(ready(asset_id))
    assert Effect.UNKNOWN is await indexing.vector_ready(ready(uuid.uuid4(), event="e2"))
    assert [] == await vectors(db)
