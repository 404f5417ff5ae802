"""Embedder processes on a real event log and object store lose nothing, whatever ends them."""

from __future__ import annotations

import asyncio
import hashlib
import signal
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from kioku.assets.v1 import asset_pb2
from kioku.events.v1 import events_pb2
from kioku_rt.events import EventBus
from kioku_rt.objects import S3ObjectStore, S3Settings
from kioku_stack.nats import Nats
from kioku_stack.swift import Swift

pytestmark = pytest.mark.timeout(240)


class World:
    """The event log and the bucket as search would use them."""

    def __init__(self, bus: EventBus, store: S3ObjectStore, environment: dict[str, str]) -> None:
        self.bus = bus
        self.store = store
        self.environment = environment

    async def upload(self, data: bytes, **changes: Any) -> str:
        """Stores a picture and says so; its asset id."""
        asset = str(uuid.uuid4())
        key = f"originals/o/{asset}/1"
        await self.store.put(key, data, "image/jpeg")
        fields = {
            "asset_id": asset,
            "owner": "user-1",
            "kind": asset_pb2.ASSET_KIND_IMAGE,
            "object_key": key,
            "sha256": hashlib.sha256(data).hexdigest(),
        }
        message = events_pb2.AssetUploaded(**(fields | changes))
        await self.bus.publish("asset.uploaded", message.SerializeToString(), event_id=asset)
        return asset

    async def told(self, subject: str, kind: Any) -> list[Any]:
        """Every event of a subject in the log."""
        found, sequence = [], 1
        while (stored := await self.bus.stored_after("KIOKU", sequence, subject)) is not None:
            found.append(kind.FromString(stored.payload))
            sequence = stored.sequence + 1
        return found

    async def ready(self) -> list[str]:
        """The assets that have been given a vector, as often as it was told."""
        told = await self.told("embedding.ready", events_pb2.EmbeddingReady)
        return [event.asset_id for event in told]

    async def until_ready(self, count: int, seconds: float = 60) -> list[str]:
        """Waits until so many have been told."""
        async with asyncio.timeout(seconds):
            while len(done := await self.ready()) < count:
                await asyncio.sleep(0.1)
        return done


@pytest.fixture
async def world(fresh_nats: Nats, swift_server: Swift) -> AsyncIterator[World]:
    bucket = f"bucket-{uuid.uuid4().hex[:8]}"
    await asyncio.to_thread(swift_server.create_bucket, bucket)
    settings = S3Settings(
        endpoint=swift_server.endpoint,
        public_endpoint=swift_server.endpoint,
        bucket=bucket,
        region=swift_server.region,
        access_key=swift_server.access_key,
        secret_key=swift_server.secret_key,
    )
    environment = {
        "KIOKU_NATS_URL": fresh_nats.url,
        "KIOKU_S3_ENDPOINT": settings.endpoint,
        "KIOKU_S3_BUCKET": bucket,
        "KIOKU_S3_REGION": settings.region,
        "KIOKU_S3_ACCESS_KEY": settings.access_key,
        "KIOKU_S3_SECRET_KEY": settings.secret_key,
    }
    store = S3ObjectStore(settings)
    async with await EventBus.connect(fresh_nats.url, "test") as bus:
        yield World(bus, store, environment)
    store.close()


async def test_uploads_become_vectors_or_reasons(
    world: World, start_embedder: Callable[..., Any], make_jpeg: Callable[..., bytes]
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
    world: World, start_embedder: Callable[..., Any], make_jpeg: Callable[..., bytes]
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
    world: World,
    start_embedder: Callable[..., Any],
    make_jpeg: Callable[..., bytes],
    tiny_model: Any,
    tmp_path: Any,
) -> None:
    """Lazily loaded weights turn out damaged: no hang, no 200 while nothing works, exit code 70."""
    broken = tmp_path / "broken"
    broken.mkdir()
    for path in tiny_model.iterdir():
        data = path.read_bytes()
        (broken / path.name).write_bytes(data[:2000] if path.suffix == ".safetensors" else data)
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
