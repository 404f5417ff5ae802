"""No more than agreed: a minute, at once, and while the provider asks to wait."""

from __future__ import annotations

import asyncio

import pytest
from kioku_embedder.hosted.failure import RateLimited
from kioku_embedder.hosted.throttle import Throttle
from kioku_embedder.waiting import Priority
from kioku_rt.errors import KiokuError


async def begin(throttle: Throttle, order: list[str], name: str, priority: Priority) -> None:
    async with throttle.turn(priority, patience=30):
        order.append(name)
        await asyncio.sleep(0)


async def test_requests_are_spaced_evenly() -> None:
    """Five at 1,200 a minute take at least four intervals."""
    throttle = Throttle(per_minute=1200, concurrency=10)
    loop = asyncio.get_running_loop()
    started = loop.time()
    order: list[str] = []
    await asyncio.gather(*(begin(throttle, order, str(n), Priority.BULK) for n in range(5)))
    assert loop.time() - started >= 4 * 0.05 * 0.95
    assert ["0", "1", "2", "3", "4"] == order


async def test_people_go_first() -> None:
    """Whoever waits with them."""
    throttle = Throttle(per_minute=6000, concurrency=1)
    order: list[str] = []
    calls = [begin(throttle, order, f"bulk {n}", Priority.BULK) for n in range(3)]
    calls.append(begin(throttle, order, "person", Priority.INTERACTIVE))
    await asyncio.gather(*calls)
    assert ["bulk 0", "person", "bulk 1", "bulk 2"] == order


async def test_who_cannot_wait_so_long_is_told_at_once() -> None:
    """With the time to come back."""
    throttle = Throttle(per_minute=60, concurrency=10)
    throttle.hold(10)
    with pytest.raises(RateLimited) as caught:
        async with throttle.turn(Priority.INTERACTIVE, patience=3):
            raise AssertionError
    assert 9 < (caught.value.retry_after or 0) <= 10


async def test_a_hold_is_told_to_those_who_wait_already() -> None:
    """Only to those who cannot wait so long."""
    throttle = Throttle(per_minute=6000, concurrency=1)
    release = asyncio.Event()

    async def working() -> None:
        async with throttle.turn(Priority.BULK, patience=1):
            await release.wait()

    async def waiting(patience: float) -> str:
        try:
            async with throttle.turn(Priority.BULK, patience=patience):
                return "went"
        except RateLimited:
            return "told"

    first = asyncio.create_task(working())
    await asyncio.sleep(0)
    others = [asyncio.create_task(waiting(seconds)) for seconds in (0.1, 60)]
    await asyncio.sleep(0)
    throttle.hold(0.2)
    release.set()
    await first
    assert ["told", "went"] == await asyncio.gather(*others)


async def test_who_waits_too_long_for_others_is_told() -> None:
    """Requests at work that do not end must not use up an event's time."""
    throttle = Throttle(per_minute=600_000, concurrency=1)
    async with throttle.turn(Priority.BULK, patience=1):
        with pytest.raises(KiokuError, match="OVERLOADED"):
            async with throttle.turn(Priority.BULK, patience=0.05):
                raise AssertionError
    async with throttle.turn(Priority.BULK, patience=1):
        pass


async def test_who_gives_up_leaves_the_place_to_others() -> None:
    """Waiting, or just when the turn came."""
    throttle = Throttle(per_minute=600_000, concurrency=1)
    order: list[str] = []
    async with throttle.turn(Priority.BULK, patience=1):
        given_up = asyncio.create_task(begin(throttle, order, "given up", Priority.BULK))
        await asyncio.sleep(0)
        given_up.cancel()
        await asyncio.gather(given_up, return_exceptions=True)
        granted = asyncio.create_task(begin(throttle, order, "granted", Priority.BULK))
        await asyncio.sleep(0.001)
    granted.cancel()
    await asyncio.gather(granted, return_exceptions=True)
    await asyncio.wait_for(begin(throttle, order, "next", Priority.BULK), 5)
    assert "next" == order[-1]
