"""One deletion call removes a picture everywhere, and nothing brings it back."""

from __future__ import annotations

import asyncio
import base64
import time
from pathlib import Path
from typing import Any

import nats
from kioku_scenes import draw_scene
from nats.js.errors import NotFoundError

from bench.stack import Stack
from tests.e2e.app import App


def drawn(folder: Path, seed: int) -> bytes:
    """A picture that nobody else uploads."""
    path = folder / f"{seed}.jpg"
    draw_scene(seed).image.save(path, quality=92)
    return path.read_bytes()


def receipt(app: App, asset_id: str, seconds: float = 30.0) -> Any:
    """The deletion once it is done."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        deletion = app.http.get(f"/v1/deletions/{asset_id}").json()["deletion"]
        if deletion["done"]:
            return deletion
        time.sleep(0.2)
    raise TimeoutError("the deletion is not done")


def rows_of(stack: Stack, asset_id: str) -> dict[str, int]:
    """What the database still holds of an asset, by table."""
    tables = ("assets", "asset_stages", "image_embeddings")
    return {
        table: stack.value(f"SELECT count(*) FROM search.{table} WHERE asset_id = $1", asset_id)
        for table in tables
    }


async def replay_events(stack: Stack, asset_id: str) -> int:
    """Publish every event that names the asset once more, under new ids; how many there were."""
    client = await nats.connect(stack.endpoint("nats"))
    try:
        stream = client.jetstream()
        last = (await stream.stream_info("KIOKU")).state.last_seq
        found = []
        for sequence in range(1, last + 1):
            try:
                message = await stream.get_msg("KIOKU", sequence)
            except NotFoundError:  # erased, as those with vectors of faces are
                continue
            if asset_id.encode() in (message.data or b"") and message.subject != "asset.deleted":
                found.append(message)
        for number, message in enumerate(found):
            headers = {"Nats-Msg-Id": f"replayed-{asset_id}-{number}"}
            await stream.publish(message.subject or "", message.data or b"", headers=headers)
        return len(found)
    finally:
        await client.close()


def test_deletion_is_complete_and_lasting(stack: Stack, forgetful: App, tmp_path: Path) -> None:
    """Rows, vectors, objects and hits are gone, also after every event was replayed."""
    data = drawn(tmp_path, 515_151)
    asset_id = forgetful.upload(data)
    assert forgetful.settled(asset_id)["state"] == "ASSET_STATE_READY"
    picture = base64.b64encode(data).decode()
    assert forgetful.hits(image=picture) == [asset_id]

    forgetful.http.delete(f"/v1/assets/{asset_id}")
    assert forgetful.hits(image=picture) == []
    assert forgetful.http.get(f"/v1/assets/{asset_id}").status_code == 404
    done = receipt(forgetful, asset_id)
    assert [purge["participant"] for purge in done["purges"]] == ["face", "search", "vlm"]

    assert asyncio.run(replay_events(stack, asset_id)) >= 2
    time.sleep(3)
    assert rows_of(stack, asset_id) == {"assets": 0, "asset_stages": 0, "image_embeddings": 0}
    assert stack.objects(asset_id) == []
    assert forgetful.hits(image=picture) == []


def test_deleting_twice_gives_the_same_receipt(
    stack: Stack, forgetful: App, tmp_path: Path
) -> None:
    """DeleteAsset is idempotent."""
    asset_id = forgetful.upload(drawn(tmp_path, 515_152))
    first = forgetful.http.delete(f"/v1/assets/{asset_id}").json()["deletion"]
    second = forgetful.http.delete(f"/v1/assets/{asset_id}").json()["deletion"]

    assert first["create_time"] == second["create_time"]
    assert receipt(forgetful, asset_id)["done"] is True


def test_deleting_while_it_is_processed_leaves_nothing(
    stack: Stack, forgetful: App, tmp_path: Path
) -> None:
    """An asset deleted right after its upload never comes back with a late vector."""
    ids = [forgetful.upload(drawn(tmp_path, 515_200 + number)) for number in range(6)]
    for asset_id in ids:
        forgetful.http.delete(f"/v1/assets/{asset_id}")
    for asset_id in ids:
        receipt(forgetful, asset_id)
    time.sleep(2)

    assert forgetful.hits(text="a house", k=100) == []
    assert [sum(rows_of(stack, asset_id).values()) for asset_id in ids] == [0] * len(ids)
