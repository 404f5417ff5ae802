"""REST through the edge: paths, JSON, bodies, streams and errors."""

import base64
import json
import zlib

import pytest

MIB = 2**20


def test_post_becomes_a_call(web, seen):
    """A JSON body becomes the request; the answer keeps field names and prints every primitive."""
    answer = web.post("/v1/assets:createUpload", json={"filename": "ü.jpg", "size_bytes": "7"})
    asset = answer.json()["asset"]
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert seen[-1][1].size_bytes == 7
    assert asset["filename"] == "ü.jpg"
    assert asset["size_bytes"] == "0"
    assert asset["tags"] == []


def test_get_takes_path_and_query(web):
    """Path segments and query parameters fill the request."""
    assert web.get("/v1/assets/x1").json()["asset"]["asset_id"] == "x1"
    assert web.get("/v1/assets", params={"page_size": 3}).json()["next_page_token"] == "3"


def test_patch_names_what_it_changes(web, seen):
    """The body is the asset, the path its id, the mask a parameter (none: what is set)."""
    answer = web.patch("/v1/assets/x1", params={"update_mask": "tags,albums"}, json={"tags": ["t"]})
    request = seen[-1][1]
    assert (200, ["t"]) == (answer.status_code, answer.json()["asset"]["tags"])
    assert ("x1", ["tags", "albums"]) == (request.asset.asset_id, list(request.update_mask.paths))
    web.patch("/v1/assets/x1", json={"taken_time": "2001-02-03T04:05:06Z"})
    request = seen[-1][1]
    assert request.asset.HasField("taken_time")
    assert [] == [path for path in request.update_mask.paths if path != "taken_time"]


def test_spaces_have_paths_with_their_ids(web, seen):
    """The id of a space stands in the path, its @ and dots as they are."""
    space = "kioku-tiny.v2@0123456789ab"
    promoted = web.post(f"/v1/spaces/{space}:promote", json={"accept_failures": 3}).json()
    assert (space, 3) == (promoted["previous_space_id"], seen[-1][1].accept_failures)
    job = web.get(f"/v1/spaces/{space}/backfill").json()["backfill"]
    assert (space, "0") == (job["space_id"], job["pending"])
    assert "eta_seconds" not in job
    assert 200 == web.post("/v1/spaces:rollback", json={"force": True}).status_code
    assert seen[-1][1].force


def test_frames_of_a_video(web, seen):
    """A video's frames have a path of their own; a frame's URL is asked for by its number."""
    frames = web.get("/v1/assets/x1/frames", params={"page_size": 3}).json()["frames"]
    assert [(3, "1500")] == [(frame["frame_no"], frame["time_ms"]) for frame in frames]
    assert "x1" == seen[-1][1].asset_id
    web.get("/v1/assets/x1:downloadUrl", params={"frame_no": 0})
    assert seen[-1][1].HasField("frame_no")
    web.get("/v1/assets/x1:downloadUrl")
    assert not seen[-1][1].HasField("frame_no")


def test_indexes_of_spaces(web, seen):
    """A space's index lies under the space's id; a load is an array of messages."""
    space_id = "siglip2-base@0123456789ab"
    assert space_id == web.get(f"/v1/spaces/{space_id}/index").json()["index"]["space_id"]
    web.post(f"/v1/spaces/{space_id}/index:tune", json={"parameters": {"m": 24}})
    assert (space_id, 24) == (seen[-1][1].space_id, seen[-1][1].parameters.m)
    loaded = web.post("/v1/vectors:import", json=[{"asset_ids": ["a", "b"]}, {"asset_ids": ["c"]}])
    assert "3" == loaded.json()["imported"]


def test_error_carries_its_reason(web):
    """An error is a google.rpc.Status in JSON with the ErrorInfo of the service."""
    answer = web.get("/v1/assets/gone")
    assert answer.status_code == 404
    assert answer.json() == {
        "code": 5,
        "message": "No such asset.",
        "details": [
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "ASSET_NOT_FOUND",
                "domain": "kioku",
                "metadata": {"asset_id": "gone"},
            }
        ],
    }


def test_stream_is_a_json_array(web):
    """WatchAsset over REST is an array of what the stream held."""
    states = [item["asset"]["state"] for item in web.get("/v1/assets/x1:watch").json()]
    assert states == ["ASSET_STATE_PROCESSING", "ASSET_STATE_READY"]


