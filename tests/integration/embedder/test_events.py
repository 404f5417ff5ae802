"""Embedder processes on a real event log and object store lose nothing, whatever ends them."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from kioku.assets.v1 import asset_pb2
from kioku.events.v1 import events_pb2

from tests.integration.embedder.rig import damaged

pytestmark = pytest.mark.timeout(240)


async def test_uploads_become_vectors_or_reasons(
    world: Any, start_embedder: Callable[..., Any], make_jpeg: Callable[..., bytes]
) -> None:
    """Good pictures are told once; bad ones fail with their reason; videos are left alone."""
    good = [await world.upload(make_jpeg(seed)) for seed in range(5)]
    cut = await world.upload(make_jpeg(9)[:900])
    changed = await world.upload(make_jpeg(10), sha256="0" * 64)
    gone = await world.upload(make_jpeg(11), object_key="originals/o/none/1")
    await world.upload(b"video", kind=asset_pb2.ASSET_KIND_VIDEO)
    child = start_embedder(**world.environment)
    assert sorted(await world.until_ready(5)) == sorted(good)
    async with asyncio.timeout(30):
        while len(failed := await world.told("asset.failed", events_pb2.AssetFailed)) < 3:
            await asyncio.sleep(0.1)
    assert {event.asset_id: event.failure.reason for event in failed} == {
        cut: "IMAGE_TRUNCATED",
        changed: "CHECKSUM_MISMATCH",
        gone: "OBJECT_MISSING",
    }
    assert {event.attempts for event in failed} == {1}
    letters = await world.bus.stored_after("DLQ", 1, "dlq.asset.uploaded")
    assert letters is not None
    child.process.send_signal(signal.SIGTERM)
    assert await child.wait() == 0


async def test_two_share_the_work_and_lose_nothing(
    world: Any, start_embedder: Callable[..., Any], make_jpeg: Callable[..., bytes]
) -> None:
    """One is stopped in the middle, one killed; a third finishes; each asset is told once."""
    first, second = (start_embedder(**world.environment) for _ in range(2))
    await asyncio.gather(first.port(), second.port())
    data = make_jpeg(0, (1600, 1200))
    assets = await asyncio.gather(*(world.upload(data) for _ in range(60)))
    await world.until_ready(5)
    first.process.send_signal(signal.SIGTERM)
    assert await first.wait() == 0
    second.process.kill()
    third = start_embedder(**world.environment)
    told = Counter(await world.until_ready(60, seconds=100))
    assert told == Counter(assets)
    assert third.process.poll() is None


async def test_a_model_that_cannot_be_read_ends_the_process(
    world: Any,
    start_embedder: Callable[..., Any],
    make_jpeg: Callable[..., bytes],
    tiny_model: Any,
    tmp_path: Any,
) -> None:
    """Lazily loaded weights turn out damaged: no hang, no 200 while nothing works, exit code 70."""
    broken = damaged(tiny_model, tmp_path / "broken")
    child = start_embedder(**world.environment, SIGLIP_MODEL_NAME=str(broken))
    await child.port()
    asset = await world.upload(make_jpeg())
    assert await child.wait() == 70
    assert await world.told("asset.failed", events_pb2.AssetFailed) == []
    start_embedder(**world.environment)
    assert await world.until_ready(1) == [asset]


async def test_a_wrong_setting_is_told_in_a_sentence(start_embedder: Callable[..., Any]) -> None:
    """A checkpoint that is not there ends the start with exit code 78 and what to do."""
    child = start_embedder(SIGLIP_MODEL_NAME="/no/such/folder", HF_HUB_OFFLINE="1")
    assert await child.wait() == 78
    assert "SIGLIP_MODEL_NAME" in child.log.read_text()
