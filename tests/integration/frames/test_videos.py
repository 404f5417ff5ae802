"""Videos become frames and vectors exactly once, whatever ends the processes on the way."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from kioku.assets.v1 import asset_pb2
from kioku.events.v1 import events_pb2

pytestmark = pytest.mark.timeout(180)


async def test_uploads_become_frames_or_reasons(
    world: Any, start_frames: Callable[..., Any], draw_video: Callable[..., bytes]
) -> None:
    """A good video is told range by range; bad ones fail with their reason; pictures are left."""
    data = draw_video(7)
    good = await world.upload(data)
    junk = await world.upload(b"#EXTM3U\nfile:///etc/hostname\n")
    cut_short = await world.upload(data[: len(data) // 2])
    changed = await world.upload(data, sha256="0" * 64)
    gone = await world.upload(data, object_key="originals/o/none/1")
    await world.upload(b"picture", kind=asset_pb2.ASSET_KIND_IMAGE)
    child = start_frames(KIOKU_FRAMES_RANGE="3")
    last = await world.until_cut(good)
    frames = await world.frames(good)
    assert [(n, n * 1000) for n in range(7)] == [(f.frame_no, f.time_ms) for f in frames]
    assert (7, 7, 0, "") == (
        last.total_frames,
        last.first_frame_no,
        last.frame_count,
        last.manifest_key,
    )
    assert (7000, 64, 48, "mpeg4", "") == (
        last.facts.duration_ms,
        last.facts.width,
        last.facts.height,
        last.facts.codec,
        last.facts.incomplete,
    )
    for frame in frames:
        stored = await world.store.get(frame.object_key, max_bytes=2**20)
        assert frame.sha256 == hashlib.sha256(stored).hexdigest()

    async def all_failed() -> bool:
        return len(await world.failures()) == 4

    await world.until(all_failed)
    assert {
        junk: ("frames", "VIDEO_UNSUPPORTED_FORMAT"),
        cut_short: ("frames", "VIDEO_UNSUPPORTED_FORMAT"),
        changed: ("frames", "CHECKSUM_MISMATCH"),
        gone: ("frames", "OBJECT_MISSING"),
    } == await world.failures()
    assert [{"video_id": good, "frame_count": 7}] == [
        line["result"] for line in child.lines("task") if line["task"] == "extract_frames"
    ]
    child.process.terminate()
    assert await asyncio.to_thread(child.process.wait, 40) == 0


async def test_a_worker_killed_in_the_middle_loses_and_doubles_nothing(
    world: Any, start_frames: Callable[..., Any], draw_video: Callable[..., bytes]
) -> None:
    """kill -9 while ranges are being told; the next worker's frames are the same, each once."""
    asset = await world.upload(draw_video(120))
    first = start_frames(KIOKU_FRAMES_RANGE="2")

    async def begun() -> bool:
        return len(await world.extracted()) >= 3

    await world.until(begun)
    first.process.kill()
    before = await world.extracted()
    assert not any(event.HasField("total_frames") for event in before)
    start_frames(KIOKU_FRAMES_RANGE="2")
    last = await world.until_cut(asset)
    frames = await world.frames(asset)
    assert 120 == last.total_frames
    assert [(n, n * 1000) for n in range(120)] == [(f.frame_no, f.time_ms) for f in frames]
    assert sorted(f.object_key for f in frames) == await world.pictures(asset)


async def test_asking_again_tells_again_without_cutting(
    world: Any, start_frames: Callable[..., Any], draw_video: Callable[..., bytes]
) -> None:
    """A new life of a video gets the same frames from the finished cut, original gone or not."""
    asset = await world.upload(draw_video(5))
    start_frames(KIOKU_FRAMES_RANGE="2")
    first = await world.until_cut(asset)
    await world.store.delete([f"originals/o/{asset}/1"])
    await world.request(asset, 2)
    second = await world.until_cut(asset, 2)
    assert (first.facts, first.total_frames) == (second.facts, second.total_frames)
    old, new = await world.frames(asset), await world.frames(asset, 2)
    assert [(f.frame_no, f.time_ms, f.sha256) for f in old] == [
        (f.frame_no, f.time_ms, f.sha256) for f in new
    ]
    assert [f.object_key for f in new] == await world.pictures(asset, 2)


async def test_frames_become_vectors_and_survive_a_kill(
    world: Any,
    start_frames: Callable[..., Any],
    start_embedder: Callable[..., Any],
    draw_video: Callable[..., bytes],
) -> None:
    """The embedder dies in the middle of a video; in the end every frame was told once."""
    asset = await world.upload(draw_video(60))
    start_frames(KIOKU_FRAMES_RANGE="3")
    await world.until_cut(asset)
    spoilt = (await world.frames(asset))[10]
    await world.store.put(spoilt.object_key, b"spoilt", "image/jpeg")
    first = start_embedder(BATCH_SIZE="2")

    async def ready(count: int) -> bool:
        return len(await world.told("embedding.ready", events_pb2.EmbeddingReady)) >= count

    await world.until(lambda: ready(3))
    first.process.kill()
    second = start_embedder(BATCH_SIZE="2")
    await world.until(lambda: ready(20))
    told = await world.told("embedding.ready", events_pb2.EmbeddingReady)
    items = [item for event in told for item in event.items]
    assert Counter(range(60)) == Counter(item.frame_no for item in items)
    assert {10: "CHECKSUM_MISMATCH"} == {
        item.frame_no: item.failure.reason for item in items if item.HasField("failure")
    }
    assert {4 * 48} == {len(i.vector) for i in items if not i.HasField("failure")}
    assert all(item.time_ms == item.frame_no * 1000 for item in items)
    task = second.lines("task")[0]
    assert ("extract_embeddings", "siglip") == (task["task"], task["queue"])
    assert {"video_id": asset, "frame_count": 3} == task["result"]
