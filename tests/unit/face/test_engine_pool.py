"""Promise: whatever a child does, callers hear of it, and the event loop never waits."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from kioku_face.face import Box, FoundFace, Quality
from kioku_face.packs import pool as pools
from kioku_face.packs.engine import Found
from kioku_face.packs.pool import EnginePool
from kioku_face.packs.suspects import ChildLost
from kioku_rt.errors import DependencyDown, InvalidInput, KiokuError
from kioku_rt.images import ImageLimits
from kioku_rt.reasons import Reason
from kioku_rt.space import Space

SPACE = Space("fake", "r1", 4, "p1", "float32", kind="face")
FACE = FoundFace(Box(0, 0, 1, 1), ((0.5, 0.5),) * 5, 0.9, Quality(1, 100, 1, 0, 0, 0))
FOUND = Found((FACE,), 8, 6, 250.0, 1.0)
PICTURE, OTHER = b"\xff\xd8\xff of one", b"\xff\xd8\xff of another"
MANY_SECONDS = 60.0


class Gate:
    """A child that waits for a word, and notes what it was given."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.entered = threading.Semaphore(0)
        self.failure: Exception | None = None
        self.warm = True
        self.can_start = True
        self.seen: list[bytes] = []

    def look(self, data: bytes) -> Found:
        self.seen.append(data)
        self.entered.release()
        assert self.open.wait(MANY_SECONDS)
        if self.failure is not None:
            raise self.failure
        return FOUND

    def answer(self) -> None:
        if not self.can_start:
            raise DependencyDown("face engine")
        self.warm = True

    def launch(self) -> None: ...

    def wait_ready(self) -> None: ...

    def pid(self) -> int | None:
        return 1 if self.warm else None

    def kill(self) -> None:
        self.open.set()

    def discard(self) -> int | None:
        self.warm = False
        return None

    def dies(self) -> None:
        """Of the next picture."""
        self.failure, self.warm = ChildLost(), False
        self.open.set()


@asynccontextmanager
async def opened(gate: Gate, *, limit: int = 8) -> AsyncIterator[EnginePool]:
    pool = EnginePool([gate], pack="fake@1", space=SPACE, limits=ImageLimits(), limit=limit)
    try:
        yield pool
    finally:
        gate.open.set()
        await pool.close()


async def until(true: Callable[[], bool]) -> None:
    """Waits for something, half a minute at most."""
    async with asyncio.timeout(30):
        while not true():
            await asyncio.sleep(0.005)


async def test_from_bytes_to_faces() -> None:
    gate = Gate()
    gate.open.set()
    async with opened(gate) as pool:
        assert await pool.faces_in(PICTURE) == FOUND
        assert (pool.space, pool.pack) == (SPACE, "fake@1")
        await pool.ping()


async def test_the_event_loop_goes_on_meanwhile() -> None:
    gate = Gate()
    async with opened(gate) as pool:
        task = asyncio.create_task(pool.faces_in(PICTURE))
        await until(lambda: gate.entered.acquire(blocking=False))

        await pool.ping()  # answered while the only child has a picture
        assert not task.done()

        gate.open.set()
        assert (await task).faces


async def test_what_is_no_picture_never_reaches_a_child() -> None:
    gate = Gate()
    async with opened(gate) as pool:
        with pytest.raises(InvalidInput) as refused:
            await pool.faces_in(b"")

    assert refused.value.reason is Reason.IMAGE_EMPTY
    assert not gate.seen


async def test_one_too_many_is_told_when_to_come_back() -> None:
    gate = Gate()
    async with opened(gate, limit=2) as pool:
        tasks = [asyncio.create_task(pool.faces_in(PICTURE)) for _ in range(2)]
        await until(lambda: pool.fullness(urgent=False) == 1)

        with pytest.raises(KiokuError) as refused:
            await pool.faces_in(PICTURE)

        assert refused.value.reason is Reason.OVERLOADED
        assert refused.value.retry_after is not None
        gate.open.set()
        await asyncio.gather(*tasks)
        assert (await pool.faces_in(PICTURE)).faces


async def test_whoever_waits_goes_ahead_of_a_library() -> None:
    gate = Gate()
    async with opened(gate) as pool:
        library = [asyncio.create_task(pool.faces_in(PICTURE)) for _ in range(4)]
        await until(lambda: gate.entered.acquire(blocking=False))
        urgent = asyncio.create_task(pool.faces_in(OTHER, urgent=True))
        await until(lambda: pool.fullness(urgent=True) > 0)
        gate.open.set()
        await asyncio.gather(urgent, *library)

    assert gate.seen == [PICTURE, OTHER, PICTURE, PICTURE, PICTURE]


async def test_a_lost_child_costs_one_picture_and_is_back_for_the_next() -> None:
    gate = Gate()
    async with opened(gate) as pool:
        gate.dies()
        with pytest.raises(KiokuError) as refused:
            await pool.faces_in(PICTURE)
        assert refused.value.reason is Reason.MODEL_UNAVAILABLE
        assert refused.value.retry_after is not None

        await until(lambda: gate.warm)
        gate.failure = None
        assert (await pool.faces_in(PICTURE)).faces
        await pool.ping()


async def test_a_picture_that_ends_two_children_is_refused() -> None:
    gate = Gate()
    async with opened(gate) as pool:
        reasons = []
        for data in (PICTURE, OTHER, PICTURE):
            gate.dies()
            with pytest.raises(KiokuError) as refused:
                await pool.faces_in(data)
            reasons.append(refused.value.reason)
            await until(lambda: gate.warm)

    lost = Reason.MODEL_UNAVAILABLE
    assert reasons == [lost, lost, Reason.IMAGE_DECODER_FAILED]


async def test_without_a_child_it_says_so_until_one_is_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gate = Gate()
    gate.can_start = False
    async with opened(gate) as pool:
        gate.dies()
        with pytest.raises(KiokuError):
            await pool.faces_in(PICTURE)
        with pytest.raises(DependencyDown):
            await pool.ping()

        gate.can_start = True
        with pytest.raises(DependencyDown):  # tried a moment ago
            await pool.ping()
        monkeypatch.setattr(pools, "REST_SECONDS", 0.0)
        await pool.ping()
        assert pool.pids() == [1]


async def test_a_caller_that_leaves_takes_its_place_with_it() -> None:
    gate = Gate()
    async with opened(gate) as pool:
        first = asyncio.create_task(pool.faces_in(PICTURE))
        await until(lambda: gate.entered.acquire(blocking=False))
        second = asyncio.create_task(pool.faces_in(OTHER))
        await until(lambda: pool.fullness(urgent=False) == 2 / 8)
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)
        gate.open.set()
        await first

    assert gate.seen == [PICTURE]


async def test_closed_is_closed() -> None:
    gate = Gate()
    gate.open.set()
    async with opened(gate) as pool:
        await pool.close()

        with pytest.raises(KiokuError) as refused:
            await pool.faces_in(PICTURE)
        with pytest.raises(DependencyDown):
            await pool.ping()

    assert refused.value.reason is Reason.MODEL_UNAVAILABLE


async def test_closing_ends_a_child_that_does_not_finish(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "_CLOSE_SECONDS", 0.05)
    gate = Gate()
    async with opened(gate) as pool:
        task = asyncio.create_task(pool.faces_in(PICTURE))
        await until(lambda: gate.entered.acquire(blocking=False))
        gate.failure = ChildLost()
        await pool.close()

        with pytest.raises(KiokuError) as refused:
            await task
    assert refused.value.reason is Reason.MODEL_UNAVAILABLE
    assert not gate.warm
