"""Enrolment: one good face of somebody who agreed, once, and never where one was erased."""

from __future__ import annotations

import asyncio
import hashlib
import uuid

import numpy as np
import pytest
from kioku.events.v1 import events_pb2
from kioku_face.face import Flaw
from kioku_face.people.enrolling import Enrolling
from kioku_face.people.enrolment_store import EnrolmentStore
from kioku_rt.errors import InvalidInput
from kioku_rt.reasons import Reason

from tests.integration.face.people.rig import SPACE, ToldFinder, call_of, found_face
from tests.integration.face.people.test_undo import ANN, refusal

PICTURE = b"a picture's bytes"


@pytest.fixture
def finder():
    """Finds one good face unless told otherwise."""
    told = ToldFinder()
    told.faces = (found_face(),)
    return told


@pytest.fixture
def enrolling(library, finder):
    """The use case over the real store."""
    return Enrolling(EnrolmentStore(library.api), finder)


async def test_a_picture_makes_a_face_known_and_its_vector_goes_to_search(
    library, enrolling, finder
):
    """One row of no asset, one event with the vector, one change; the picture is kept nowhere."""
    ada = await library.person("ann")
    known = await enrolling.picture(ANN, ada, PICTURE, None)
    row = await library.row(known.face.face_id)
    assert (None, -1, SPACE.space_id) == (row["asset_id"], row["frame_no"], row["space_id"])
    assert (ada, "PERSON", 1) == (row["person_id"], row["link_source"], row["link_version"])
    assert 1 == known.person.face_count
    (event,) = await library.owner.fetch("SELECT * FROM face.outbox")
    message = events_pb2.EmbeddingReady.FromString(event["payload"])
    assert ("", "ann", SPACE.space_id) == (
        message.asset_id,
        message.owner,
        message.space.space_id,
    )
    (item,) = message.items
    assert str(known.face.face_id) == item.face_id
    assert np.array_equal(np.frombuffer(item.vector, "<f4"), finder.faces[0].vector)
    changes = await library.linking.page(ANN, ada, 10, "")
    assert [("enroll", 1)] == [(one.action, one.face_count) for one in changes.changes]


@pytest.mark.parametrize(
    ("faces", "reason"),
    [
        ((), Reason.FACE_NONE),
        ((found_face(), found_face(0.6)), Reason.FACE_SEVERAL),
        ((found_face(flaws=[Flaw.BLURRED]),), Reason.FACE_BLURRED),
        ((found_face(flaws=[Flaw.TOO_SMALL, Flaw.TURNED]),), Reason.FACE_TOO_SMALL),
        ((found_face(flaws=[Flaw.TURNED]),), Reason.FACE_TURNED),
        ((found_face(flaws=[Flaw.UNSURE]),), Reason.FACE_UNSURE),
    ],
)
async def test_anything_but_one_good_face_is_refused(library, enrolling, finder, faces, reason):
    """With its reason, which is in the audit too; nothing is kept."""
    ada = await library.person("ann")
    finder.faces = faces
    assert reason is await refusal(enrolling.picture(ANN, ada, PICTURE, None))
    assert 0 == await library.owner.fetchval("SELECT count(*) FROM face.faces")
    rows = await library.owner.fetch(
        "SELECT outcome, reason, subject FROM face.audit_logs WHERE action = 'face.enroll'"
    )
    assert [("refused", reason, str(ada))] == [tuple(row) for row in rows]


async def test_what_is_no_picture_is_refused_as_everywhere(library, enrolling, finder):
    """By the decoder's own reason."""
    finder.failure = InvalidInput(Reason.IMAGE_UNSUPPORTED_FORMAT)
    ada = await library.person("ann")
    work = enrolling.picture(ANN, ada, PICTURE, None)
    assert Reason.IMAGE_UNSUPPORTED_FORMAT is await refusal(work)


async def test_nobody_is_looked_at_who_did_not_agree(library, enrolling, finder):
    """The engine is not even asked; nor for somebody who is another owner's."""
    asked, hers = await library.person("ann", agreed=False), await library.person("bob")
    for person, reason in (
        (asked, Reason.CONSENT_MISSING),
        (hers, Reason.PERSON_NOT_FOUND),
        (uuid.uuid4(), Reason.PERSON_NOT_FOUND),
    ):
        assert reason is await refusal(enrolling.picture(ANN, person, PICTURE, None))
    assert 0 == finder.calls


