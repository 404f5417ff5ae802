"""One stack, two models: a picture and a video end with vectors in both spaces."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import nats
import pytest
from kioku.events.v1 import events_pb2
from kioku_cli.plan.profile import REPOSITORY
from kioku_scenes import draw_scene, write_film

from bench.stack import Stack, temporary_stack
from tests.e2e.app import App

VISUAL = REPOSITORY / "models" / "kioku-visual"
SEED = 717_000


@pytest.fixture(scope="module")
def two() -> Iterator[Stack]:
    """A stack whose embedder serves a second model, of pictures only."""
    with temporary_stack("--second-model", str(VISUAL)) as running:
        yield running


@pytest.fixture(scope="module")
def app(two: Stack) -> Iterator[App]:
    with closing(App(two, "ann")) as app:
        yield app


async def upload_of(stream: Any, asset_id: str) -> events_pb2.AssetUploaded:
    """What was announced of an asset when it was uploaded."""
    last = (await stream.stream_info("KIOKU")).state.last_seq
    for sequence in range(1, last + 1):
        message = await stream.get_msg("KIOKU", sequence)
        if message.subject == "asset.uploaded" and asset_id.encode() in message.data:
            return events_pb2.AssetUploaded.FromString(message.data)
    raise LookupError(asset_id)


async def announce(stack: Stack, asset_id: str, spaces: list[str]) -> None:
    """`asset.uploaded` once more, naming spaces."""
    client = await nats.connect(stack.endpoint("nats"))
    try:
        stream = client.jetstream()
        upload = await upload_of(stream, asset_id)
        upload.space_ids.extend(spaces)
        headers = {"Nats-Msg-Id": f"both-{asset_id}"}
        await stream.publish("asset.uploaded", upload.SerializeToString(), headers=headers)
    finally:
        await client.close()


async def order(stack: Stack, asset_id: str, space: str) -> None:
    """What a back-fill says: frames of this video that are stored, in this space."""
    client = await nats.connect(stack.endpoint("nats"))
    try:
        stream = client.jetstream()
        last = (await stream.stream_info("KIOKU")).state.last_seq
        for sequence in range(1, last + 1):
            message = await stream.get_msg("KIOKU", sequence)
            if message.subject == "frames.extracted" and asset_id.encode() in message.data:
                extracted = events_pb2.FramesExtracted.FromString(message.data)
                extracted.space_id, extracted.order_id = space, "order-1"
                extracted.ClearField("total_frames")
                headers = {"Nats-Msg-Id": f"order-{asset_id}-{sequence}"}
                await stream.publish(
                    "frames.extracted", extracted.SerializeToString(), headers=headers
                )
    finally:
        await client.close()


def spaces_of(stack: Stack, asset_id: str) -> dict[str, int]:
    """How many vectors of what is seen an asset has in which space."""
    rows = stack.query(
        "SELECT space_id, count(*) FROM search.image_embeddings"
        " WHERE asset_id = $1 AND NOT starts_with(space_id, 'tags@') GROUP BY 1",
        asset_id,
    )
    return {row[0]: row[1] for row in rows}


def film(app: App, folder: Path, scenes: int) -> Any:
    """A short film that is READY."""
    path = folder / f"{scenes}.mp4"
    write_film(path, tuple(range(SEED, SEED + scenes)), seconds_each=1.0)
    asset = app.settled(app.upload(path, "film.mp4", "video/mp4"), 120)
    assert "ASSET_STATE_READY" == asset["state"], asset
    return asset


@pytest.mark.timeout(300)
def test_pictures_and_videos_get_vectors_in_both_spaces(
    two: Stack, app: App, tmp_path: Path
) -> None:
    """Named on the upload, or ordered later of the frames that are there; nothing is cut again."""
    draw_scene(SEED).image.save(tmp_path / "a.jpg", quality=92)
    picture = app.upload(tmp_path / "a.jpg")
    app.settled(picture)
    named, ordered = film(app, tmp_path, 2), film(app, tmp_path, 3)
    default, second = app.http.get("/v1/models").json()["models"][:2]
    assert (True, False) == (default["default"], second["default"])
    spaces = [default["space"]["space_id"], second["space"]["space_id"]]
    frames = {one["asset_id"]: int(one["video"]["frames_total"]) for one in (named, ordered)}
    objects = {one: two.objects(one) for one in frames}
    assert {asset: {spaces[0]: count} for asset, count in frames.items()} == {
        asset: spaces_of(two, asset) for asset in frames
    }
    for asset_id in (picture, named["asset_id"]):
        asyncio.run(announce(two, asset_id, spaces))
    asyncio.run(order(two, ordered["asset_id"], spaces[1]))
    wanted = {picture: dict.fromkeys(spaces, 1)}
    wanted |= {asset: dict.fromkeys(spaces, count) for asset, count in frames.items()}
    two.wait(
        lambda: wanted == {asset: spaces_of(two, asset) for asset in wanted}, 120, "both spaces"
    )
    assert objects == {one: two.objects(one) for one in frames}
    states = two.query("SELECT state FROM search.assets WHERE asset_id::text = ANY($1)", [*wanted])
    assert ["READY"] * 3 == [row[0] for row in states]


@pytest.mark.timeout(300)
def test_a_model_is_changed_from_the_command_line(two: Stack, app: App, tmp_path: Path) -> None:
    """Filled by the real embedder, frames too, tried, promoted, rolled back: always found."""
    draw_scene(SEED + 9).image.save(tmp_path / "b.jpg", quality=92)
    draw_scene(SEED + 10).image.save(tmp_path / "c.jpg", quality=92)
    pictures = [app.upload(tmp_path / name) for name in ("b.jpg", "c.jpg")]
    for one in pictures:
        app.settled(one)
    video = film(app, tmp_path, 4)
    models = app.http.get("/v1/models").json()["models"][:2]
    old, new = (one["space"]["space_id"] for one in models)
    assert "SPACE_STATE_REGISTERED" == two.run("space", "register", new)["state"]
    job = two.run("space", "backfill", new, "--rate", "100000", "--watch")
    assert (job["total"], "0") == (job["done"], job["failed"])
    assert int(video["video"]["frames_total"]) == spaces_of(two, video["asset_id"])[new]

    def space_of_answer() -> str:
        answer = app.search(asset_id=pictures[0])
        assert {pictures[1], video["asset_id"]} <= {hit["asset_id"] for hit in answer["hits"]}
        return str(answer["space_id"])

    assert old == space_of_answer()
    assert two.run("space", "compare", new)["samples"] >= 3
    two.run("space", "canary", new, "100")
    assert new == space_of_answer()
    assert old == two.run("space", "promote", new)["previous_space_id"]
    assert new == space_of_answer()
    late = app.upload(tmp_path / "b.jpg", "late.jpg")
    app.settled(late)
    two.wait(lambda: {old: 1, new: 1} == spaces_of(two, late), 60, "both spaces")
    assert new == two.run("space", "rollback")["previous_space_id"]
    assert old == space_of_answer()
    states = {one["space"]["space_id"]: one["state"] for one in two.run("space", "list")}
    assert ("SPACE_STATE_ACTIVE", "SPACE_STATE_STANDBY") == (states[old], states[new])
