"""The frames worker and the embedder as processes, on a real event log and object store."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from kioku.assets.v1 import asset_pb2
from kioku.events.v1 import events_pb2
from kioku_embedder.random_checkpoint import write_tiny_siglip
from kioku_rt.auth import DevIssuer
from kioku_rt.events import EventBus
from kioku_rt.objects import S3ObjectStore, S3Settings, derived_prefix
from kioku_stack.nats import Nats
from kioku_stack.swift import Swift

OWNER = "user-1"


def draw(path: Path, seconds: int, size: tuple[int, int] = (64, 48), fps: int = 5) -> Path:
    """A video in which each second looks different from the one before."""
    width, height = size
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("mpeg4", rate=fps)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.time_base = Fraction(1, fps)
        for number in range(seconds * fps):
            level = 37 * (number // fps) % 256
            picture = np.full((height, width, 3), level, np.uint8)
            picture[: height // 2] = 255 - level
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


@pytest.fixture
def draw_video(tmp_path: Path) -> Callable[..., bytes]:
    """`draw_video(seconds)`: the file's bytes."""
    return lambda seconds, **how: draw(tmp_path / "drawn.mp4", seconds, **how).read_bytes()


@dataclass
class World:
    """The event log and the bucket as search would use them."""

    bus: EventBus
    store: S3ObjectStore
    environment: dict[str, str]

    async def upload(self, data: bytes, **changes: Any) -> str:
        """Stores a video and says so; its asset id."""
        asset = str(uuid.uuid4())
        key = f"originals/o/{asset}/1"
        await self.store.put(key, data, "video/mp4")
        fields: dict[str, Any] = {
            "asset_id": asset,
            "owner": OWNER,
            "kind": asset_pb2.ASSET_KIND_VIDEO,
            "object_key": key,
            "sha256": hashlib.sha256(data).hexdigest(),
            "generation": 1,
        }
        message = events_pb2.AssetUploaded(**(fields | changes))
        await self.bus.publish("asset.uploaded", message.SerializeToString(), event_id=asset)
        return asset

    async def request(self, asset: str, generation: int, space_id: str = "") -> None:
        """Asks for the vectors of a video once more."""
        message = events_pb2.EmbeddingRequested(
            asset_id=asset,
            owner=OWNER,
            kind=asset_pb2.ASSET_KIND_VIDEO,
            object_key=f"originals/o/{asset}/1",
            generation=generation,
            space_id=space_id,
        )
        await self.bus.publish(
            "embedding.requested", message.SerializeToString(), event_id=str(uuid.uuid4())
        )

    async def told(self, subject: str, kind: Any) -> list[Any]:
        """Every event of a subject in the log, in order."""
        found, sequence = [], 1
        while (stored := await self.bus.stored_after("KIOKU", sequence, subject)) is not None:
            found.append(kind.FromString(stored.payload))
            sequence = stored.sequence + 1
        return found

    async def extracted(self) -> list[events_pb2.FramesExtracted]:
        return await self.told("frames.extracted", events_pb2.FramesExtracted)

    async def failures(self) -> dict[str, tuple[str, str]]:
        told = await self.told("asset.failed", events_pb2.AssetFailed)
        return {event.asset_id: (event.stage, event.failure.reason) for event in told}

    async def until(self, done: Callable[[], Any], seconds: float = 90) -> None:
        """Waits until `await done()` is true."""
        async with asyncio.timeout(seconds):
            while not await done():
                await asyncio.sleep(0.1)

    async def until_cut(self, asset: str, generation: int = 1) -> events_pb2.FramesExtracted:
        """The last word on a video's cutting."""
        found: list[events_pb2.FramesExtracted] = []

        async def last() -> bool:
            found[:] = [
                event
                for event in await self.extracted()
                if event.HasField("total_frames")
                and (event.asset_id, event.generation) == (asset, generation)
            ]
            return bool(found)

        await self.until(last)
        assert len(found) == 1
        return found[0]

    async def frames(self, asset: str, generation: int = 1) -> list[events_pb2.Frame]:
        """The frames of all manifests that were announced, in the order of the announcements."""
        found: list[events_pb2.Frame] = []
        for event in await self.extracted():
            if (event.asset_id, event.generation) == (asset, generation) and event.frame_count:
                data = await self.store.get(event.manifest_key, max_bytes=2**20)
                found += events_pb2.FrameManifest.FromString(data).frames
        return found

    async def pictures(self, asset: str, generation: int = 1) -> list[str]:
        """Keys of the stored frames."""
        prefix = f"{derived_prefix(OWNER, asset)}frames/{generation}/"
        return [k for k in await self.store.list_prefix(prefix) if k.endswith(".jpg")]


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


@dataclass
class Child:
    """A service as its own process; its log lines are kept."""

    process: subprocess.Popen[str]
    log: Path

    def lines(self, event: str) -> list[dict[str, Any]]:
        """Its log lines of one kind so far."""
        text = self.log.read_text().splitlines()
        told = [json.loads(line) for line in text if line.startswith("{")]
        return [line for line in told if line.get("event") == event]

    async def started(self) -> dict[str, Any]:
        """Waits until it serves."""
        for _ in range(1200):
            if found := self.lines("service.started"):
                return found[0]
            assert self.process.poll() is None, self.log.read_text()
            await asyncio.sleep(0.05)
        raise AssertionError(self.log.read_text())


@pytest.fixture
def start(world: World, tmp_path: Path) -> Iterator[Callable[..., Child]]:
    """`start("kioku_embedder.frames", KIOKU_X="…")`: a process with those variables."""
    children: list[Child] = []

    def begin(module: str, **environment: str) -> Child:
        log = tmp_path / f"process-{len(children)}.log"
        with log.open("w") as stream:
            process = subprocess.Popen(
                [sys.executable, "-m", module],
                env={**os.environ, **world.environment, **environment},
                stderr=stream,
                text=True,
            )
        children.append(Child(process, log))
        return children[-1]

    yield begin
    for child in children:
        child.process.kill()
        child.process.wait()


@pytest.fixture
def start_frames(start: Callable[..., Child]) -> Callable[..., Child]:
    """A frames worker."""
    return lambda **environment: start("kioku_embedder.frames", **environment)


@pytest.fixture
def start_embedder(
    start: Callable[..., Child], tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Child]:
    """An embedder with a tiny random model."""
    folder = tmp_path_factory.mktemp("model")
    issuer = DevIssuer(folder / "issuer")
    model = write_tiny_siglip(folder / "tiny-siglip2")
    usual = {
        "SIGLIP_MODEL_NAME": str(model),
        "SIGLIP_DEVICE": "cpu",
        "KIOKU_JWKS": str(issuer.jwks_path),
        "KIOKU_EMBEDDER_DECODERS": "1",
        "KIOKU_EMBEDDER_ENGINE": "torch",
    }
    return lambda **environment: start("kioku_embedder", **(usual | environment))
