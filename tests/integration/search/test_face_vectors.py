"""Vectors of faces are stored for live assets, matched with consent, and erased for good."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from kioku_rt.errors import InvalidInput, KiokuError
from kioku_rt.reasons import Reason
from kioku_search.faces.face import Asked
from kioku_search.faces.keeping_store import KeepingStore
from kioku_search.faces.matching import FaceMatching, Probe
from kioku_search.faces.near_store import FaceNearStore
from kioku_search.spaces.space import Spaces
from kioku_search.spaces.space_store import SpaceStore
from kioku_search.vectors.indexing import Effect

from tests.integration.search.face_rig import (
    ADA,
    ALL,
    BEN,
    OWNER,
    SPACE,
    access,
    agrees,
    ids,
    link,
    matched,
    near,
    probe,
    put,
    stored,
)
from tests.integration.search.rig import space, unit


@pytest.fixture
def keeping(db):
    return KeepingStore(db.api)


@pytest.fixture
def nearby(db):
    return FaceNearStore(db.api, ef_search=200)


async def test_a_consenting_persons_face_is_matched(db, keeping, nearby):
    """Only a reference of somebody who agreed, with user, best face and score."""
    face, poor, other = ids(3)
    vector = unit("ada")
    poor_vector = near(vector, 0.01, 1)
    assert Effect.DONE is await put(db, {face: vector, poor: poor_vector, other: unit("x")})
    links = [link(face, ADA), link(poor, ADA, reference=False), link(other, BEN)]
    assert 3 == await keeping.link(access(), links)
    assert [] == await matched(nearby, vector)
    people = [agrees(ADA, user_id="u-ada"), agrees(BEN, consented=False)]
    assert 2 == await keeping.set_people(access(), people)
    (found,) = await nearby.people(access(), probe(poor_vector), ALL, ())
    (hit,) = found
    assert (ADA, "u-ada", face) == (hit.person_id, hit.user_id, hit.face_id)
    assert float(poor_vector @ vector) == pytest.approx(hit.score, abs=2e-3)


async def test_consent_ends_by_itself(db, keeping, nearby):
    """A person whose time is over is not matched, whatever the row says."""
    (face,) = ids(1)
    await put(db, {face: unit("ada")})
    await keeping.link(access(), [link(face, ADA)])
    soon = datetime.now(UTC) + timedelta(hours=1)
    await keeping.set_people(access(), [agrees(ADA, expires_at=soon)])
    assert [ADA] == await matched(nearby, unit("ada"))
    over = datetime.now(UTC) - timedelta(seconds=1)
    await keeping.set_people(access(), [agrees(ADA, 2, expires_at=over)])
    assert [] == await matched(nearby, unit("ada"))


async def test_older_words_are_ignored(db, keeping, nearby):
    """Versions decide, not the order of arrival; a link may come before its vector."""
    (face,) = ids(1)
    assert 1 == await keeping.link(access(), [link(face, BEN, 5)])
    assert 0 == await keeping.link(access(), [link(face, ADA, 4)])
    await put(db, {face: unit("ada")})
    assert 1 == await keeping.set_people(access(), [agrees(BEN, 7)])
    assert 0 == await keeping.set_people(access(), [agrees(BEN, 6, consented=False)])
    assert [BEN] == await matched(nearby, unit("ada"))
    assert 1 == await keeping.link(access(), [link(face, None, 6)])
    assert [] == await matched(nearby, unit("ada"))


async def test_nearest_faces_are_the_owners_and_not_oneself(db, nearby, keeping):
    """Every face of the owner, linked or not, with its place; an unknown face is told apart."""
    asset = await db.stored_asset(OWNER)
    one, two, foreign = ids(3)
    await put(db, {one: unit("a"), two: near(unit("a"), 0.1, 2)}, asset_id=asset)
    await put(db, {foreign: unit("a")}, owner="bob")
    await keeping.link(access(), [link(two, ADA, asset_id=asset)])
    asked = Probe(SPACE.space_id, [(one, None), (uuid.uuid4(), None), (foreign, None)])
    found = await nearby.faces(access(), asked, ALL)
    assert [True, False, False] == [one is not None for one in found]
    (hit,) = found[0]
    assert (two, asset, None, ADA) == (hit.face_id, hit.asset_id, hit.frame_no, hit.person_id)


async def test_owners_never_meet(db, keeping, nearby):
    """Neither matches, links, consents nor erasures of one owner reach another's faces."""
    (face,) = ids(1)
    await put(db, {face: unit("ada")})
    await keeping.link(access(), [link(face, ADA)])
    await keeping.set_people(access(), [agrees(ADA)])
    assert [] == await matched(nearby, unit("ada"), owner="bob")
    await keeping.link(access("bob"), [link(face, BEN, 9)])
    await keeping.set_people(access("bob"), [agrees(ADA, 9, consented=False), agrees(BEN)])
    erased = await keeping.erase(access("bob"), ADA, [face])
    assert 0 == erased.vectors
    assert [ADA] == await matched(nearby, unit("ada"))


