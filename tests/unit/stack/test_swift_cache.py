"""The proxy's cache keeps what it is given, as long as it was told to."""

from __future__ import annotations

from kioku_stack.swift_cache import ProcessCache, filter_factory


class Clock:
    """A clock that is set by hand."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_value_lives_until_its_time() -> None:
    """A value is there before its time is over and gone afterwards."""
    clock = Clock()
    cache = ProcessCache(clock)
    cache.set("info", {"status": 200}, time=60)
    before = cache.get("info")
    clock.now += 61

    assert before == {"status": 200}
    assert cache.get("info") is None


def test_values_are_copies() -> None:
    """Changing what was read changes nothing for the next reader, as with memcached."""
    cache = ProcessCache()
    cache.set("info", {"status": 200})
    cache.get("info")["status"] = 500

    assert cache.get("info") == {"status": 200}


def test_numbers_count_and_never_fall_below_zero() -> None:
    """Counting starts at zero and stops there."""
    cache = ProcessCache()

    assert [cache.incr("n"), cache.incr("n", 2), cache.decr("n", 9)] == [1, 3, 0]


def test_several_at_once() -> None:
    """Several values are kept and read in one call; a deleted one is None."""
    cache = ProcessCache()
    cache.set_multi({"a": 1, "b": 2}, "server")
    cache.delete("a")

    assert cache.get_multi(["a", "b"], "server") == [None, 2]


def test_every_request_gets_the_same_cache() -> None:
    """The filter puts one cache into the environment of every request."""
    seen = []
    app = filter_factory({})(lambda environ, _start: seen.append(environ["swift.cache"]) or [])
    for _ in range(2):
        app({}, None)

    assert seen[0] is seen[1]
