"""Promise: whatever an engine does, callers hear of it in time, and the event loop never waits."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import numpy as np
import pytest
from kioku_face.face import Box, FoundFace, Quality
from kioku_face.packs.pool import EnginePool
from kioku_rt.errors import DependencyDown, InvalidInput, KiokuError
from kioku_rt.images import DecodedImage
from kioku_rt.reasons import Reason
from kioku_rt.space import Space

SPACE = Space("fake", "r1", 4, "p1", "float32", kind="face")
FACE = FoundFace(Box(0, 0, 1, 1), ((0.5, 0.5),) * 5, 0.9, Quality(1, 100, 1, 0, 0, 0))
MANY_SECONDS = 60.0


class Gate:
    """An engine that waits for a word."""

    pack = "fake@1"
    space = SPACE

    def __init__(self) -> None:
        self.open = threading.Event()
        self.entered = threading.Semaphore(0)
        self.failure: Exception | None = None

    def find(self, picture: np.ndarray) -> list[FoundFace]:
        self.entered.release()
        assert self.open.wait(MANY_SECONDS)
        assert picture.shape == (2, 2, 3)
        if self.failure is not None:
            raise self.failure
        return [FACE]


class Pixels:
    """A decoder of four pixels."""

    def __init__(self) -> None:
        self.down = False

    async def decode(self, data: bytes) -> DecodedImage:
        if not data:
            raise InvalidInput(Reason.IMAGE_EMPTY)
        return DecodedImage(np.zeros((2, 2, 3), np.uint8), "image/png", (8, 6), 0.25)

    async def ping(self) -> None:
        if self.down:
            raise DependencyDown("image decoder")


@asynccontextmanager
async def opened(
    engine: Gate, decoder: Pixels | None = None, *, limit: int = 8, seconds: float = MANY_SECONDS
) -> AsyncIterator[EnginePool]:
    pool = EnginePool(
        engine,
        decoder or Pixels(),
        threads=1,
        decoders=1,
        limit=limit,
        picture_seconds=seconds,
    )
    try:
        yield pool
    finally:
        engine.open.set()
        await pool.close()


async def until(true: Callable[[], bool]) -> None:
    """Waits for something, half a minute at most."""
    async with asyncio.timeout(30):
        while not true():
            await asyncio.sleep(0.005)


async def test_from_bytes_to_faces() -> None:
    engine = Gate()
    engine.open.set()
    async with opened(engine) as pool:
        found = await pool.faces_in(b"picture")

        assert found.faces == (FACE,)
        assert (found.width, found.height, found.decode_ms) == (8, 6, 250)
        assert found.detect_ms >= 0
        assert (pool.space, pool.pack) == (SPACE, "fake@1")
        await pool.ping()


async def test_the_event_loop_goes_on_meanwhile() -> None:
    engine = Gate()
    async with opened(engine) as pool:
        task = asyncio.create_task(pool.faces_in(b"picture"))
        await until(lambda: engine.entered.acquire(blocking=False))

        await pool.ping()  # answered while a thread is in the engine
        assert not task.done()

        engine.open.set()
        assert (await task).faces


async def test_a_picture_that_is_refused_never_reaches_the_engine() -> None:
    async with opened(Gate()) as pool:
        with pytest.raises(InvalidInput) as refused:
            await pool.faces_in(b"")

    assert refused.value.reason is Reason.IMAGE_EMPTY


async def test_one_too_many_is_told_when_to_come_back() -> None:
    engine = Gate()
    async with opened(engine, limit=2) as pool:
        tasks = [asyncio.create_task(pool.faces_in(b"picture")) for _ in range(2)]
        await until(lambda: pool.fullness(urgent=False) == 1)

        with pytest.raises(KiokuError) as refused:
            await pool.faces_in(b"picture")

        assert refused.value.reason is Reason.OVERLOADED
        assert refused.value.retry_after is not None
        engine.open.set()
        await asyncio.gather(*tasks)
        assert (await pool.faces_in(b"picture")).faces


async def test_a_picture_that_takes_too_long_is_given_up_and_a_stuck_engine_says_so() -> None:
    engine = Gate()
    async with opened(engine, seconds=0.05) as pool:
        with pytest.raises(KiokuError) as refused:
            await pool.faces_in(b"picture")
        assert refused.value.reason is Reason.DEADLINE_EXCEEDED

        await until(lambda: not pool.works)
        with pytest.raises(DependencyDown):
            await pool.ping()
        with pytest.raises(KiokuError) as refused:
            await pool.faces_in(b"picture")
        assert refused.value.reason is Reason.MODEL_UNAVAILABLE

        engine.open.set()
        await until(lambda: pool.works)
        await pool.ping()


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (RuntimeError("0x7f: at /secret/path"), Reason.INTERNAL),
        (MemoryError(), Reason.ENGINE_OUT_OF_MEMORY),
        (KiokuError(Reason.MODEL_OUTPUT_INVALID), Reason.MODEL_OUTPUT_INVALID),
    ],
)
async def test_what_an_engine_raises_has_a_reason(failure: Exception, reason: Reason) -> None:
    engine = Gate()
    engine.failure = failure
    engine.open.set()
    async with opened(engine) as pool:
        with pytest.raises(KiokuError) as refused:
            await pool.faces_in(b"picture")
        assert refused.value.reason is reason
        assert "secret" not in str(refused.value)

        engine.failure = None
        assert (await pool.faces_in(b"picture")).faces


async def test_without_a_decoder_it_says_so() -> None:
    decoder = Pixels()
    async with opened(Gate(), decoder) as pool:
        decoder.down = True

        with pytest.raises(DependencyDown):
            await pool.ping()


async def test_closed_is_closed() -> None:
    engine = Gate()
    engine.open.set()
    async with opened(engine) as pool:
        await pool.close()

        with pytest.raises(KiokuError) as refused:
            await pool.faces_in(b"picture")

    assert refused.value.reason is Reason.MODEL_UNAVAILABLE
