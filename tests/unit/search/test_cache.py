"""What is kept, for how long, and that it is made once."""

from __future__ import annotations

import asyncio

import pytest
from kioku_search.answers.cache import Cache, Found


class Maker:
    """Gives the numbers 1, 2, 3… when its gate is open."""

    def __init__(self) -> None:
        self.made = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self) -> int:
        self.made += 1
        number = self.made
        await self.gate.wait()
        return number


async def test_another_stamp_makes_it_anew() -> None:
    """And the old value is gone, and counted."""
    cache: Cache[str, int] = Cache(2)
    make = Maker()
    answers = [await cache.get("a", make, stamp) for stamp in (1, 1, 2, 2)]
    assert [(1, Found.MADE), (1, Found.KEPT), (2, Found.MADE), (2, Found.KEPT)] == answers
    assert (1, 1) == (cache.outdated, len(cache))


async def test_only_equal_stamps_share_a_making() -> None:
    """Whoever has seen a newer write is not given what was begun before it."""
    cache: Cache[str, int] = Cache(2)
    make = Maker()
    make.gate.clear()
    asking = [asyncio.create_task(cache.get("a", make, stamp)) for stamp in (1, 1, 2)]
    await asyncio.sleep(0)
    make.gate.set()
    assert [(1, Found.MADE), (1, Found.SHARED), (2, Found.MADE)] == await asyncio.gather(*asking)


async def test_weight_is_bounded() -> None:
    """The least recently used ones go until all fit; what is too heavy is never kept."""
    cache: Cache[str, int] = Cache(10, most=5, weigh=lambda value: value)

    async def weighing(value: int) -> None:
        async def make() -> int:
            return value

        await cache.get(str(value), make)

    for value in (2, 3, 1, 6):
        await weighing(value)
    assert (4, None, 3, 1, None) == (cache.weight, *map(cache.peek, "2316"))


async def test_what_is_not_worth_it_is_not_kept() -> None:
    """The asker gets it all the same."""
    cache: Cache[str, int] = Cache(2, worth=lambda value: value > 1)
    make = Maker()
    answers = [await cache.get("a", make) for _ in range(3)]
    assert [(1, Found.MADE), (2, Found.MADE), (2, Found.KEPT)] == answers


async def test_nothing_is_kept_where_nothing_may_be() -> None:
    """Concurrent callers share one making all the same."""
    cache: Cache[str, int] = Cache(0)
    make = Maker()
    found = await asyncio.gather(cache.get("a", make), cache.get("a", make))
    assert [(1, Found.MADE), (1, Found.SHARED)] == found
    assert (2, Found.MADE) == await cache.get("a", make)


async def test_what_was_dropped_while_it_was_made_is_not_kept() -> None:
    """The asker gets it; the next one makes it anew."""
    cache: Cache[str, int] = Cache(2)
    make = Maker()
    make.gate.clear()
    asking = asyncio.create_task(cache.get("a", make))
    await asyncio.sleep(0)
    cache.drop_matching(lambda key: key == "a")
    make.gate.set()
    assert (1, Found.MADE) == await asking
    assert cache.peek("a") is None


async def test_old_values_are_dropped() -> None:
    """By age, however often they are used."""
    cache: Cache[str, int] = Cache(2)
    await cache.get("a", Maker())
    cache.drop_older(3600.0)
    assert 1 == len(cache)
    cache.drop_older(0.0)
    assert (0, 0) == (len(cache), cache.weight)


async def test_a_failure_is_heard_by_all_and_not_kept() -> None:
    """The next one makes it anew."""
    cache: Cache[str, int] = Cache(2)

    async def fail() -> int:
        await asyncio.sleep(0)
        raise ValueError("no")

    results = await asyncio.gather(
        *(cache.get("a", fail) for _ in range(3)), return_exceptions=True
    )
    assert [ValueError] * 3 == [type(result) for result in results]
    with pytest.raises(ValueError, match="no"):
        await cache.get("a", fail)
