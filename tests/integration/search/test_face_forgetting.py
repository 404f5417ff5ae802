"""What is erased is gone from every answer and label, and nothing brings it back."""

from __future__ import annotations

import asyncio
import uuid
from datetime import timedelta

import pytest
from kioku_search.assets.asset import Kind
from kioku_search.assets.deletion_store import DeletionStore
from kioku_search.faces.face import ConsentChange
from kioku_search.faces.keeping_store import ConsentStore, KeepingStore
from kioku_search.faces.near_store import FaceNearStore
from kioku_search.vectors.indexing import Effect

from tests.integration.search.face_rig import (
    ADA,
    BEN,
    OWNER,
    access,
    agrees,
    ids,
    link,
    matched,
    put,
    stored,
)
from tests.integration.search.rig import space, unit, user


@pytest.fixture
def keeping(db):
    return KeepingStore(db.api)


@pytest.fixture
def nearby(db):
    return FaceNearStore(db.api, ef_search=200)


async def test_an_erased_face_never_comes_back(db, keeping, nearby):
    """Not by a replay, a new detection, a link, or in another space."""
    asset = await db.stored_asset(OWNER)
    face, kept = ids(2)
    vectors = {face: unit("ada"), kept: unit("kept")}
    await put(db, vectors, asset_id=asset, event_id="e-1")
    await keeping.link(access(), [link(face, ADA, asset_id=asset)])
    await keeping.set_people(access(), [agrees(ADA)])
    erased = await keeping.erase(access(), ADA, [])
    assert 1 == erased.vectors
    assert Effect.AGAIN is await put(db, vectors, asset_id=asset, event_id="e-1")
    assert Effect.OVERTAKEN is await put(db, {face: unit("ada")}, asset_id=asset, generation=9)
    assert Effect.OVERTAKEN is await put(db, {face: unit(1, 16)}, one=space("b", 16, kind="FACE"))
    assert 0 == await keeping.link(access(), [link(face, ADA, 99)])
    assert {kept} == await stored(db)
    assert [] == await matched(nearby, unit("ada"))
    again = await keeping.erase(access(), ADA, [face])
    assert 0 == again.vectors
    assert erased.scrub_ticket < again.scrub_ticket


async def test_an_erasure_before_the_vector(db, keeping):
    """The tombstone is there first, and the vector that comes late is not stored."""
    (face,) = ids(1)
    await keeping.erase(access(), None, [face])
    assert Effect.OVERTAKEN is await put(db, {face: unit("ada")})
    assert set() == await stored(db)


async def test_a_consent_event_does_the_same_once(db, keeping, nearby):
    """What `SetPeople` and `EraseFaces` say, for a search that was away."""
    (face,) = ids(1)
    await put(db, {face: unit("ada")})
    await keeping.link(access(), [link(face, ADA)])
    consents = ConsentStore(db.worker)
    granted = ConsentChange("e-1", OWNER, "u", 1, agrees(ADA), [])
    taken = ConsentChange("e-2", OWNER, "u", 2, agrees(ADA, 2, consented=False), [face])
    assert await consents.change(granted)
    assert [ADA] == await matched(nearby, unit("ada"), sequence=1)
    assert await consents.change(taken)
    assert not await consents.change(granted)
    assert [] == await matched(nearby, unit("ada"), sequence=2)
    assert set() == await stored(db)


async def test_stores_and_erasures_at_once(db, keeping):
    """Whatever comes first, no erased face is there in the end, and nobody waits for ever."""
    asset = await db.stored_asset(OWNER)
    faces = ids(12)
    puts = [put(db, {one: unit(str(one))}, asset_id=asset) for one in faces]
    links = [keeping.link(access(), [link(one, ADA, asset_id=asset)]) for one in faces]
    erasures = [keeping.erase(access(), None, [one]) for one in faces[:6]]
    await asyncio.gather(*puts, *links, *erasures)
    assert set(faces[6:]) == await stored(db)


async def test_a_deleted_asset_takes_its_faces_with_it(db, keeping):
    """In the deleting transaction, on the receipt, with links and a scrub to come."""

    asset = await db.stored_asset(OWNER)
    face, enrolled = ids(2)
    await put(db, {face: unit("ada")}, asset_id=asset)
    await put(db, {enrolled: unit("ada")})
    await keeping.link(access(), [link(face, ADA, asset_id=asset)])
    store = DeletionStore(db.api, db.worker)
    delays = dict.fromkeys(Kind, timedelta(0))
    await store.order(user(OWNER), asset, ("search",), delays)
    removed = await db.owner.fetchval("SELECT removed->>'face_embeddings' FROM search.deletions")
    assert "1" == removed
    assert {enrolled} == await stored(db)
    assert 0 == await db.owner.fetchval("SELECT count(*) FROM search.face_links")
    assert 1 == await db.owner.fetchval("SELECT sum(vectors) FROM search.face_erasures")
    assert 0 == await keeping.link(access(), [link(face, ADA, 2, asset_id=asset)])
    assert Effect.DEAD_ASSET is await put(db, {face: unit("ada")}, asset_id=asset)


async def test_people_are_labels_of_assets(db, keeping):
    """Whoever agreed and has a face there; gone with link, consent, or face; the epoch goes up."""
    await db.register(space())
    asset = await db.indexed(OWNER, space(), unit(1))
    one, two = ids(2)
    await put(db, {one: unit("ada"), two: unit("ben")}, asset_id=asset)

    async def people():
        row = await db.owner.fetchrow(
            "SELECT a.people, e.tags FROM search.assets a JOIN search.image_embeddings e"
            " USING (owner, asset_id) WHERE a.asset_id = $1",
            asset,
        )
        assert [f"\x01person:{one}" for one in row["people"]] == row["tags"]
        rows = await db.owner.fetch("SELECT tag FROM search.asset_tags WHERE asset_id = $1", asset)
        assert set(row["tags"]) == {tag["tag"] for tag in rows}
        return {uuid.UUID(one) for one in row["people"]}

    async def epoch():
        return await db.owner.fetchval("SELECT sum(epoch) FROM search.owner_epochs")

    await keeping.set_people(access(), [agrees(ADA), agrees(BEN)])
    before = await epoch()
    await keeping.link(access(), [link(one, ADA, asset_id=asset), link(two, BEN, asset_id=asset)])
    assert {ADA, BEN} == await people()
    assert before < await epoch()
    await keeping.link(access(), [link(two, None, 2, asset_id=asset)])
    assert {ADA} == await people()
    await keeping.set_people(access(), [agrees(ADA, 2, consented=False)])
    assert set() == await people()
    await keeping.set_people(access(), [agrees(ADA, 3)])
    assert {ADA} == await people()
    before = await epoch()
    await keeping.erase(access(), ADA, [])
    assert set() == await people()
    assert before < await epoch()
