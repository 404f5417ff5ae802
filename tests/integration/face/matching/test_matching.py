"""Only people who agree are named; unknown is an answer; nothing is given without the audit."""

from __future__ import annotations

import asyncio
import json
import uuid
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from kioku.face.v1 import face_service_pb2 as pb
from kioku_face.face import Flaw, Quality
from kioku_face.matching.calibration import Calibration
from kioku_face.matching.calibration_store import CalibrationStore
from kioku_face.matching.match import MatchRules, Question
from kioku_face.matching.match_store import MatchStore
from kioku_face.matching.matching import Matching
from kioku_face.vectors import Access, Matchable
from kioku_rt.auth import Acting, Principal

from tests.integration.face.matching.rig import OWNER, SPACE, found_face, unit
from tests.integration.search.test_rpcs import refused

ADA = unit("ada")
BLURRED = Quality(0.2, 90.0, 0.1, 0.0, 0.0, 0.0, (Flaw.BLURRED,))


def like(vector, cosine, seed="x"):
    """A face at this score."""
    return unit(seed, near=vector, cosine=cosine)


@pytest.fixture
def match(service):
    """`await match(image=…)`: the answer."""

    async def ask(subject=OWNER, claims=None, **fields):
        return await service.faces(subject, **(claims or {})).MatchPeople(
            pb.MatchPeopleRequest(**fields)
        )

    return ask


@pytest.fixture
def picture(finder):
    """A picture of somebody who looks like Ada, at a score of 0.8."""
    return finder.put(b"picture", found_face(like(ADA, 0.8)))


async def enrolled(library, name="Ada", vector=ADA, **more):
    """A person who agrees, with one face."""
    person_id = await library.person(name, **more)
    face_id = await library.face(vector, person_id, owner=more.get("owner", OWNER))
    return person_id, face_id


def named(answer, number=0):
    """Whom one face of an answer may be."""
    return [one.name for one in answer.matches[number].candidates]


async def test_a_picture_of_somebody_who_agreed(library, match, picture):
    """Person, user, name, score, and the face it was compared with; no confidence uncalibrated."""
    person_id, face_id = await enrolled(library, user_id="u-1")
    answer = await match(image=picture)
    assert (SPACE.space_id, pytest.approx(0.35)) == (answer.space_id, answer.threshold)
    (one,) = answer.matches
    (candidate,) = one.candidates
    assert (str(person_id), "u-1", "Ada", str(face_id)) == (
        candidate.person_id,
        candidate.user_id,
        candidate.name,
        candidate.face_id,
    )
    assert pytest.approx(0.8, abs=2e-3) == candidate.score
    assert not candidate.HasField("confidence")
    assert ("", "", "") == (one.reason, one.face.face_id, one.face.asset_id)
    assert one.face.quality.pixels == 120


async def test_unknown_is_an_answer(library, match, finder):
    """Nobody near, nobody enrolled, a poor face, no face at all."""
    stranger = finder.put(b"stranger", found_face(unit("stranger")))
    assert "FACE_UNKNOWN" == (await match(image=stranger)).matches[0].reason
    await enrolled(library)
    two = finder.put(
        b"two", found_face(like(ADA, 0.9), BLURRED), found_face(unit("stranger"), size=0.1)
    )
    answer = await match(image=two)
    assert ["FACE_BLURRED", "FACE_UNKNOWN"] == [one.reason for one in answer.matches]
    assert [[], []] == [named(answer, number) for number in (0, 1)]
    assert [] == list((await match(image=finder.put(b"empty"))).matches)


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("state", ["WITHDRAWN", "EXPIRED"])
async def test_nobody_without_consent(library, match, picture, state, told):
    """Also where `search` still believes that they agree: the answer is looked up here again."""
    person_id, _ = await enrolled(library)
    assert ["Ada"] == named(await match(image=picture))
    await library.consent(person_id, state, tell=told)
    if not told:  # as if it had heard of the change and not understood it
        await library.owner.execute("UPDATE face.consent_sequences SET sequence = 1")
    answer = await match(image=picture)
    assert ([], "FACE_UNKNOWN") == (named(answer), answer.matches[0].reason)


