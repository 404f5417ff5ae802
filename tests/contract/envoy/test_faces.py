"""Faces through the edge: people are matched over REST, and no vector's door is open."""

import base64

import grpc
import httpx
import pytest
from kioku.search.v1 import face_vector_service_pb2, face_vector_service_pb2_grpc


def test_people_are_matched_over_rest(web, seen):
    """`POST /ai/people/match` and its twin take a picture as base64."""
    for path in ("/ai/people/match", "/v1/people:match"):
        body = {"image": base64.b64encode(b"a picture").decode(), "purpose": "a party"}
        answer = web.post(path, json=body)
        assert 200 == answer.status_code
        assert {"matches": [], "space_id": "9", "threshold": 0.0} == answer.json()
        kind, request, _ = seen[-1]
        assert ("MatchPeopleRequest", "a party") == (kind, request.purpose)


def test_the_faces_of_an_asset_have_a_path(web):
    """`GET /v1/assets/{asset_id}/faces`."""
    assert "a1" == web.get("/v1/assets/a1/faces").json()["next_page_token"]


def test_a_match_needs_a_token(edge):
    """Without one nothing passes."""
    answer = httpx.post(f"{edge.url}/ai/people/match", json={"face_id": "x"})
    assert (401, "TOKEN_MISSING") == (
        answer.status_code,
        answer.json()["details"][0]["reason"],
    )


def test_vectors_of_faces_are_out_of_reach(edge, token, seen):
    """The service of vectors is `search`'s, and the edge has no way to it."""
    before = len(seen)
    with grpc.insecure_channel(f"127.0.0.1:{edge.port}") as channel:
        stub = face_vector_service_pb2_grpc.FaceVectorServiceStub(channel)
        with pytest.raises(grpc.RpcError) as caught:
            stub.NearestFaces(
                face_vector_service_pb2.NearestFacesRequest(),
                metadata=(("authorization", f"Bearer {token}"),),
                timeout=5,
            )
    assert grpc.StatusCode.UNIMPLEMENTED == caught.value.code()
    assert before == len(seen)


def test_without_faces_their_calls_are_unavailable(make_edge, token):
    """A stack that looks for no faces says so, and everything else works."""
    edge = make_edge(9, face=[])
    headers = {"Authorization": f"Bearer {token}"}
    answer = httpx.get(f"{edge.url}/v1/assets/a1/faces", headers=headers)
    assert (503, "DEPENDENCY_UNAVAILABLE") == (
        answer.status_code,
        answer.json()["details"][0]["reason"],
    )
    assert 200 == httpx.get(f"{edge.url}/v1/assets/a1", headers=headers).status_code
