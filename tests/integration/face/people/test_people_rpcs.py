"""PeopleService over gRPC: tokens, fields, answers."""

from __future__ import annotations

import uuid

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from kioku.face.v1 import face_pb2
from kioku.face.v1 import people_service_pb2 as pb
from kioku_rt.reasons import Reason
from kioku_rt.rpc import error_of

from tests.integration.face.people.rig import found_face

NOBODY = str(uuid.uuid4())


async def failure(work) -> tuple[grpc.StatusCode, Reason | None, str | None]:
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await work
    said = error_of(error.value)
    return error.value.code(), said and said.reason, said and said.field


async def test_a_person_s_life_over_the_wire(library, server):
    """Every rpc, in the order of a life."""
    ann = await server.stub("ann")
    wanted = face_pb2.Person(name="Ada", collection_id="family")
    ada = (await ann.CreatePerson(pb.CreatePersonRequest(person=wanted))).person
    ben = (
        await ann.CreatePerson(pb.CreatePersonRequest(person=face_pb2.Person(name="Ben")))
    ).person
    assert ("family", "default", 1) == (ada.collection_id, ben.collection_id, ada.version)
    for one in (ada, ben):
        await library.consent("ann", uuid.UUID(one.person_id))
    server.finder.faces = (found_face(),)
    known = await ann.EnrollFace(pb.EnrollFaceRequest(person_id=ada.person_id, image=b"picture"))
    assert (ada.person_id, "", face_pb2.LINK_SOURCE_PERSON) == (
        known.face.person_id,
        known.face.asset_id,
        known.face.link_source,
    )
    assert face_pb2.CONSENT_STATE_GRANTED == known.person.consent_state
    unknown = uuid.uuid4()
    face = str(await library.face("ann", anonymous_id=unknown))
    named = await ann.NameAnonymousPerson(
        pb.NameAnonymousPersonRequest(anonymous_id=str(unknown), person_id=ben.person_id)
    )
    assert 1 == named.person.face_count
    request = pb.AssignFacesRequest(person_id=ada.person_id, face_ids=[face])
    assert 2 == (await ann.AssignFaces(request)).person.face_count
    rejected = await ann.RejectFace(pb.RejectFaceRequest(person_id=ada.person_id, face_id=face))
    back = await ann.UndoChange(pb.UndoChangeRequest(change_id=rejected.change_id))
    assert [2] == [one.face_count for one in back.people]
    merged = await ann.MergePeople(
        pb.MergePeopleRequest(person_id=ben.person_id, into_person_id=ada.person_id)
    )
    people = (await ann.ListPeople(pb.ListPeopleRequest())).people
    assert [ada.person_id] == [one.person_id for one in people]
    undone = await ann.UndoChange(pb.UndoChangeRequest(change_id=merged.change_id))
    assert undone.change_id
    changed = await ann.UpdatePerson(
        pb.UpdatePersonRequest(
            person=face_pb2.Person(person_id=ben.person_id, name="Benno"),
            update_mask=FieldMask(paths=["name"]),
        )
    )
    assert "Benno" == changed.person.name
    found = await ann.GetPerson(pb.GetPersonRequest(person_id=ben.person_id))
    assert changed.person == found.person
    rows = (await ann.ListChanges(pb.ListChangesRequest(person_id=ada.person_id))).changes
    actions = ["undo", "merge", "undo", "reject", "assign", "enroll"]
    assert actions == [one.action for one in rows]
    assert [False, True] == [one.HasField("undo_time") for one in rows[:2]]
    removal = await ann.DeletePerson(pb.DeletePersonRequest(person_id=ben.person_id))
    assert (str(server.withdrawal.erasure_id), False) == (removal.erasure_id, removal.done)
    assert [("ann", uuid.UUID(ben.person_id))] == server.withdrawal.removed