async def test_search_refuses_while_it_is_behind(keeping, nearby):
    """Changes may come in any order; only when none is missing is there an answer."""
    for sequence, heard in ((3, 0), (1, 1), (1, 1), (2, 3), (5, 3), (4, 5)):
        await keeping.set_people(access(sequence=sequence), [])
        await nearby.people(access(sequence=heard), probe(unit(1)), ALL, ())
        for ask in (nearby.people, nearby.faces):
            more = ((),) if ask == nearby.people else ()
            with pytest.raises(KiokuError) as caught:
                await ask(access(sequence=heard + 1), probe(unit(1)), ALL, *more)
            assert Reason.CONSENT_BEHIND is caught.value.reason
            assert str(heard) == caught.value.metadata["heard"]


async def test_vectors_of_no_live_asset_are_not_stored(db):
    """An asset that is deleted, being deleted, another's, or was never there."""
    dying = await db.stored_asset(OWNER, state="DELETING")
    foreign = await db.stored_asset("bob")
    for asset in (dying, foreign, uuid.uuid4()):
        assert Effect.UNKNOWN is await put(db, {uuid.uuid4(): unit(1)}, asset_id=asset)
    assert set() == await stored(db)


async def test_the_newest_generation_stays(db):
    """A face that is found again keeps its row; an older find changes nothing."""
    (face,) = ids(1)
    await put(db, {face: unit("new")}, generation=2)
    assert Effect.OVERTAKEN is await put(db, {face: unit("old")}, generation=1)
    assert Effect.DONE is await put(db, {face: unit("newer")}, generation=2)
    row = await db.owner.fetchrow("SELECT generation, embedding FROM search.face_embeddings")
    assert 2 == row["generation"]
    assert unit("newer") == pytest.approx(row["embedding"], abs=1e-3)


async def test_every_question_and_change_is_recorded(db, keeping, nearby):
    """One row each, with who, for whom, why and which request; and no vector."""
    (face,) = ids(1)
    await put(db, {face: unit("ada")})
    await keeping.link(access(), [link(face, ADA)])
    await keeping.set_people(access(), [agrees(ADA)])
    await matched(nearby, unit("ada"))
    await nearby.faces(access(), probe(unit("ada")), ALL)
    await keeping.erase(access(), ADA, [])
    rows = await db.owner.fetch("SELECT * FROM search.audit_logs ORDER BY id")
    assert [
        ("face", "face.store"),
        ("u-1", "face.link"),
        ("u-1", "person.set"),
        ("u-1", "face.match"),
        ("u-1", "face.nearest"),
        ("u-1", "face.erase"),
    ] == [(row["actor"], row["action"]) for row in rows]
    for row in rows[1:]:
        for said in ('"owner": "ann"', '"purpose": "test"', '"request_id": "r-1"'):
            assert said in row["details"]


async def test_without_a_record_nothing_is_given(db, keeping, nearby):
    """It fails closed: no answer, no change."""
    (face,) = ids(1)
    await put(db, {face: unit("ada")})
    await db.owner.execute("REVOKE INSERT ON search.audit_logs FROM search_api")
    for call in (
        keeping.link(access(), [link(face, ADA)]),
        keeping.erase(access(), None, [face]),
        keeping.set_people(access(), [agrees(ADA)]),
        nearby.people(access(), probe(unit("ada")), ALL, ()),
        nearby.faces(access(), probe(unit("ada")), ALL),
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await call
    assert {face} == await stored(db)
    assert 0 == await db.owner.fetchval("SELECT count(*) FROM search.face_links")


async def test_spaces_of_faces_are_not_compared(db):
    """A vector's length and its space are named when they are wrong; other kinds are unknown."""

    other, pictures = space("other", 16, kind="FACE"), space()
    for one in (SPACE, other, pictures):
        await db.register(one)
    spaces = Spaces(SpaceStore(db.worker), None)
    matching = FaceMatching(FaceNearStore(db.api, ef_search=200), spaces)

    async def refused(*asked):
        with pytest.raises(KiokuError) as caught:
            await matching.match(access(), asked, ALL, ())
        return caught.value

    wrong = await refused(Asked(vector=unit(1, 16), space_id=SPACE.space_id))
    assert isinstance(wrong, InvalidInput)
    assert {"values": "16", "dimension": "32"} == wrong.metadata
    for unknown in ("nobody@000000000000", pictures.space_id):
        error = await refused(Asked(vector=unit(1), space_id=unknown))
        assert Reason.SPACE_UNKNOWN is error.reason
    mixed = [Asked(vector=unit(1, 16), space_id=other.space_id), Asked(face_id=uuid.uuid4())]
    assert Reason.FIELD_INVALID is (await refused(*mixed)).reason
    found, name = await matching.match(access(), mixed[:1], ALL, ())
    assert ([[]], other.space_id) == (found, name)
