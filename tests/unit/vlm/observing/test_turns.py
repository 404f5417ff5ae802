"""Turns: so many at a time, the urgent first, none lost by who gives up."""

from __future__ import annotations

import asyncio

from kioku_vlm.observing.turns import Turns


async def test_urgent_ones_come_first_and_otherwise_who_asked_first() -> None:
    """While the one turn is taken, four wait; two of them are urgent."""
    turns, order, gate = Turns(1), [], asyncio.Event()

    async def work(name: str, *, urgent: bool = False) -> None:
        async with turns.turn(urgent=urgent):
            await gate.wait()
            order.append(name)

    tasks = [asyncio.create_task(work("first"))]
    await asyncio.sleep(0)
    for name, urgent in (("a", False), ("u", True), ("b", False), ("v", True)):
        tasks.append(asyncio.create_task(work(name, urgent=urgent)))
        await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(*tasks)
    assert ["first", "u", "v", "a", "b"] == order


async def test_who_gives_up_takes_no_turn() -> None:
    """Cancelled while waiting, and in the very moment the turn comes: the next one has it."""
    turns = Turns(1)
    entered = []

    async def work(name: str) -> None:
        async with turns.turn(urgent=False):
            entered.append(name)

    async with turns.turn(urgent=False):
        waiting, comes = [asyncio.create_task(work(name)) for name in ("waiting", "comes")]
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.sleep(0)
    comes.cancel()
    await asyncio.gather(waiting, comes, return_exceptions=True)
    await asyncio.wait_for(work("next"), 5)
    assert ["next"] == entered
