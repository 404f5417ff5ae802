"""What `face` may expect of whoever keeps the vectors, held against both who do."""

from __future__ import annotations

import random
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from kioku_face.vector_client import FaceVectorClient
from kioku_face.vectors import Access, Link, Matchable, VectorOf
from kioku_rt.errors import DependencyDown, InvalidInput, KiokuError
from kioku_rt.reasons import Reason
from kioku_rt.rpc import channel

from tests.integration.search.face_rig import near
from tests.integration.search.rig import unit

ADA, BEN = uuid.UUID(int=1), uuid.UUID(int=2)
ANN = Access("ann", "u-1", "test", "r-1")
ANY = {"most": 20, "min_score": -1.0}


def by(sequence):
    return Access("ann", "u-1", "test", "r-1", sequence)


def linked(face_id, person_id, version=1, *, asset_id=None, reference=True):
    return Link(face_id, asset_id, person_id, reference, version)


def agreed(person_id, version=1, *, consented=True, expires_at=None):
    return Matchable(person_id, f"u-{person_id.int}", consented, expires_at, version)


async def test_match(kept):
    """People who agreed, by their best reference, the most similar first."""
    vectors = kept.vectors
    asked = VectorOf(vector=unit("ada"), space_id=kept.space_id)
    assert [[]] == await vectors.match(ANN, [asked], **ANY)
    faces = [uuid.uuid4() for _ in range(4)]
    for face, vector in zip(
        faces,
        (unit("ada"), near(unit("ada"), 0.5, 1), near(unit("ada"), 0.3, 2), unit("x")),
        strict=True,
    ):
        assert await kept.put("ann", face, vector)
    links = [
        linked(faces[0], ADA),
        linked(faces[1], ADA),
        linked(faces[2], BEN),
        linked(faces[3], BEN, reference=False),
    ]
    assert 4 == await vectors.link(ANN, links)
    assert 0 == await vectors.link(ANN, links)
    assert 2 == await vectors.set_people(ANN, [agreed(ADA), agreed(BEN)])
    (found,) = await vectors.match(ANN, [asked], **ANY)
    assert [(ADA, "u-1", faces[0]), (BEN, "u-2", faces[2])] == [
        (hit.person_id, hit.user_id, hit.face_id) for hit in found
    ]
    assert [1.0, float(unit("ada") @ near(unit("ada"), 0.3, 2))] == pytest.approx(
        [hit.score for hit in found], abs=2e-3
    )
    by_id = VectorOf(face_id=faces[0])
    unknown = VectorOf(face_id=uuid.uuid4())
    one, two, three = await vectors.match(ANN, [by_id, unknown, asked], most=1, min_score=0.99)
    assert ([ADA], None, [ADA]) == (
        [hit.person_id for hit in one],
        two,
        [hit.person_id for hit in three],
    )
    (only,) = await vectors.match(ANN, [asked], people=[BEN], **ANY)
    assert [BEN] == [hit.person_id for hit in only]
    over = datetime.now(UTC) - timedelta(hours=1)
    news = [agreed(ADA, 2, consented=False), agreed(BEN, 2, expires_at=over)]
    assert 2 == await vectors.set_people(ANN, news)
    assert [[]] == await vectors.match(ANN, [asked], **ANY)
    assert 0 == await vectors.set_people(ANN, [agreed(ADA), agreed(BEN)])


async def test_nearest(kept):
    """Faces of the owner, linked or not, never oneself, with asset and person."""
    asset = await kept.asset("ann")
    one, two, three, foreign = (uuid.uuid4() for _ in range(4))
    for face, vector in ((one, unit(1)), (two, near(unit(1), 0.2, 3)), (three, -unit(1))):
        assert await kept.put("ann", face, vector, asset)
    assert await kept.put("bob", foreign, unit(1))
    await kept.vectors.link(ANN, [linked(two, ADA, asset_id=asset)])
    asked = [VectorOf(face_id=one), VectorOf(face_id=foreign)]
    found, unknown = await kept.vectors.nearest(ANN, asked, **ANY)
    assert unknown is None
    assert [(two, asset, None, ADA), (three, asset, None, None)] == [
        (hit.face_id, hit.asset_id, hit.frame_no, hit.person_id) for hit in found
    ]
    similar = VectorOf(vector=unit(1), space_id=kept.space_id)
    (some,) = await kept.vectors.nearest(ANN, [similar], most=1, min_score=0.5)
    assert [one] == [hit.face_id for hit in some]


async def test_erase(kept):
    """By face and by person, for good; the ticket tells when the bytes are gone too."""
    vectors = kept.vectors
    one, two, late = (uuid.uuid4() for _ in range(3))
    for face in (one, two):
        assert await kept.put("ann", face, unit(str(face)))
    await vectors.link(ANN, [linked(one, ADA), linked(late, ADA)])
    erased = await vectors.erase(ANN, person_id=ADA, face_ids=[two])
    assert 2 == erased.vectors
    assert await vectors.scrubbed(erased.scrub_ticket) is None
    for face in (one, two, late):
        assert not await kept.put("ann", face, unit(str(face)))
    assert 0 == await vectors.link(ANN, [linked(one, BEN, 9), linked(late, BEN, 9)])
    assert [None] == await vectors.nearest(ANN, [VectorOf(face_id=one)], **ANY)
    nothing = await vectors.erase(ANN, person_id=None, face_ids=[])
    assert 0 == nothing.vectors
    await kept.scrub()
    assert await vectors.scrubbed(erased.scrub_ticket) is not None
    assert await vectors.scrubbed(10**9) is None


