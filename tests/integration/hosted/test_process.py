"""An embedder process with a hosted model: events, policy, money and outages, end to end."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kioku.assets.v1 import asset_pb2
from kioku.events.v1 import events_pb2
from kioku_rt.auth import DevIssuer
from kioku_rt.events import EventBus
from kioku_rt.objects import S3ObjectStore, S3Settings, derived_prefix
from kioku_stack.nats import Nats
from kioku_stack.swift import Swift

from tests.integration.hosted.provider_server import DIMENSION, ProviderServer

pytestmark = pytest.mark.timeout(120)


class World:
    """The event log and the bucket as search would use them, and what the embedder is told."""

    def __init__(self, bus: EventBus, store: S3ObjectStore, environment: dict[str, str]) -> None:
        self.bus = bus
        self.store = store
        self.environment = environment

    async def upload(self, data: bytes) -> str:
        """Stores a picture and says so; its asset id."""
        asset = str(uuid.uuid4())
        key = f"originals/o/{asset}/1"
        await self.store.put(key, data, "image/jpeg")
        message = events_pb2.AssetUploaded(
            asset_id=asset,
            owner="user-1",
            kind=asset_pb2.ASSET_KIND_IMAGE,
            object_key=key,
            sha256=hashlib.sha256(data).hexdigest(),
        )
        await self.bus.publish("asset.uploaded", message.SerializeToString(), event_id=asset)
        return asset

    async def told(self, subject: str, kind: Any) -> list[Any]:
        """Every event of a subject in the log."""
        found, sequence = [], 1
        while (stored := await self.bus.stored_after("KIOKU", sequence, subject)) is not None:
            found.append(kind.FromString(stored.payload))
            sequence = stored.sequence + 1
        return found

    async def until_ready(self, count: int) -> list[Any]:
        """Waits until so many vectors have been told."""
        async with asyncio.timeout(40):
            while True:
                done = await self.told("embedding.ready", events_pb2.EmbeddingReady)
                if len(done) >= count:
                    return done
                await asyncio.sleep(0.1)


@pytest.fixture
async def world(
    fresh_nats: Nats, swift_server: Swift, provider: ProviderServer, tmp_path: Path
) -> AsyncIterator[World]:
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
        "KIOKU_JWKS": str(DevIssuer(tmp_path / "issuer").jwks_path),
        "KIOKU_NATS_URL": fresh_nats.url,
        "KIOKU_S3_ENDPOINT": settings.endpoint,
        "KIOKU_S3_BUCKET": bucket,
        "KIOKU_S3_REGION": settings.region,
        "KIOKU_S3_ACCESS_KEY": settings.access_key,
        "KIOKU_S3_SECRET_KEY": settings.secret_key,
        "KIOKU_EMBEDDER_DECODERS": "1",
        "KIOKU_EMBEDDER_BACKEND": "replicate",
        "KIOKU_HOSTED_BASE_URL": provider.url,
        "KIOKU_HOSTED_MODEL": "openai/clip-vit-large-patch14:abc",
        "KIOKU_HOSTED_DIMENSION": str(DIMENSION),
        "KIOKU_HOSTED_BUDGET_USD": "1",
        "KIOKU_HOSTED_REQUESTS_PER_MINUTE": "6000",
        "KIOKU_HOSTED_LEDGER": str(tmp_path / "spent.json"),
        "REPLICATE_API_TOKEN": "r8_secret",
    }
    store = S3ObjectStore(settings)
    async with await EventBus.connect(fresh_nats.url, "test") as bus:
        yield World(bus, store, environment)
    store.close()


class Child:
    """`python -m kioku_embedder`; its log is kept."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self.log = log
        with log.open("w") as stream:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "kioku_embedder"],
                env={**os.environ, **environment},
                stderr=stream,
            )

    async def exit_code(self, *, terminate: bool = False) -> int:
        if terminate:
            self.process.send_signal(signal.SIGTERM)
        return await asyncio.to_thread(self.process.wait, 30)

    def _lines(self) -> list[dict[str, Any]]:
        text = self.log.read_text().splitlines()
        return [json.loads(line) for line in text if line.startswith("{") and line.endswith("}")]

    async def until_said(self, event: str) -> None:
        """Waits for a line of its log."""
        async with asyncio.timeout(40):
            while not any(event == line.get("event") for line in self._lines()):
                assert self.process.poll() is None, self.log.read_text()
                await asyncio.sleep(0.1)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Child]]:
    children: list[Child] = []

    def begin(environment: dict[str, str]) -> Child:
        children.append(Child(environment, tmp_path / f"embedder-{len(children)}.log"))
        return children[-1]

    yield begin
    for child in children:
        child.process.kill()
        child.process.wait()


async def test_uploads_become_hosted_vectors(
    world: World,
    provider: ProviderServer,
    start: Callable[..., Child],
    make_jpeg: Callable[..., bytes],
) -> None:
    """The provider fetches a copy by a signed URL; nothing of it is left; bad ones cost nothing."""
    good = [await world.upload(make_jpeg(seed)) for seed in range(3)]
    bad = await world.upload(b"no picture")
    child = start(world.environment)
    ready = await world.until_ready(3)
    assert sorted(good) == sorted(event.asset_id for event in ready)
    assert ("hosted", DIMENSION) == (ready[0].space.precision, ready[0].space.dimension)
    vector = np.frombuffer(ready[0].items[0].vector, "<f4")
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-6)
    assert [b"\xff\xd8"] * 3 == [data[:2] for data in provider.fetched]
    async with asyncio.timeout(20):
        while not (failed := await world.told("asset.failed", events_pb2.AssetFailed)):
            await asyncio.sleep(0.1)
    assert (bad, "IMAGE_UNSUPPORTED_FORMAT") == (failed[0].asset_id, failed[0].failure.reason)
    assert 3 == len(provider.begun())
    assert 0 == await child.exit_code(terminate=True)
    for asset in good:
        assert [] == await world.store.list_prefix(derived_prefix("user-1", asset))
    assert "r8_secret" not in child.log.read_text()


async def test_money_and_outages_cost_no_event(
    world: World,
    provider: ProviderServer,
    start: Callable[..., Child],
    make_jpeg: Callable[..., bytes],
) -> None:
    """Work waits while the provider is down, and again when the money is spent, until more is."""
    await provider.stop()
    assets = [await world.upload(make_jpeg(seed)) for seed in range(3)]
    poor = start({**world.environment, "KIOKU_HOSTED_BUDGET_USD": "0.0013"})
    await poor.until_said("events.waiting")
    await provider.start()
    assert 2 == len(await world.until_ready(2))
    assert 0 == await poor.exit_code(terminate=True)
    start({**world.environment, "KIOKU_HOSTED_BUDGET_USD": "1"})
    ready = await world.until_ready(3)
    assert sorted(assets) == sorted(event.asset_id for event in ready)
    assert [] == await world.told("asset.failed", events_pb2.AssetFailed)


async def test_the_policy_ends_the_start(world: World, start: Callable[..., Child]) -> None:
    """An operator reads which setting allows what was asked for; exit code 78."""
    child = start({**world.environment, "KIOKU_HOSTED_BASE_URL": "https://134744072/v1"})
    assert 78 == await child.exit_code()
    assert "KIOKU_EXTERNAL_AI=allowed" in child.log.read_text()
