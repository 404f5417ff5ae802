"""A provider on this machine and a hosted embedder in front of it."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kioku_embedder.hosted.opening import HostedModel, open_hosted
from kioku_embedder.hosted.settings import HostedSettings
from kioku_rt.images import DecodePool
from kioku_rt.objects import MemoryObjectStore
from PIL import Image

from tests.integration.hosted.provider_server import DIMENSION, ProviderServer


@pytest.fixture
async def provider() -> AsyncIterator[ProviderServer]:
    """A `ProviderServer` that listens."""
    server = ProviderServer()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodePool]:
    """One decoder for all tests of a file."""
    made = DecodePool(1)
    made.start()
    yield made
    made.close()


Open = Callable[..., Awaitable[HostedModel]]


@pytest.fixture
async def open_model(
    provider: ProviderServer, tmp_path: Path, pool: DecodePool
) -> AsyncIterator[Open]:
    """`open_model(hosted_x=…)`: a hosted model with those settings, of the local provider."""
    async with AsyncExitStack() as resources:

        async def make(objects: MemoryObjectStore | None = None, **changes: Any) -> HostedModel:
            usual: dict[str, Any] = {
                "embedder_backend": "replicate",
                "hosted_base_url": provider.url,
                "hosted_model": "openai/clip-vit-large-patch14:abc",
                "hosted_dimension": DIMENSION,
                "REPLICATE_API_TOKEN": "r8_secret",
                "hosted_budget_usd": 1.0,
                "hosted_requests_per_minute": 60_000,
                "hosted_ledger": tmp_path / "spent.json",
            }
            return await open_hosted(
                HostedSettings(**(usual | changes)),
                resources,
                objects or MemoryObjectStore(),
                pool,
                decoders=1,
                queue_limit=64,
            )

        yield make


def draw_jpeg(seed: int = 0, size: tuple[int, int] = (320, 200), **more: Any) -> bytes:
    """A JPEG with something on it."""
    small = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), np.uint8)
    stream = io.BytesIO()
    Image.fromarray(small).resize(size, Image.Resampling.BICUBIC).save(stream, "JPEG", **more)
    return stream.getvalue()


@pytest.fixture
def make_jpeg() -> Callable[..., bytes]:
    return draw_jpeg