async def test_consent_that_was_not_heard_of(kept):
    """No question is answered until every change that the caller knows of came."""
    asked = [VectorOf(vector=unit(1), space_id=kept.space_id)]
    await kept.vectors.set_people(by(2), [agreed(ADA)])
    for question in (kept.vectors.match, kept.vectors.nearest):
        with pytest.raises(KiokuError) as caught:
            await question(by(1), asked, **ANY)
        assert Reason.CONSENT_BEHIND is caught.value.reason
        assert caught.value.retry_after
    await kept.vectors.set_people(by(1), [agreed(BEN)])
    for question in (kept.vectors.match, kept.vectors.nearest):
        assert [[]] == await question(by(2), asked, **ANY)


async def test_long_lists_go_in_parts(kept):
    """More than one call takes; the sequence is heard with the last part."""
    people = [agreed(uuid.UUID(int=number + 1)) for number in range(10_001)]
    assert 10_001 == await kept.vectors.set_people(by(1), people)
    assert [None] * 300 == await kept.vectors.nearest(
        by(1), [VectorOf(face_id=uuid.uuid4())] * 300, **ANY
    )
    assert 0 == await kept.vectors.link(ANN, [])


async def test_vectors_of_another_pack_are_refused(kept):
    """Another length, and a space that nobody knows."""
    wrong = VectorOf(vector=unit(1, 16), space_id=kept.space_id)
    with pytest.raises(InvalidInput) as caught:
        await kept.vectors.match(ANN, [wrong], **ANY)
    assert Reason.VECTOR_WRONG_DIMENSION is caught.value.reason
    unknown = VectorOf(vector=unit(1), space_id="other@000000000000")
    with pytest.raises(KiokuError) as refused:
        await kept.vectors.nearest(ANN, [unknown], **ANY)
    assert Reason.SPACE_UNKNOWN is refused.value.reason


async def test_nobody_asks_without_a_name(kept):
    """Who and why are recorded, so they must be said."""
    for access in (Access("ann", "", "test", "r"), Access("ann", "u", "", "r")):
        with pytest.raises(InvalidInput) as caught:
            await kept.vectors.erase(access, person_id=ADA, face_ids=[])
        assert Reason.FIELD_MISSING is caught.value.reason


async def test_nobody_there():
    """A closed port is DependencyDown, within the deadline."""
    async with channel("127.0.0.1:1", default_timeout=1.0, retry_unavailable=False) as one:
        with pytest.raises(DependencyDown):
            await FaceVectorClient(one, seconds=1.0).scrubbed(1)


@pytest.mark.parametrize("seed", range(3))
async def test_no_order_of_events_shows_who_did_not_agree(fake, search, seed):
    """Random news, late and twice and in any order: both always give the same, and only the true.

    Whoever is matched agreed by the newest word that came, with a face that the newest link that
    came calls theirs, and that was never erased.
    """
    draw = random.Random(seed)
    faces = [uuid.UUID(int=100 + number) for number in range(8)]
    people = [uuid.UUID(int=1 + number) for number in range(4)]
    news = [*_news(draw, faces, people), *[("put", face) for face in faces * 2]]
    draw.shuffle(news)
    told = {"link": {}, "person": {}, "erased": set()}
    for kind, *said in news:
        await _tell(fake, kind, *said)
        await _tell(search, kind, *said)
        _note(told, kind, *said)
        found = [await _all_matches(one, faces) for one in (fake, search)]
        assert found[0] == found[1]
        for hits in found[1]:
            for person_id, face_id in hits:
                link, person = told["link"][face_id], told["person"][person_id]
                assert (person_id, True) == (link.person_id, link.reference)
                assert person.consented
                assert face_id not in told["erased"]


def _news(draw, faces, people):
    for face in faces:
        for version in range(1, 4):
            whose = draw.choice([*people, *people, None])
            yield "link", linked(face, whose, version, reference=draw.random() < 0.8)
    for person in people:
        for version in range(1, 4):
            yield "person", agreed(person, version, consented=draw.random() < 0.7)
    for face in draw.sample(faces, 2):
        yield "erase", None, face
    yield "erase", draw.choice(people), draw.choice(faces)


async def _tell(kept, kind, *said):
    match kind:
        case "put":
            await kept.put("ann", said[0], unit(said[0].int))
        case "link":
            await kept.vectors.link(ANN, [said[0]])
        case "person":
            await kept.vectors.set_people(ANN, [said[0]])
        case "erase":
            await kept.vectors.erase(ANN, person_id=said[0], face_ids=[said[1]])


def _note(told, kind, *said):
    if kind == "erase":
        theirs = [one.face_id for one in told["link"].values() if one.person_id == said[0]]
        told["erased"] |= {said[1], *(theirs if said[0] else [])}
    elif kind in ("link", "person"):
        key = said[0].face_id if kind == "link" else said[0].person_id
        known = told[kind].get(key)
        if known is None or known.version < said[0].version:
            told[kind][key] = said[0]


async def _all_matches(kept, faces):
    asked = [VectorOf(vector=unit(face.int), space_id=kept.space_id) for face in faces]
    found = await kept.vectors.match(ANN, asked, **ANY)
    return [[(hit.person_id, hit.face_id) for hit in hits] for hits in found]