async def test_consent_that_ran_out_a_moment_ago(library, match, picture):
    """No job needs to have come by."""
    await enrolled(library)
    await library.owner.execute(
        "UPDATE face.consent_states SET expires_at = $1", datetime.now(UTC) - timedelta(seconds=1)
    )
    assert [] == named(await match(image=picture))


async def test_search_that_is_behind_or_away(library, match, picture):
    """UNAVAILABLE, to be tried again; never a stale answer."""
    await enrolled(library)
    other, _ = await enrolled(library, "Ben", unit("ben"))
    await library.consent(other, "WITHDRAWN", tell=False)
    assert ("UNAVAILABLE", "DEPENDENCY_UNAVAILABLE") == await refused(match(image=picture))
    access = Access(OWNER, "face", "test", "", 3)
    await library.vectors.set_people(access, [Matchable(other, "", False, None, 2)])
    assert ["Ada"] == named(await match(image=picture))
    library.vectors.down = True
    assert ("UNAVAILABLE", "DEPENDENCY_UNAVAILABLE") == await refused(match(image=picture))


async def test_a_face_counts_for_whom_it_is_linked_to_now(library, match, picture):
    """Merged, unlinked, erased: `search` need not have heard of it."""
    ada, _ = await enrolled(library)
    also_ada = await library.person("Countess")
    await library.owner.execute("UPDATE face.faces SET person_id = $1", also_ada)
    await library.owner.execute(
        "UPDATE face.people SET merged_into = $1 WHERE person_id = $2", also_ada, ada
    )
    assert ["Countess"] == named(await match(image=picture))
    await library.owner.execute("UPDATE face.faces SET person_id = NULL, link_source = NULL")
    assert [] == named(await match(image=picture))
    await library.owner.execute("DELETE FROM face.faces")
    assert [] == named(await match(image=picture))


async def test_faces_of_an_asset(library, match):
    """From the largest to the smallest, each by itself; poor and vectorless ones say so."""
    await enrolled(library)
    await enrolled(library, "Ben", unit("ben"))
    asset_id = await library.asset()
    faces = [
        await library.face(like(unit("ben"), 0.7), asset_id=asset_id, size=0.1),
        await library.face(like(ADA, 0.7), asset_id=asset_id, size=0.4),
        await library.face(unit("c"), asset_id=asset_id, size=0.09, flaws=("FACE_TURNED",)),
        await library.face(unit("d"), asset_id=asset_id, size=0.08, stored=False),
        await library.face(ADA, asset_id=asset_id, size=0.07, space_id="other@000000000000"),
        await library.face(unit("e"), asset_id=asset_id, size=0.06),
    ]
    answer = await match(asset_id=str(asset_id))
    assert [str(faces[n]) for n in (1, 0, 2, 3, 4, 5)] == [
        one.face.face_id for one in answer.matches
    ]
    assert [["Ada"], ["Ben"], [], [], [], []] == [named(answer, number) for number in range(6)]
    assert ["", "", "FACE_TURNED", "FACE_NOT_READY", "FACE_NOT_READY", "FACE_UNKNOWN"] == [
        one.reason for one in answer.matches
    ]
    (one,) = (await match(face_id=str(faces[0]))).matches
    assert (["Ben"], str(asset_id)) == ([c.name for c in one.candidates], one.face.asset_id)


async def test_a_rejected_person_is_not_offered_again(library, match):
    """Whom somebody said it is not; the next one comes instead, also where one was asked for."""
    ada, _ = await enrolled(library)
    await enrolled(library, "Ben", like(ADA, 0.9, "ben"))
    asset_id = await library.asset()
    face_id = await library.face(ADA, asset_id=asset_id)
    assert ["Ada"] == named(await match(face_id=str(face_id), max_candidates=1))
    await library.owner.execute(
        "INSERT INTO face.rejections (owner, face_id, person_id) VALUES ($1, $2, $3)",
        OWNER,
        face_id,
        ada,
    )
    assert ["Ben"] == named(await match(face_id=str(face_id), max_candidates=1))


