"""Work that can wait is told when searches are slow, and when they are not any more."""

from __future__ import annotations

import pytest
from kioku_search.searching.strain import LEAST, WINDOW_SECONDS, Strain, TimedNeighbours


class Clock:
    """A clock that stands still unless it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


def search(strain, clock, seconds, times=1):
    """Searches one after another, each as long."""
    for _ in range(times):
        with strain.searching():
            clock.now += seconds


def test_one_in_ten_may_be_slow(clock):
    strain = Strain(50.0, clock)
    search(strain, clock, 0.001, times=18)
    search(strain, clock, 0.1, times=2)
    assert not strain.slow
    search(strain, clock, 0.1)
    assert strain.slow


def test_a_few_say_nothing(clock):
    strain = Strain(50.0, clock)
    search(strain, clock, 0.1, times=LEAST - 1)
    assert not strain.slow
    search(strain, clock, 0.1)
    assert strain.slow


def test_what_is_over_is_forgotten(clock):
    strain = Strain(50.0, clock)
    search(strain, clock, 0.1, times=10)
    clock.now += WINDOW_SECONDS + 0.1
    assert not strain.slow


def test_searches_that_hang_count_before_they_end(clock):
    """Where nothing ends any more, nothing would be noted."""
    strain = Strain(50.0, clock)
    hanging = [strain.searching() for _ in range(LEAST)]
    for one in hanging:
        one.__enter__()
    assert not strain.slow
    clock.now += 0.051
    assert strain.slow
    for one in hanging:
        one.__exit__(None, None, None)
    clock.now += WINDOW_SECONDS + 0.1
    assert not strain.slow


def test_without_a_limit_nothing_is_slow(clock):
    strain = Strain(0.0, clock)
    search(strain, clock, 10.0, times=100)
    assert not strain.slow


async def test_a_search_that_fails_has_waited_as_well(clock):
    class Broken:
        async def nearest(self, *_):
            clock.now += 0.2
            raise TimeoutError

    strain = Strain(50.0, clock)
    neighbours = TimedNeighbours(Broken(), strain)
    for _ in range(LEAST):
        with pytest.raises(TimeoutError):
            await neighbours.nearest(None, None, 1)
    assert strain.slow
