"""One after the other by key, side by side otherwise."""

from __future__ import annotations

import asyncio

import pytest
from kioku_search.turns import Turns


async def test_the_same_key_waits_and_another_does_not():
    """While one block of a key runs, the next of it has not begun; another key's has."""
    turns, order, open_gate = Turns(), [], asyncio.Event()

    async def work(key, name):
        async with turns.of(key):
            order.append(f"{name} in")
            await open_gate.wait()
            order.append(f"{name} out")

    tasks = [asyncio.create_task(work(*one)) for one in (("a", "1"), ("a", "2"), ("b", "3"))]
    while "3 in" not in order:
        await asyncio.sleep(0)
    assert ["1 in", "3 in"] == order
    open_gate.set()
    await asyncio.gather(*tasks)
    assert order.index("1 out") < order.index("2 in")


async def test_a_failure_gives_the_turn_back():
    """The next one is not kept waiting by an error."""
    turns = Turns()
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            async with asyncio.timeout(1), turns.of("a"):
                _ = 1 / 0