async def test_collections(library, match, picture):
    """Only its people; an empty one has nobody, which is not the same as everybody."""
    await enrolled(library, collection_id="staff")
    await enrolled(library, "Ben", like(ADA, 0.95, "ben"), collection_id="guests")
    assert ["Ada", "Ben"] == sorted(named(await match(image=picture, min_score=0.0)))
    assert ["Ada"] == named(await match(image=picture, min_score=0.0, collection_id="staff"))
    assert [] == named(await match(image=picture, min_score=0.0, collection_id="nobody"))


async def test_a_large_collection_is_asked_in_parts(library, match, picture, monkeypatch):
    """As many people as one question takes at a time; the best of all parts come first."""
    monkeypatch.setattr("kioku_face.matching.matching._PEOPLE", 2)
    for number in range(5):
        await enrolled(library, f"P{number}", like(ADA, 0.5 + number / 10, number))
    before = len(library.vectors.accesses)
    answer = await match(image=picture, collection_id="default", max_candidates=2, min_score=-1.0)
    assert 3 == len(library.vectors.accesses) - before
    whole = await match(image=picture, max_candidates=2, min_score=-1.0)
    assert 2 == len(named(answer))
    assert named(whole) == named(answer)


async def test_candidates_are_sorted_and_bounded(library, match, finder):
    """The most similar first, as many as asked, none below the least score."""
    for number in range(4):
        await enrolled(library, f"P{number}", like(ADA, 0.9 - number / 10, number))
    asked = finder.put(b"ada", found_face(ADA))
    assert ["P0", "P1", "P2", "P3"] == named(await match(image=asked))
    assert ["P0", "P1"] == named(await match(image=asked, max_candidates=2))
    assert ["P0", "P1"] == named(await match(image=asked, min_score=0.75))


async def test_owners_do_not_meet(library, match, picture):
    """Another owner's people and faces are as if they did not exist."""
    await enrolled(library, owner="ben")
    asset_id = await library.asset(owner="ben")
    face_id = await library.face(ADA, owner="ben", asset_id=asset_id)
    await library.person("Somebody")
    assert [] == named(await match(image=picture))
    assert ("NOT_FOUND", "ASSET_NOT_FOUND") == await refused(match(asset_id=str(asset_id)))
    assert ("NOT_FOUND", "FACE_NOT_FOUND") == await refused(match(face_id=str(face_id)))
    assert ["Ada"] == named(await match("ben", image=picture))


async def test_a_service_acts_for_an_owner_with_the_scope(library, match, picture):
    """And the audit says who asked for whom."""
    await enrolled(library)
    service = {"service": True, "scopes": ("face.act",)}
    assert ["Ada"] == named(await match("vlm", service, image=picture, owner=OWNER))
    (row,) = await library.audit("face.match")
    assert ("vlm", OWNER) == (row["actor"], json.loads(row["details"])["owner"])
    denied = ("PERMISSION_DENIED", "SCOPE_MISSING")
    assert denied == await refused(match("ben", image=picture, owner=OWNER))
    none = {"service": True, "scopes": ("search.act",)}
    assert denied == await refused(match("vlm", none, image=picture, owner=OWNER))
    assert "INVALID_ARGUMENT" == (await refused(match("vlm", service, image=picture)))[0]


BAD = [
    ({}, "ONEOF_NOT_EXACTLY_ONE"),
    ({"image": b""}, "IMAGE_EMPTY"),
    ({"image": b"no picture"}, "IMAGE_UNSUPPORTED_FORMAT"),
    ({"image": bytes(16 * 2**20 + 1)}, "IMAGE_TOO_LARGE"),
    ({"asset_id": "x"}, "ID_MALFORMED"),
    ({"face_id": str(uuid.uuid4()).upper()}, "ID_MALFORMED"),
    ({"image": b"picture", "max_candidates": 21}, "FIELD_INVALID"),
    ({"image": b"picture", "max_candidates": -1}, "FIELD_INVALID"),
    ({"image": b"picture", "min_score": 1.5}, "FIELD_INVALID"),
    ({"image": b"picture", "min_score": float("nan")}, "FIELD_INVALID"),
    ({"image": b"picture", "collection_id": "No"}, "FIELD_INVALID"),
    ({"image": b"picture", "purpose": "x" * 201}, "TEXT_TOO_LONG"),
    ({"image": b"picture", "purpose": "a\0b"}, "TEXT_INVALID_CHARACTER"),
]


