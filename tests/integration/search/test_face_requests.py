"""Who may ask FaceVectorService, and what is refused with which reason."""

from __future__ import annotations

import uuid

import grpc
import pytest
from kioku.common.v1 import vector_pb2
from kioku.search.v1 import face_vector_service_pb2 as pb
from kioku.search.v1 import index_service_pb2 as index_pb
from kioku.search.v1 import search_service_pb2 as search
from kioku.search.v1.face_vector_service_pb2_grpc import FaceVectorServiceStub
from kioku_rt.rpc.status import error_of

from tests.integration.search.face_rig import OWNER, SPACE, put
from tests.integration.search.rig import unit
from tests.integration.search.test_face_flow import ADA, faces_of

QUERY = pb.FaceQuery(face_id=ADA)
ACCESS = pb.FaceAccess(owner=OWNER, actor="u", purpose="test")
NO_SCOPE = [("user", None), ("service", "search.act")]


@pytest.mark.parametrize(("who", "scope"), NO_SCOPE)
async def test_only_for_services_with_the_scope(objects, start_service, who, scope):
    """Neither users nor other services reach one rpc."""
    async with start_service(objects) as service:
        stub = (
            FaceVectorServiceStub(service._channel("ann"))
            if who == "user"
            else faces_of(service, scope)
        )
        for name in ("MatchFaces", "NearestFaces", "LinkFaces", "SetPeople", "EraseFaces"):
            request = getattr(pb, f"{name}Request")(access=ACCESS)
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await getattr(stub, name)(request)
            assert grpc.StatusCode.PERMISSION_DENIED is caught.value.code()
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.GetScrub(pb.GetScrubRequest(scrub_ticket=1))
        assert grpc.StatusCode.PERMISSION_DENIED is caught.value.code()


async def test_faces_are_no_space_of_searches(db, objects, start_service):
    """Neither a user's search nor a bulk load reaches vectors of faces by naming their space."""
    await put(db, {uuid.uuid4(): unit("a")}, owner="ann")
    vector = vector_pb2.Vector(space_id=SPACE.space_id, values=unit("a").tolist())
    load = index_pb.ImportVectorsRequest(space_id=SPACE.space_id, owner="ann")
    async with start_service(objects) as service:
        calls = [service.search("ann").Search(search.SearchRequest(vector=vector))]
        operator = service.indexes("ops", service=True, scopes=("index.admin",))
        calls.append(operator.ImportVectors(iter([load])))
        for call in calls:
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await call
            assert "SPACE_UNKNOWN" == error_of(caught.value).reason


BAD = [
    ("MatchFaces", {"queries": []}, "FIELD_INVALID"),
    ("MatchFaces", {"queries": [QUERY] * 257}, "FIELD_INVALID"),
    ("MatchFaces", {"queries": [pb.FaceQuery()]}, "ONEOF_NOT_EXACTLY_ONE"),
    ("MatchFaces", {"queries": [pb.FaceQuery(face_id="x")]}, "ID_MALFORMED"),
    (
        "MatchFaces",
        {"queries": [pb.FaceQuery(vector=vector_pb2.Vector(values=[1]))]},
        "FIELD_MISSING",
    ),
    ("MatchFaces", {"queries": [QUERY], "max_people": 21}, "FIELD_INVALID"),
    ("MatchFaces", {"queries": [QUERY], "max_people": -1}, "FIELD_INVALID"),
    ("MatchFaces", {"queries": [QUERY], "min_score": float("nan")}, "FIELD_INVALID"),
    ("MatchFaces", {"queries": [QUERY], "min_score": 1.5}, "FIELD_INVALID"),
    ("MatchFaces", {"queries": [QUERY], "person_ids": ["A"]}, "ID_MALFORMED"),
    ("NearestFaces", {"queries": [QUERY], "max_faces": 201}, "FIELD_INVALID"),
    ("LinkFaces", {"links": [pb.FaceLink(face_id=ADA)]}, "FIELD_INVALID"),
    ("LinkFaces", {"links": [pb.FaceLink(face_id=ADA, person_id="x", version=1)]}, "ID_MALFORMED"),
    ("SetPeople", {"people": [pb.MatchablePerson(person_id=ADA)]}, "FIELD_INVALID"),
    ("SetPeople", {"people": [pb.MatchablePerson(version=1)]}, "ID_MALFORMED"),
    ("EraseFaces", {"person_id": "x"}, "ID_MALFORMED"),
    ("EraseFaces", {"face_ids": ["\x00"]}, "ID_MALFORMED"),
    ("EraseFaces", {"access": pb.FaceAccess(actor="u", purpose="p")}, "FIELD_MISSING"),
    ("EraseFaces", {"access": pb.FaceAccess(owner=OWNER, purpose="p")}, "FIELD_MISSING"),
    ("EraseFaces", {"access": pb.FaceAccess(owner=OWNER, actor="u")}, "FIELD_MISSING"),
    (
        "EraseFaces",
        {"access": pb.FaceAccess(owner=OWNER, actor="u", purpose="x" * 201)},
        "FIELD_INVALID",
    ),
    (
        "EraseFaces",
        {"access": pb.FaceAccess(owner=OWNER, actor="u", purpose="p", request_id="\n")},
        "FIELD_INVALID",
    ),
    (
        "EraseFaces",
        {"access": pb.FaceAccess(owner=OWNER, actor="u", purpose="p", consent_sequence=-1)},
        "FIELD_INVALID",
    ),
]


async def test_bad_requests(objects, start_service):
    """Each ends with its reason."""
    async with start_service(objects) as service:
        stub = faces_of(service, "faces.vectors")
        for name, fields, reason in BAD:
            request = getattr(pb, f"{name}Request")(**{"access": ACCESS, **fields})
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await getattr(stub, name)(request)
            assert (grpc.StatusCode.INVALID_ARGUMENT, reason) == (
                caught.value.code(),
                error_of(caught.value).reason,
            ), (name, fields)
        late = pb.MatchablePerson(person_id=ADA, version=1)
        late.expire_time.seconds = 10**15
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.SetPeople(pb.SetPeopleRequest(access=ACCESS, people=[late]))
        assert "TIME_OUT_OF_RANGE" == error_of(caught.value).reason