def test_stream_comes_as_it_happens(web, seen):
    """The first change is there while the stream is still open."""
    with web.stream("GET", "/v1/assets/gated:watch") as answer:
        pieces = answer.iter_text()
        assert "ASSET_STATE_PROCESSING" in next(pieces)
        seen.go_on.set()
        assert "ASSET_STATE_READY" in "".join(pieces)


def test_embed_takes_raw_bytes(web, seen):
    """POST /embed hands over body and content type as they are."""
    picture = bytes(range(256)) * 8192
    answer = web.post("/embed", content=picture, headers={"Content-Type": "image/jpeg"})
    assert answer.json() == {"embedding": [len(picture), zlib.crc32(picture) % 65536]}
    assert seen[-1][1].image.content_type == "image/jpeg"


def test_embed_takes_multipart(web, seen):
    """A multipart body arrives whole, with its boundary."""
    web.post("/embed", files={"image": ("cat.jpg", b"\xff\xd8 picture", "image/jpeg")})
    body = seen[-1][1].image
    assert body.content_type.startswith("multipart/form-data; boundary=")
    assert b"\xff\xd8 picture" in body.data


def test_labels_become_scores(web, seen):
    """POST /v1/images:label takes a picture in base64 or a vector, and prints every primitive."""
    boxed = {"image": base64.b64encode(b"picture").decode(), "labels": ["猫", "dog"]}
    answer = web.post("/v1/images:label", json=boxed).json()
    assert answer["calibration"] == "LABEL_CALIBRATION_INDEPENDENT"
    assert answer["labels"] == [
        {"label": "猫", "score": 0.5, "similarity": 0},
        {"label": "dog", "score": pytest.approx(1 / 3, abs=1e-6), "similarity": 0},
    ]
    assert seen[-1][1].image == b"picture"
    vector = {"space_id": "s@1", "values": [0.5, -1]}
    web.post("/v1/images:label", json={"vector": vector, "labels": ["a"], "template": "a {}"})
    assert list(seen[-1][1].vector.values) == [0.5, -1]
    assert seen[-1][1].template == "a {}"


def test_picture_at_the_limit_passes(web):
    """A picture of 16 MiB passes raw and as base64 in JSON."""
    picture = b"\x01" * (16 * MIB)
    raw = web.post("/embed", content=picture, headers={"Content-Type": "image/png"})
    boxed = {"image": base64.b64encode(picture).decode()}
    assert raw.json()["embedding"][0] == len(picture)
    assert web.post("/v1/images:embed", json=boxed).json()["space_id"] == str(len(picture))


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize(
    ("path", "size"), [("/embed", 16 * MIB + 2**17), ("/v1/images:embed", 22 * MIB)]
)
def test_more_is_refused(web, path, size, chunked):
    """A longer body is 413 with a reason, with or without a Content-Length."""
    body = b'{"image": "' + b"A" * size + b'"}'
    answer = web.post(path, content=iter([body]) if chunked else body)
    assert answer.status_code == 413
    assert answer.json()["details"][0]["reason"] == "MESSAGE_TOO_LARGE"


@pytest.mark.parametrize("body", [b"{", b'{"size_bytes": "many"}', b"[]"])
def test_bad_json_is_refused(web, body):
    """A body that is not the request in JSON is 400 with a reason."""
    answer = web.post("/v1/assets:createUpload", content=body)
    assert answer.status_code == 400
    assert answer.json()["details"][0]["reason"] == "REQUEST_NOT_DECODABLE"


def test_unknown_query_parameter_is_refused(web):
    """A misspelt query parameter is 400, not ignored."""
    answer = web.get("/v1/assets", params={"pagesize": 3})
    assert answer.status_code == 400
    assert answer.json()["details"][0]["reason"] == "REQUEST_NOT_DECODABLE"


@pytest.mark.parametrize("path", ["/", "/v2/assets", "/v1/assets/a%2Fb", "/kioku", "/%00"])
def test_unknown_path(web, path):
    """What no rpc serves is refused with a reason in JSON."""
    answer = web.get(path)
    assert answer.status_code in {400, 404}
    assert json.loads(answer.text)["details"][0]["domain"] == "kioku"
