"""A real embedder in this process or in its own, over real gRPC, with a tiny random model."""

from __future__ import annotations

import asyncio
import io
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
from kioku.embedder.v1.embedder_service_pb2_grpc import EmbedderServiceStub
from kioku_embedder.local_model import Model, local_making, open_model
from kioku_embedder.main import open_server
from kioku_embedder.random_checkpoint import write_tiny_siglip
from kioku_embedder.settings import Settings
from kioku_rt.auth import DevIssuer, TokenVerifier
from kioku_rt.rpc import channel
from PIL import Image


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a random SigLIP checkpoint, 32 px, 48 components."""
    return write_tiny_siglip(tmp_path_factory.mktemp("model") / "tiny-siglip2")


@pytest.fixture(scope="session")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> DevIssuer:
    return DevIssuer(tmp_path_factory.mktemp("issuer"))


def draw_jpeg(seed: int = 0, size: tuple[int, int] = (320, 200)) -> bytes:
    """A JPEG with something on it."""
    small = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), np.uint8)
    stream = io.BytesIO()
    Image.fromarray(small).resize(size, Image.Resampling.BICUBIC).save(stream, "JPEG", quality=95)
    return stream.getvalue()


@pytest.fixture
def make_jpeg() -> Callable[..., bytes]:
    return draw_jpeg


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


@pytest.fixture
async def served(tiny_model: Path, issuer: DevIssuer, tmp_path: Path) -> AsyncIterator[Served]:
    settings = Settings(
        SIGLIP_MODEL_NAME=str(tiny_model),
        SIGLIP_DEVICE="cpu",
        jwks=str(issuer.jwks_path),
        embedder_decoders=1,
        embedder_window=4,
        embedder_engine="torch",
        embedder_cache_dir=tmp_path,
    )
    async with AsyncExitStack() as resources:
        model = await open_model(settings, resources)
        making = local_making(settings, model)
        server = open_server(settings, [making], TokenVerifier(settings.auth_config()))
        port = await server.start()
        running = Served(model, port, issuer)
        yield running
        for opened in running.channels:
            await opened.close()
        await server.drain()


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


@pytest.fixture
def start_embedder(
    tiny_model: Path, issuer: DevIssuer, tmp_path: Path
) -> Iterator[Callable[..., Child]]:
    """`start_embedder(KIOKU_X="…")`: a process with those variables besides the usual ones."""
    children: list[Child] = []

    def start(**environment: str) -> Child:
        usual = {
            "SIGLIP_MODEL_NAME": str(tiny_model),
            "SIGLIP_DEVICE": "cpu",
            "KIOKU_JWKS": str(issuer.jwks_path),
            "KIOKU_EMBEDDER_DECODERS": "1",
            "KIOKU_EMBEDDER_ENGINE": "torch",
            "KIOKU_EMBEDDER_CACHE_DIR": str(tmp_path / "cache"),
        }
        log = tmp_path / f"embedder-{len(children)}.log"
        with log.open("w") as stream:
            process = subprocess.Popen(
                [sys.executable, "-m", "kioku_embedder"],
                env={**os.environ, **usual, **environment},
                stderr=stream,
                text=True,
            )
        children.append(Child(process, log))
        return children[-1]

    yield start
    for child in children:
        child.process.kill()
        child.process.wait()
