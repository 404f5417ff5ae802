"""What the tests of the embedder are made with: a served one, a process, the world around it."""

from __future__ import annotations

import asyncio
import hashlib
import json
import subprocess
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from kioku.assets.v1 import asset_pb2
from kioku.embedder.v1.embedder_service_pb2_grpc import EmbedderServiceStub
from kioku.events.v1 import events_pb2
from kioku_embedder.local_model import Model
from kioku_rt.auth import DevIssuer
from kioku_rt.events import EventBus
from kioku_rt.objects import S3ObjectStore
from kioku_rt.rpc import channel


@dataclass
class Served:
    """An embedder behind a port of this process, and how to call it."""

    model: Model
    port: int
    issuer: DevIssuer
    channels: list[grpc.aio.Channel] = field(default_factory=list)

    def stub(self, token: str | None = None, *, anonymous: bool = False) -> Any:
        """A client with the token of a user, of a given one, or with none."""
        carried = token or self.issuer.mint("user-1")
        source = None if anonymous else (lambda: carried)
        opened = channel(
            f"127.0.0.1:{self.port}", token=source, default_timeout=20, retry_unavailable=False
        )
        self.channels.append(opened)
        return EmbedderServiceStub(opened)


@dataclass
class Child:
    """`python -m kioku_embedder` as its own process; its log lines are kept."""

    process: subprocess.Popen[str]
    log: Path

    async def port(self, name: str = "grpc_port") -> int:
        """Waits until it serves; the number of one of its ports."""
        for _ in range(1200):
            for line in self.lines():
                if line.get("event") == "service.started":
                    return int(line[name])
            assert self.process.poll() is None, self.log.read_text()
            await asyncio.sleep(0.05)
        raise AssertionError(self.log.read_text())

    def lines(self) -> list[dict[str, Any]]:
        """Its log lines so far."""
        text = self.log.read_text().splitlines()
        return [json.loads(line) for line in text if line.startswith("{")]

    async def wait(self, seconds: float = 40) -> int:
        """Its exit code."""
        return await asyncio.to_thread(self.process.wait, seconds)


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


def damaged(model: Path, folder: Path) -> Path:
    """A copy of a checkpoint that opens, and whose weights cannot be loaded."""
    folder.mkdir()
    for path in model.iterdir():
        data = path.read_bytes()
        (folder / path.name).write_bytes(data[:2000] if path.suffix == ".safetensors" else data)
    return folder
