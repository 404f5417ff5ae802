"""Promise: pictures that people wait for weigh at most so much together; one too many is told.

Places alone do not bound a queue: sixteen photos of 50 megapixels take as long as four thousand
thumbnails. Bulk work needs no weighing: it waits for a decoder before it is fetched or read.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason

_SHORTEST, _LONGEST = 0.1, 30.0
_WEIGHT = 0.2


class Load:
    """Weights as `kioku_rt.images.weight` gives them.

    Args:
        most: that may be carried at once; a heavier picture is carried alone.
        decoders: that share it.
    """

    def __init__(self, most: float, decoders: int) -> None:
        self._most = most
        self._decoders = decoders
        self._carried = 0.0
        self._seconds_per_unit = 0.01

    @contextmanager
    def carry(self, weight: float) -> Iterator[None]:
        """Takes a weight until its picture is decoded.

        Raises:
            KiokuError: OVERLOADED, with about the time until there is room.
        """
        excess = self._carried + weight - self._most
        if self._carried and excess > 0:
            wait = excess * self._seconds_per_unit / self._decoders
            raise KiokuError(Reason.OVERLOADED, retry_after=min(_LONGEST, max(_SHORTEST, wait)))
        self._carried += weight
        try:
            yield
        finally:
            self._carried -= weight

    def learn(self, weight: float, seconds: float) -> None:
        """Notes how long a decoder took for a weight."""
        measured = seconds / weight
        self._seconds_per_unit += _WEIGHT * (measured - self._seconds_per_unit)

    @property
    def fullness(self) -> float:
        """Weight carried by the most that may be."""
        return self._carried / self._most
