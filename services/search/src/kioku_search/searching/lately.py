"""What was true a moment ago, where a guess is enough."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

_K = TypeVar("_K", bound=Hashable)
_V = TypeVar("_V")
_MOST = 10_000


class Lately(Generic[_K, _V]):
    """Remembers a value for each key, for a while only.

    Args:
        seconds: how long; noting a value again begins anew.
        most: keys at once; with more, all are forgotten.
        clock: seconds, monotonic.
    """

    def __init__(
        self, seconds: float, most: int = _MOST, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds = seconds
        self._most = most
        self._clock = clock
        self._kept: dict[_K, tuple[float, _V]] = {}

    def get(self, key: _K) -> _V | None:
        """What is remembered, None: nothing."""
        until, value = self._kept.get(key, (0.0, None))
        return value if self._clock() < until else None

    def note(self, key: _K, value: _V) -> None:
        """Remember it."""
        if len(self._kept) >= self._most:
            self._kept.clear()
        self._kept[key] = (self._clock() + self._seconds, value)

    def forget(self, key: _K) -> None:
        """Remember nothing of it."""
        self._kept.pop(key, None)
