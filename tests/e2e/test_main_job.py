"""Pictures in, answers out, over every door."""

from __future__ import annotations

import base64
import json
import math
from pathlib import Path
from typing import Any

import httpx
import pytest
from kioku.search.v1 import search_service_pb2, search_service_pb2_grpc
from kioku_rt.rpc import channel

from bench.stack import Stack
from tests.e2e.app import App
from tests.e2e.conftest import PICTURES


def captions(scenes: Path) -> list[dict[str, Any]]:
    """The drawn pictures' file names and captions."""
    return [json.loads(line) for line in (scenes / "captions.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("language", ["caption_en", "caption_ja"])
def test_words_find_their_picture(alice: App, scenes: Path, language: str) -> None:
    """A scene's own caption finds it among the first five, nearly always, in both languages."""
    found = 0
    for scene in captions(scenes):
        hits = alice.search(text=scene[language], k=5)["hits"]
        found += scene["file"] in [hit["filename"] for hit in hits]

    assert found >= 0.9 * PICTURES


def test_a_picture_finds_itself(alice: App, scenes: Path) -> None:
    """The nearest asset to a picture's own bytes is that picture, with a score of one."""
    picture = sorted(scenes.glob("*.jpg"))[3]
    first = alice.search(image=base64.b64encode(picture.read_bytes()).decode())["hits"][0]

    assert picture.name == first["filename"]
    assert first["score"] == pytest.approx(1.0, abs=1e-3)


def test_an_asset_finds_others_but_not_itself(alice: App) -> None:
    """A search by asset returns everything else of the owner, nearest first."""
    asset_id = alice.hits(text="a red house", k=1)[0]
    answer = alice.search(asset_id=asset_id, k=100)
    scores = [hit["score"] for hit in answer["hits"]]

    assert asset_id not in [hit["asset_id"] for hit in answer["hits"]]
    assert len(scores) == PICTURES - 1
    assert scores == sorted(scores, reverse=True)


async def test_grpc_and_rest_give_the_same_answer(stack: Stack, alice: App) -> None:
    """A backend's stub and an app's curl see the same hits with the same scores."""
    async with channel(stack.endpoint("grpc"), token=lambda: alice.token) as grpc_channel:
        stub = search_service_pb2_grpc.SearchServiceStub(grpc_channel)
        answer = await stub.Search(search_service_pb2.SearchRequest(text="a blue boat", k=7))
    rest = alice.search(text="a blue boat", k=7)["hits"]

    assert [hit.asset_id for hit in answer.hits] == [hit["asset_id"] for hit in rest]
    assert [hit.score for hit in answer.hits] == pytest.approx([h["score"] for h in rest], abs=1e-5)


def test_pages_hold_every_asset_once(alice: App) -> None:
    """Following the page tokens gives each of the owner's assets exactly once."""
    seen: list[str] = []
    token = ""
    while True:
        answer = alice.search(text="a tree", k=7, page_token=token)
        seen += [hit["asset_id"] for hit in answer["hits"]]
        token = answer["next_page_token"]
        if not token:
            break

    assert len(seen) == PICTURES
    assert len(set(seen)) == PICTURES


def test_embed_takes_a_form_and_a_raw_body(alice: App, scenes: Path) -> None:
    """`curl -F image=@x` and a raw body give the same vector of length one, and nothing else."""
    data = next(scenes.glob("*.jpg")).read_bytes()
    form = alice.http.post("/embed", files={"image": ("x.jpg", data, "image/jpeg")})
    raw = alice.http.post("/embed", content=data, headers={"Content-Type": "image/jpeg"})

    assert list(form.json()) == ["embedding"]
    assert form.json() == raw.json()
    assert math.hypot(*raw.json()["embedding"]) == pytest.approx(1.0, abs=1e-5)


def test_watching_ends_with_the_result(alice: App, scenes: Path) -> None:
    """WatchAsset over REST is a JSON array whose last element is the finished asset."""
    data = next(scenes.glob("*.jpg")).read_bytes() + b"\n"  # other bytes, another asset
    asset_id = alice.upload(data)
    changes = alice.http.get(f"/v1/assets/{asset_id}:watch").json()
    alice.http.delete(f"/v1/assets/{asset_id}")

    assert changes[-1]["asset"]["state"] == "ASSET_STATE_READY"
    assert changes[-1]["asset"]["progress"] == 1


def test_stats_count_what_is_there(alice: App) -> None:
    """GetStats counts the owner's assets and vectors, seen and by name, and no gap."""
    stats = alice.http.get("/v1/stats").json()

    assert int(stats["assets"]["READY"]) == PICTURES
    vectors = {space["space"]["kind"]: int(space["vectors"]) for space in stats["spaces"]}
    vectors.pop("SPACE_KIND_FACE", 0)  # there once somebody's picture showed a face
    assert vectors == {"SPACE_KIND_IMAGE": PICTURES, "SPACE_KIND_TAG": PICTURES}
    assert int(stats["missing_vectors"]) == 0


def test_without_a_token_nothing_is_told(alice: App) -> None:
    """A call without a token is refused at the edge."""
    answer = httpx.post(f"{alice.base}/v1/search", json={"text": "a cat"})

    assert answer.status_code == 401
