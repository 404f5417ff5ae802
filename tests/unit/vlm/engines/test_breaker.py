"""A dead model costs a few pictures their time; one probe decides for all."""

from __future__ import annotations

import asyncio

import pytest
from kioku_vlm.engines.breaker import Breaker, State
from kioku_vlm.engines.failure import AnswerUnusable, ModelDown


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Calls:
    """A model that answers or fails as it is told, and counts."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.count = 0

    async def __call__(self) -> str:
        self.count += 1
        if self.error is not None:
            raise self.error
        return "answer"


async def _fail(breaker: Breaker, calls: Calls, times: int) -> None:
    for _ in range(times):
        with pytest.raises((ModelDown, AnswerUnusable)):
            await breaker.run(calls)


async def test_after_failures_in_a_row_nobody_asks() -> None:
    breaker, calls = Breaker(most_failures=3, clock=Clock()), Calls(ModelDown())
    await _fail(breaker, calls, 10)
    assert calls.count == 3
    assert breaker.state is State.OPEN


async def test_a_success_between_failures_starts_the_count_anew() -> None:
    breaker, down, up = Breaker(most_failures=3, clock=Clock()), Calls(ModelDown()), Calls()
    for _ in range(5):
        await _fail(breaker, down, 2)
        assert await breaker.run(up) == "answer"
    assert breaker.state is State.CLOSED


async def test_after_a_while_one_probe_is_let_through_and_closes_it() -> None:
    clock = Clock()
    breaker, calls = Breaker(most_failures=1, seconds=30, clock=clock), Calls(ModelDown())
    await _fail(breaker, calls, 1)
    clock.now += 29.9
    await _fail(breaker, calls, 1)
    assert calls.count == 1
    clock.now += 0.1
    assert breaker.state is State.HALF_OPEN
    assert await breaker.run(Calls()) == "answer"
    assert breaker.state is State.CLOSED


async def test_a_probe_that_fails_opens_it_for_as_long_again() -> None:
    clock = Clock()
    breaker, calls = Breaker(most_failures=2, seconds=30, clock=clock), Calls(ModelDown())
    await _fail(breaker, calls, 2)
    clock.now += 30
    await _fail(breaker, calls, 5)
    assert calls.count == 3
    assert breaker.wait_seconds == 30


async def test_while_a_probe_is_under_way_nobody_else_asks() -> None:
    clock = Clock()
    breaker = Breaker(most_failures=1, seconds=30, clock=clock)
    await _fail(breaker, Calls(ModelDown()), 1)
    clock.now += 30
    held = asyncio.Event()

    async def slow() -> str:
        await held.wait()
        return "answer"

    probe = asyncio.create_task(breaker.run(slow))
    await asyncio.sleep(0)
    other = Calls()
    await _fail(breaker, other, 3)
    held.set()
    assert await probe == "answer"
    assert other.count == 0
    assert await breaker.run(other) == "answer"


async def test_a_probe_that_is_cancelled_leaves_its_place_to_the_next() -> None:
    clock = Clock()
    breaker = Breaker(most_failures=1, seconds=30, clock=clock)
    await _fail(breaker, Calls(ModelDown()), 1)
    clock.now += 30
    probe = asyncio.create_task(breaker.run(asyncio.Event().wait))
    await asyncio.sleep(0)
    probe.cancel()
    with pytest.raises(asyncio.CancelledError):
        await probe
    assert await breaker.run(Calls()) == "answer"


async def test_unusable_answers_open_it_later_than_no_answers() -> None:
    breaker = Breaker(most_failures=3, most_unusable=8, clock=Clock())
    calls = Calls(AnswerUnusable("no"))
    await _fail(breaker, calls, 20)
    assert calls.count == 8


async def test_what_is_no_failure_of_the_model_counts_for_nothing() -> None:
    breaker = Breaker(most_failures=1, clock=Clock())
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            await breaker.run(Calls(ZeroDivisionError()))
    assert breaker.state is State.CLOSED
