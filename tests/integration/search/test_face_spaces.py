"""Spaces of faces: which one serves, how another takes its place, what they look like."""

from __future__ import annotations

import dataclasses
import uuid

import pytest
from kioku_rt.errors import InvalidInput, KiokuError
from kioku_rt.reasons import Reason
from kioku_search.indexes.index import IndexMethod, OperatorClass, Parameters
from kioku_search.indexes.plans import check_plans
from kioku_search.spaces.backfill import Backfills
from kioku_search.spaces.backfill_store import BackfillStore
from kioku_search.spaces.space import Spaces
from kioku_search.spaces.space_life import SpaceLife
from kioku_search.spaces.space_life_store import SpaceLifeStore
from kioku_search.spaces.space_store import SpaceStore

from tests.integration.search.face_rig import OWNER, SPACE, put
from tests.integration.search.rig import space, unit

NEXT = space("next", 16, kind="FACE")


@pytest.fixture
def spaces(db):
    return Spaces(SpaceStore(db.worker), None)


@pytest.fixture
def life(db, spaces):
    async def nothing():
        """No asset's state follows a change of faces."""

    return SpaceLife(SpaceLifeStore(db.worker), spaces, None, nothing)


async def test_a_space_of_faces_is_a_kind_of_its_own(db):
    """The first is active whatever pictures have, with its partition, policies and model."""
    pictures = space()
    assert ["active", "active", "registered"] == [
        await db.register(one) for one in (pictures, SPACE, NEXT)
    ]
    await put(db, {uuid.uuid4(): unit("a")})
    partition = await db.partition(SPACE.space_id)
    assert partition.startswith("face_embeddings_")
    rows = await db.owner.fetchrow(
        "SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE relname = $1", partition
    )
    assert (True, True) == tuple(rows)
    assert "arc@r1" == await db.owner.fetchval("SELECT model FROM search.face_embedding_models")
    await check_plans(db.worker)


async def test_lists_by_product_as_the_specification_names_it(db):
    """ivfflat with halfvec_ip_ops, by setting."""
    wanted = Parameters(IndexMethod.IVFFLAT, OperatorClass.INNER_PRODUCT, lists=10)
    await SpaceStore(db.worker, Parameters(), wanted).register(SPACE)
    text = await db.owner.fetchval(
        "SELECT indexdef FROM pg_indexes WHERE tablename = $1 AND indexname LIKE '%ivfflat'",
        await db.partition(SPACE.space_id),
    )
    assert "USING ivfflat (((embedding)::halfvec(32)) halfvec_ip_ops) WITH (lists='10')" in text
    await check_plans(db.worker)


async def test_what_is_no_space_of_faces_is_refused(db):
    """Faces are of length one and compared by cosine."""
    for wrong in ({"normalised": False}, {"metric": "L2"}):
        with pytest.raises(InvalidInput):
            await db.register(dataclasses.replace(SPACE, **wrong))


async def test_promoted_when_every_face_is_there_and_rolled_back(db, life):
    """Refused while faces lack; then one step; and back, as long as nothing new came."""
    one, two = uuid.uuid4(), uuid.uuid4()
    await put(db, {one: unit(1), two: unit(2)})
    await put(db, {one: unit(1, 16)}, one=NEXT)
    with pytest.raises(KiokuError) as caught:
        await life.set_canary(NEXT.space_id, 10, accept_failures=0, actor="o")
    assert Reason.SPACE_STATE_WRONG is caught.value.reason
    await put(db, {two: unit(2, 16)}, one=NEXT)
    found, before = await life.promote(NEXT.space_id, accept_failures=0, actor="o")
    assert ("active", SPACE.space_id) == (found.known.state, before)
    found, before = await life.roll_back("FACE", force=False, actor="o")
    assert (SPACE.space_id, NEXT.space_id) == (found.known.space.space_id, before)
    await life.promote(NEXT.space_id, accept_failures=0, actor="o")
    await life.retire(SPACE.space_id, force=True, actor="o")
    assert 2 == await db.owner.fetchval("SELECT count(*) FROM search.face_embeddings")


async def test_a_space_that_lacks_faces_does_not_serve(db, life, monkeypatch):
    """The answer says how many."""
    monkeypatch.setattr("kioku_search.spaces.space_life._PATIENCE_SECONDS", 0.2)
    await put(db, {uuid.uuid4(): unit(1), uuid.uuid4(): unit(2)})
    await db.register(NEXT)
    with pytest.raises(KiokuError) as caught:
        await life.promote(NEXT.space_id, accept_failures=0, actor="o")
    assert Reason.SPACE_NOT_COMPLETE is caught.value.reason
    assert "2" == caught.value.metadata["pending"]


async def test_nothing_is_ordered_for_a_space_of_faces(db, spaces):
    """It is `face` that looks at its pictures again."""
    await db.register(SPACE)
    with pytest.raises(KiokuError) as caught:
        await Backfills(BackfillStore(db.worker), spaces, None).start(
            SPACE.space_id, 0, None, actor=OWNER
        )
    assert Reason.SPACE_STATE_WRONG is caught.value.reason
