"""A copy of a picture is where a provider can read it, for no longer than needed."""

from __future__ import annotations

import numpy as np
import pytest
from kioku_embedder.hosted.passing import Passage
from kioku_rt.errors import DependencyDown
from kioku_rt.objects import MemoryObjectStore

PIXELS = np.zeros((4, 6, 3), np.uint8)


async def test_a_copy_without_a_prefix_travels_inside() -> None:
    """A picture of an rpc has no place in the store."""
    store = MemoryObjectStore()
    async with Passage(store).address(PIXELS, "") as address:
        assert address.startswith("data:image/jpeg;base64,/9j/")
    async with Passage(None).address(PIXELS, "derived/o/a/") as address:
        assert address.startswith("data:image/jpeg;base64,/9j/")
    assert {} == store.objects


async def test_a_copy_is_gone_whatever_happened() -> None:
    """Also when the provider failed; two copies of one asset do not meet."""
    store = MemoryObjectStore()
    passage = Passage(store)

    async def failing() -> None:
        async with passage.address(PIXELS, "derived/o/a/"):
            async with passage.address(PIXELS, "derived/o/a/"):
                assert 2 == len(store.objects)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await failing()
    assert {} == store.objects


async def test_a_store_that_is_down_makes_work_wait() -> None:
    """Before anything is asked or paid."""
    store = MemoryObjectStore(down=True)
    with pytest.raises(DependencyDown, match="object store"):
        async with Passage(store).address(PIXELS, "derived/o/a/"):
            raise AssertionError


async def test_a_copy_that_cannot_be_removed_does_not_fail_the_item() -> None:
    """The vector was paid for; what is left goes with the asset."""
    store = MemoryObjectStore()
    async with Passage(store).address(PIXELS, "derived/o/a/"):
        store.down = True
    assert [key.startswith("derived/o/a/passing/") for key in store.objects] == [True]
