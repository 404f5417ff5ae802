"""What is remembered for a while, and no longer."""

from __future__ import annotations

from kioku_search.searching.lately import Lately


class Clock:
    """Stands still until it is set."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_value_is_remembered_for_its_seconds_only() -> None:
    clock = Clock()
    lately: Lately[str, int] = Lately(60.0, clock=clock)
    lately.note("a", 1)
    clock.now += 59
    assert (lately.get("a"), lately.get("b")) == (1, None)
    lately.note("a", 2)
    clock.now += 59
    assert lately.get("a") == 2
    clock.now += 1
    assert lately.get("a") is None


def test_what_is_forgotten_is_gone_and_the_rest_is_not() -> None:
    lately: Lately[str, int] = Lately(60.0)
    lately.note("a", 1)
    lately.note("b", 2)
    lately.forget("a")
    lately.forget("never there")
    assert (lately.get("a"), lately.get("b")) == (None, 2)


def test_it_never_holds_more_than_it_may() -> None:
    lately: Lately[int, int] = Lately(60.0, most=2)
    for key in range(5):
        lately.note(key, key)
    assert [lately.get(key) for key in range(5)] == [None, None, None, None, 4]
