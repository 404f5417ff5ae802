"""Files of assets, from the object store."""

from __future__ import annotations

from collections.abc import AsyncIterator

import numpy as np
import pytest
import pytest_asyncio
from kioku_rt.errors import InvalidInput, KiokuError
from kioku_rt.images import DecodedImage
from kioku_rt.objects import MemoryObjectStore
from kioku_rt.objects.port import derived_prefix
from kioku_rt.reasons import Reason
from kioku_rt.rpc import channel
from kioku_vlm.themes.library_client import EMBEDDER_MOST, LibraryClient
from kioku_vlm.themes.theme import AssetFacts

from tests.unit.vlm.themes.rig import asset_id

VIDEO = AssetFacts(asset_id(1))
PICTURE = AssetFacts(asset_id(2), object_key="originals/x")


class GreyDecoder:
    """Every file is a grey square."""

    async def decode(self, data: bytes) -> DecodedImage:
        pixels = np.full((8, 8, 3), len(data) % 256, np.uint8)
        return DecodedImage(pixels, "image/png", (8, 8))


@pytest.fixture
def objects() -> MemoryObjectStore:
    return MemoryObjectStore()


@pytest_asyncio.fixture
async def library(objects: MemoryObjectStore) -> AsyncIterator[LibraryClient]:
    async with channel("127.0.0.1:1") as nowhere:  # nothing here asks `search`
        yield LibraryClient(nowhere, objects)


async def test_the_middle_frame_of_the_newest_cut_stands_for_a_video(
    library: LibraryClient, objects: MemoryObjectStore
) -> None:
    prefix = f"{derived_prefix('ann', str(VIDEO.asset_id))}frames"
    for generation, count in ((9, 5), (10, 3)):
        await objects.put(f"{prefix}/{generation}/manifest-000000.pb", b"m", "x")
        for number in range(count):
            name = f"{prefix}/{generation}/{number:06}.jpg"
            await objects.put(name, f"{generation}-{number}".encode(), "image/jpeg")
    assert await library.read("ann", VIDEO) == b"10-1"


async def test_a_video_without_frames_is_not_ready(library: LibraryClient) -> None:
    with pytest.raises(KiokuError) as refused:
        await library.read("ann", VIDEO)
    assert refused.value.reason is Reason.ASSET_NOT_READY


async def test_a_file_too_large_for_the_embedder_is_refused_without_a_decoder(
    library: LibraryClient, objects: MemoryObjectStore
) -> None:
    await objects.put("originals/x", bytes(EMBEDDER_MOST + 1), "image/png")
    with pytest.raises(InvalidInput) as refused:
        await library.read("ann", PICTURE)
    assert refused.value.reason is Reason.IMAGE_TOO_LARGE


async def test_and_made_smaller_with_one(objects: MemoryObjectStore) -> None:
    await objects.put("originals/x", bytes(EMBEDDER_MOST + 1), "image/png")
    async with channel("127.0.0.1:1") as nowhere:
        data = await LibraryClient(nowhere, objects, GreyDecoder()).read("ann", PICTURE)
    assert data.startswith(b"\xff\xd8\xff")
    assert len(data) < 2000