async def test_consent_that_is_taken_back_meanwhile_counts(library, enrolling, finder):
    """While the engine looked."""
    ada = await library.person("ann")
    looked = finder.faces_in

    async def slow(data, *, urgent=False):
        await library.consent("ann", ada, "WITHDRAWN")
        return await looked(data, urgent=urgent)

    finder.faces_in = slow
    assert Reason.CONSENT_MISSING is await refusal(enrolling.picture(ANN, ada, PICTURE, None))
    assert 0 == await library.owner.fetchval("SELECT count(*) FROM face.outbox")


async def test_the_same_request_enrolls_once(library, enrolling):
    """Also at the same time; for another person it is refused."""
    ada, ben, request = await library.person("ann"), await library.person("ann"), uuid.uuid4()
    known = await asyncio.gather(*(enrolling.picture(ANN, ada, PICTURE, request) for _ in range(3)))
    assert 1 == len({one.face.face_id for one in known})
    assert 1 == await library.owner.fetchval("SELECT count(*) FROM face.outbox")
    again = enrolling.picture(ANN, ben, PICTURE, request)
    assert Reason.REQUEST_ID_REUSED is await refusal(again)
    assert 1 == (await enrolling.picture(ANN, ada, PICTURE, request)).person.face_count


async def test_no_face_comes_from_where_one_was_erased(library, enrolling, finder):
    """The same place of the same bytes; another place, or other bytes, is another matter."""
    ada = await library.person("ann")
    await library.worker.execute(
        "INSERT INTO face.erased_places (owner, sha256, frame_no, box) VALUES ('ann', $1, -1, $2)",
        hashlib.sha256(PICTURE).hexdigest(),
        [0.22, 0.2, 0.25, 0.25],
    )
    assert Reason.FACE_ERASED is await refusal(enrolling.picture(ANN, ada, PICTURE, None))
    assert (await enrolling.picture(ANN, ada, b"other bytes", None)).face.person_id == ada
    finder.faces = (found_face(0.7),)
    assert (await enrolling.picture(ANN, ada, PICTURE, None)).face.person_id == ada


async def test_a_face_of_an_asset_is_enrolled_as_it_is(library, enrolling):
    """Good ones only; asked again, nothing changes."""
    ada, unknown = await library.person("ann"), uuid.uuid4()
    face = await library.face("ann", anonymous_id=unknown)
    known = await enrolling.face(ANN, ada, face)
    assert (ada, None) == (known.face.person_id, known.face.anonymous_id)
    again = await enrolling.face(ANN, ada, face)
    assert known.face == again.face
    poor = await library.face("ann", flaws=["FACE_BLURRED"])
    blank = await library.face("ann", space_id="")
    for one, reason in (
        (poor, Reason.FACE_BLURRED),
        (blank, Reason.FACE_UNSURE),
        (uuid.uuid4(), Reason.FACE_NOT_FOUND),
        (await library.face("bob"), Reason.FACE_NOT_FOUND),
    ):
        assert reason is await refusal(enrolling.face(ANN, ada, one))
    changes = await library.linking.page(ANN, None, 10, "")
    assert ["enroll"] == [one.action for one in changes.changes]


async def test_an_enrolment_is_taken_back(library, enrolling):
    """The face is nobody's then, and search is to hear of it."""
    ada = await library.person("ann")
    known = await enrolling.picture(ANN, ada, PICTURE, None)
    (change,) = (await library.linking.page(ANN, ada, 10, "")).changes
    await library.linking.undo(ANN, change.change_id)
    row = await library.row(known.face.face_id)
    assert (None, 2, 0) == (row["person_id"], row["link_version"], row["linked_version"])


async def test_another_owner_s_request_id_is_another(library, enrolling):
    """Ids of requests belong to who made them."""
    request = uuid.uuid4()
    ada, bea = await library.person("ann"), await library.person("bob")
    one = await enrolling.picture(ANN, ada, PICTURE, request)
    other = await enrolling.picture(call_of("bob"), bea, PICTURE, request)
    assert one.face.face_id != other.face.face_id
