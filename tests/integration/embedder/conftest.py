"""A real embedder in this process or in its own, over real gRPC, with a tiny random model."""

from __future__ import annotations

import asyncio
import io
import os
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import numpy as np
import pytest
from kioku_embedder.local_model import local_making, open_model
from kioku_embedder.main import open_server
from kioku_embedder.random_checkpoint import write_tiny_clip, write_tiny_siglip
from kioku_embedder.settings import Settings
from kioku_rt.auth import DevIssuer, TokenVerifier
from kioku_rt.events import EventBus
from kioku_rt.objects import S3ObjectStore, S3Settings
from kioku_stack.nats import Nats
from kioku_stack.swift import Swift
from PIL import Image

from tests.integration.embedder.rig import Child, Served, World


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a random SigLIP checkpoint, 32 px, 48 components."""
    return write_tiny_siglip(tmp_path_factory.mktemp("model") / "tiny-siglip2")


@pytest.fixture(scope="session")
def second_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a random CLIP checkpoint, 32 px, 40 components."""
    return write_tiny_clip(tmp_path_factory.mktemp("second") / "tiny-clip")


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
