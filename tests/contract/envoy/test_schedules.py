"""Schedules through the edge: the specification's path, corrections, streams and calendars."""

import base64

import httpx
import pytest
from kioku.vlm.v1 import observation_pb2


@pytest.mark.parametrize("path", ["/ai/schedule/from_image", "/v1/schedules:extract"])
def test_a_picture_is_asked_about_over_rest(web, seen, path):
    """The picture as base64; every primitive of the answer is printed, by the contract's names."""
    body = {
        "image": base64.b64encode(b"a picture").decode(),
        "zone": "Asia/Tokyo",
        "wait_seconds": 0,
    }
    answer = web.post(path, json=body)
    assert 200 == answer.status_code
    told = answer.json()
    assert ("observation-pending", "9", [], [], "") == (
        told["status"],
        told["observation_id"],
        told["events"],
        told["member_candidates"],
        told["abstained"],
    )
    _, request, _ = seen[-1]
    assert ("Asia/Tokyo", True) == (request.zone, request.HasField("wait_seconds"))


def test_an_entry_is_corrected_by_patch(web, seen):
    """Ids in the path, the entry as the body, the mask in the query."""
    answer = web.patch(
        "/v1/observations/o1/entries/e1",
        params={"update_mask": "title,end"},
        json={"title": {"value": "Summer fair"}},
    )
    assert 200 == answer.status_code
    _, request, _ = seen[-1]
    assert ("o1", "e1", "Summer fair", ["title", "end"]) == (
        request.entry.observation_id,
        request.entry.entry_id,
        request.entry.title.value,
        list(request.update_mask.paths),
    )


def test_observations_of_an_asset_have_a_path(web, seen):
    """And states are named in the query."""
    params = {"state": "OBSERVATION_STATE_FAILED"}
    answer = web.get("/v1/assets/a1/observations", params=params)
    assert "a1" == answer.json()["next_page_token"]
    assert observation_pb2.OBSERVATION_STATE_FAILED == seen[-1][1].state


@pytest.mark.parametrize(
    ("path", "observation_id"), [("/v1/observations/o1:calendar", "o1"), ("/v1/calendar", "")]
)
def test_a_calendar_is_the_body(web, seen, path, observation_id):
    """Not JSON with a calendar in it."""
    answer = web.get(path, params={"zone": "Asia/Tokyo"})
    assert "text/calendar; charset=utf-8" == answer.headers["content-type"]
    assert b"BEGIN:VCALENDAR\r\n" * 2 == answer.content
    assert (observation_id, "Asia/Tokyo") == (seen[-1][1].observation_id, seen[-1][1].zone)


def test_a_watch_is_an_array(web):
    """Each change one element."""
    told = web.get("/v1/observations/o1:watch").json()
    assert ["0", "1"] == [one["observation"]["version"] for one in told]


def test_without_schedules_their_calls_are_unavailable(make_edge, token):
    """A stack that reads none says so, and everything else works."""
    edge = make_edge(9, vlm=[])
    headers = {"Authorization": f"Bearer {token}"}
    answer = httpx.post(f"{edge.url}/ai/schedule/from_image", json={}, headers=headers)
    assert (503, "DEPENDENCY_UNAVAILABLE") == (
        answer.status_code,
        answer.json()["details"][0]["reason"],
    )
    assert 200 == httpx.get(f"{edge.url}/v1/assets/a1", headers=headers).status_code


def test_schedules_need_a_token(edge):
    """Without one nothing passes."""
    answer = httpx.get(f"{edge.url}/v1/entries")
    assert (401, "TOKEN_MISSING") == (answer.status_code, answer.json()["details"][0]["reason"])
