"""Memory: a batch that did not fit teaches the next ones; an idle engine gives its own back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from kioku_embedder.batcher import Batcher
from kioku_embedder.pace import Pace
from kioku_embedder.waiting import Priority, Tower

IMAGE = Tower.IMAGE


class Clock:
    """Seconds that a test turns."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pace(clock: Clock) -> Pace:
    """One that has learnt that sixteen at once are cheap."""
    made = Pace(16, 10.0, clock)
    for items in (1, 2, 4, 8, 16):
        made.finished(IMAGE, items, 0.001)
    assert made.most(IMAGE) == 16
    return made


def test_what_did_not_fit_is_not_tried_again_at_once(pace: Pace, clock: Clock) -> None:
    """For a minute no batch is larger than half of it, whatever succeeds meanwhile."""
    pace.did_not_fit(IMAGE, 16)
    assert 8 == pace.most(IMAGE)
    pace.finished(IMAGE, 8, 0.001)
    pace.did_not_fit(IMAGE, 8)
    clock.now = 59.0
    assert (4, 1) == (pace.most(IMAGE), pace.most(Tower.TEXT))


def test_size_grows_again_afterwards(pace: Pace, clock: Clock) -> None:
    """Doubling, as at first: whoever held the memory may have gone."""
    pace.did_not_fit(IMAGE, 16)
    clock.now = 61.0
    assert 16 == pace.most(IMAGE)
    pace.did_not_fit(IMAGE, 2)
    clock.now = 122.0
    assert 2 == pace.most(IMAGE)
    pace.finished(IMAGE, 2, 0.001)
    assert 4 == pace.most(IMAGE)


def test_one_that_does_not_fit_alone_leaves_one(pace: Pace) -> None:
    """There is always a next batch."""
    pace.did_not_fit(IMAGE, 1)
    assert 1 == pace.most(IMAGE)


@pytest.fixture
async def idle_batcher(engine: Any) -> AsyncIterator[Batcher]:
    """Unloads its engine after a twentieth of a second without work."""
    made = Batcher(engine, dimension=3, batch_size=4, pass_seconds=10, limit=12, idle_seconds=0.05)
    made.start()
    yield made
    await made.close()


async def unloaded(batcher: Batcher) -> None:
    async with asyncio.timeout(10):
        while batcher.loaded:
            await asyncio.sleep(0.01)


async def test_an_idle_engine_is_unloaded_and_comes_back(
    idle_batcher: Batcher, engine: Any
) -> None:
    """With the next item, which gets its vector; memory is told as it is."""
    for rounds in (1, 2):
        answer = await idle_batcher.embed("cat", Tower.TEXT, Priority.INTERACTIVE)
        assert answer.batch_size == 1
        await unloaded(idle_batcher)
        assert (rounds, 0) == (engine.unloads, idle_batcher.memory_bytes)
    assert idle_batcher.alive


async def test_an_engine_at_work_stays(idle_batcher: Batcher, engine: Any) -> None:
    """A long pass is not idleness, and nothing is unloaded twice."""
    engine.gate.clear()
    running = asyncio.create_task(idle_batcher.embed("cat", Tower.TEXT, Priority.BULK))
    assert await asyncio.to_thread(engine.entered.acquire, True, 5)
    await asyncio.sleep(0.15)
    assert idle_batcher.loaded
    engine.gate.set()
    await running
    await unloaded(idle_batcher)
    await asyncio.sleep(0.15)
    assert 1 == engine.unloads


async def test_without_the_setting_it_stays_for_ever(batcher: Batcher, engine: Any) -> None:
    """Zero seconds is never."""
    await batcher.embed("cat", Tower.TEXT, Priority.BULK)
    await asyncio.sleep(0.05)
    assert (True, 0) == (batcher.loaded, engine.unloads)
