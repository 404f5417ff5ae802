"""Promise: at most so many items of each priority are in hand; who finds no room is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason

from kioku_embedder.waiting import Priority

_SHORTEST, _LONGEST = 0.1, 30.0


class Room:
    """Places for items, from before they are prepared until they are answered.

    Args:
        limit: places of each priority.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._taken = dict.fromkeys(Priority, 0)

    @contextmanager
    def place(self, priority: Priority, seconds_for: Callable[[int], float]) -> Iterator[None]:
        """Takes a place.

        Args:
            priority: whose.
            seconds_for: about how long so many items take, for the time to come back.

        Raises:
            KiokuError: OVERLOADED.
        """
        taken = self._taken[priority]
        if taken >= self._limit:
            wait = min(_LONGEST, max(_SHORTEST, seconds_for(taken)))
            raise KiokuError(Reason.OVERLOADED, retry_after=wait)
        self._taken[priority] += 1
        try:
            yield
        finally:
            self._taken[priority] -= 1

    def fullness(self, priority: Priority) -> float:
        """Places taken by the limit; at 1 the next item is refused."""
        return self._taken[priority] / self._limit
