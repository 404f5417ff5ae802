"""Promise: a gate lets so many through, those somebody waits for first, and no turn is lost."""

from __future__ import annotations

import asyncio

import pytest
from kioku_face.packs.turns import Turns
from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason


class Crowd:
    """Work that waits at a gate and then for a word to go on."""

    def __init__(self, turns: Turns) -> None:
        self.turns = turns
        self.order: list[str] = []
        self.go_on = asyncio.Event()

    async def work(self, name: str, *, urgent: bool = False) -> None:
        async with self.turns.turn(urgent=urgent):
            self.order.append(name)
            await self.go_on.wait()

    async def begin(self, name: str, *, urgent: bool = False) -> asyncio.Task[None]:
        """Starts work and lets it come as far as it can."""
        task = asyncio.create_task(self.work(name, urgent=urgent))
        for _ in range(3):
            await asyncio.sleep(0)
        return task


async def test_so_many_are_through_at_once() -> None:
    crowd = Crowd(Turns(2, 10))
    tasks = [await crowd.begin(name) for name in "abc"]

    assert crowd.order == ["a", "b"]

    crowd.go_on.set()
    await asyncio.gather(*tasks)
    assert crowd.order == ["a", "b", "c"]


async def test_urgent_work_goes_first_but_not_for_ever() -> None:
    crowd = Crowd(Turns(1, 10))
    tasks = [await crowd.begin("first")]
    tasks += [await crowd.begin(f"other {at}") for at in range(2)]
    tasks += [await crowd.begin(f"urgent {at}", urgent=True) for at in range(6)]

    crowd.go_on.set()
    await asyncio.gather(*tasks)

    assert crowd.order[1:5] == [f"urgent {at}" for at in range(4)]
    assert crowd.order[5] == "other 0"
    assert crowd.order[6:8] == ["urgent 4", "urgent 5"]


async def test_one_too_many_is_told_when_to_come_back() -> None:
    crowd = Crowd(Turns(1, 2))
    tasks = [await crowd.begin(name) for name in "ab"]

    with pytest.raises(KiokuError) as refused:
        await crowd.work("c")

    assert refused.value.reason is Reason.OVERLOADED
    assert refused.value.retry_after is not None
    assert crowd.turns.fullness(urgent=False) == 1
    crowd.go_on.set()
    await crowd.work("urgent", urgent=True)  # each kind has its own room
    await asyncio.gather(*tasks)
    assert crowd.turns.fullness(urgent=False) == 0


async def test_whoever_gives_up_leaves_the_turn_to_others() -> None:
    crowd = Crowd(Turns(1, 10))
    first, second, third = [await crowd.begin(name) for name in "abc"]

    second.cancel()
    first.cancel()
    crowd.go_on.set()
    await third

    assert crowd.order == ["a", "c"]
    await crowd.work("d")


async def test_a_turn_that_comes_with_the_cancellation_is_handed_on() -> None:
    crowd = Crowd(Turns(1, 10))
    first, second, third = [await crowd.begin(name) for name in "abc"]

    crowd.go_on.set()
    await asyncio.sleep(0)  # the first one leaves and hands its turn to the second
    second.cancel()
    await asyncio.wait_for(asyncio.gather(first, third), 30)

    assert "c" in crowd.order
    await asyncio.wait_for(crowd.work("d"), 30)