BAD = [
    ("CreatePerson", pb.CreatePersonRequest(request_id="x"), Reason.ID_MALFORMED),
    (
        "CreatePerson",
        pb.CreatePersonRequest(person=face_pb2.Person(name="n" * 201)),
        Reason.TEXT_TOO_LONG,
    ),
    (
        "CreatePerson",
        pb.CreatePersonRequest(person=face_pb2.Person(name="a\x00b")),
        Reason.TEXT_INVALID_CHARACTER,
    ),
    (
        "CreatePerson",
        pb.CreatePersonRequest(person=face_pb2.Person(collection_id="Ünder")),
        Reason.FIELD_INVALID,
    ),
    (
        "CreatePerson",
        pb.CreatePersonRequest(person=face_pb2.Person(user_id=" edge")),
        Reason.FIELD_INVALID,
    ),
    ("GetPerson", pb.GetPersonRequest(), Reason.ID_MALFORMED),
    ("GetPerson", pb.GetPersonRequest(person_id=NOBODY), Reason.PERSON_NOT_FOUND),
    ("ListPeople", pb.ListPeopleRequest(page_size=-1), Reason.FIELD_INVALID),
    ("ListPeople", pb.ListPeopleRequest(page_token="x"), Reason.PAGE_TOKEN_INVALID),
    ("ListPeople", pb.ListPeopleRequest(collection_id="A B"), Reason.FIELD_INVALID),
    ("ListPeople", pb.ListPeopleRequest(name_prefix="\x00"), Reason.TEXT_INVALID_CHARACTER),
    (
        "UpdatePerson",
        pb.UpdatePersonRequest(
            person=face_pb2.Person(person_id=NOBODY), update_mask=FieldMask(paths=["version"])
        ),
        Reason.FIELD_INVALID,
    ),
    (
        "UpdatePerson",
        pb.UpdatePersonRequest(person=face_pb2.Person(person_id=NOBODY, version=-1)),
        Reason.FIELD_INVALID,
    ),
    ("EnrollFace", pb.EnrollFaceRequest(person_id=NOBODY), Reason.ONEOF_NOT_EXACTLY_ONE),
    ("EnrollFace", pb.EnrollFaceRequest(person_id=NOBODY, image=b"x"), Reason.PERSON_NOT_FOUND),
    ("EnrollFace", pb.EnrollFaceRequest(person_id=NOBODY, face_id="x"), Reason.ID_MALFORMED),
    ("AssignFaces", pb.AssignFacesRequest(person_id=NOBODY), Reason.FIELD_MISSING),
    ("AssignFaces", pb.AssignFacesRequest(person_id=NOBODY, face_ids=[""]), Reason.ID_MALFORMED),
    ("RejectFace", pb.RejectFaceRequest(person_id=NOBODY), Reason.ID_MALFORMED),
    (
        "NameAnonymousPerson",
        pb.NameAnonymousPersonRequest(anonymous_id=NOBODY),
        Reason.ID_MALFORMED,
    ),
    (
        "MergePeople",
        pb.MergePeopleRequest(person_id=NOBODY, into_person_id=NOBODY),
        Reason.FIELD_INVALID,
    ),
    ("UndoChange", pb.UndoChangeRequest(change_id=NOBODY), Reason.CHANGE_NOT_FOUND),
    ("ListChanges", pb.ListChangesRequest(person_id="x"), Reason.ID_MALFORMED),
]


async def test_bad_requests_end_in_their_reason(server):
    """Never UNKNOWN or INTERNAL."""
    ann = await server.stub("ann")
    for method, request, reason in BAD:
        _, said, _ = await failure(getattr(ann, method)(request))
        assert reason is said, method


async def test_services_name_the_library_they_act_for(library, server):
    """With the scope; users name nobody else; each act is audited under the service's name."""
    ada = str(await library.person("ann", agreed=False))
    request = pb.GetPersonRequest(person_id=ada, owner="ann")
    service = await server.stub("vlm", service=True, scopes=["face.act"])
    assert ada == (await service.GetPerson(request)).person.person_id
    audit = "SELECT actor FROM face.audit_logs WHERE action = 'person.get'"
    assert "vlm" == await library.owner.fetchval(audit)
    for stub, asked, reason in (
        (await server.stub("bob"), request, Reason.SCOPE_MISSING),
        (await server.stub("vlm", service=True, scopes=["embed"]), request, Reason.SCOPE_MISSING),
        (service, pb.GetPersonRequest(person_id=ada), Reason.FIELD_MISSING),
        (await server.stub("bob"), pb.GetPersonRequest(person_id=ada), Reason.PERSON_NOT_FOUND),
    ):
        assert reason is (await failure(stub.GetPerson(asked)))[1]