async def test_bad_requests(library, match, picture):
    """Each ends in its reason, before anything is asked or noted."""
    for fields, reason in BAD:
        assert ("INVALID_ARGUMENT", reason) == await refused(match(**fields))
    assert [] == await library.audit("face.match")


async def test_an_asset_that_was_not_looked_at(library, match):
    """It may still come, so it is no "unknown"."""
    for state in ("PENDING", "FAILED"):
        asset_id = await library.asset(state=state)
        assert ("FAILED_PRECONDITION", "ASSET_NOT_READY") == await refused(
            match(asset_id=str(asset_id))
        )


async def test_every_match_is_in_the_audit(library, match, picture):
    """Who, why, about what, under one request id here and in `search`; and each who was named."""
    person_id, _ = await enrolled(library)
    await match(image=picture, purpose="入口 door")
    (asked,), (hit,) = await library.audit("face.match"), await library.audit("person.match")
    details, of_hit = (json.loads(row["details"]) for row in (asked, hit))
    assert (OWNER, "picture", "入口 door", 1) == (
        asked["actor"],
        asked["subject"],
        details["purpose"],
        details["faces"],
    )
    assert (str(person_id), "picture") == (hit["subject"], of_hit["asked"])
    method, access = library.vectors.accesses[-1]
    assert ("match", OWNER, "入口 door", 1) == (
        method,
        access.actor,
        access.purpose,
        access.consent_sequence,
    )
    assert details["request_id"] == of_hit["request_id"] == access.request_id
    uuid.UUID(access.request_id)


async def test_without_the_audit_nothing_is_given(library, finder, picture):
    """The row cannot be written: `search` is not asked, and the caller learns nothing."""
    await enrolled(library)
    before = len(library.vectors.accesses)
    await library.owner.execute("REVOKE INSERT ON face.audit_logs FROM face_api")
    matching = Matching(finder, library.vectors, MatchStore(library.api), MatchRules())
    question = Question(picture, None, None, 5, None, "", "", "r")
    acting = Acting(OWNER, Principal(OWNER, False, frozenset(), "t"), on_behalf=False)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await matching.match(acting, question)
    assert before == len(library.vectors.accesses)


async def test_a_withdrawal_under_load(library, match, picture):
    """Whoever asks after it returned is told of nobody, whatever was on its way."""
    person_id, _ = await enrolled(library)
    withdrawn = asyncio.Event()
    late: list[str] = []

    async def asking():
        for _ in range(1000):
            after = withdrawn.is_set()
            try:
                names = named(await match(image=picture))
            except Exception:  # noqa: BLE001 - behind for a moment
                names = []
            if after:
                late.extend(names)
                return

    askers = [asyncio.create_task(asking()) for _ in range(4)]
    while len(library.vectors.accesses) < 20:
        await asyncio.sleep(0.01)
    await library.consent(person_id, "WITHDRAWN")
    withdrawn.set()
    await asyncio.gather(*askers)
    assert [] == late


async def test_a_calibrated_space(library, match, picture):
    """Its threshold counts unless the caller names one, and confidence is told."""
    await enrolled(library)
    store = CalibrationStore(library.worker)
    first = Calibration(SPACE.space_id, 0.9, 20.0, -10.0, 1e-3, 0.0, 0.9, 50, 2000)
    await store.keep(first, actor="operator:x")
    answer = await match(image=picture)
    assert ([], pytest.approx(0.9)) == (named(answer), answer.threshold)
    (candidate,) = (await match(image=picture, min_score=0.5)).matches[0].candidates
    assert pytest.approx(first.confidence(candidate.score), abs=1e-5) == candidate.confidence
    await store.keep(
        Calibration(SPACE.space_id, 0.6, 20.0, -10.0, 1e-2, 0.0, 0.9, 5, 200), actor="y"
    )
    assert ["Ada"] == named(await match(image=picture))
    assert ["operator:x", "y"] == [r["actor"] for r in await library.audit("calibration.set")]
