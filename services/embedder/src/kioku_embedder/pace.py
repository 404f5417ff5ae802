"""Promise: no pass is planned to take longer than its budget, or holds one item.

An interactive query waits for the pass that is running, so the length of a pass is what bulk work
may cost a person.
"""

from __future__ import annotations

from kioku_embedder.waiting import Tower

_WEIGHT = 0.3


class Pace:
    """Learns from finished passes how many items the next one may have.

    Args:
        batch_size: most items of a pass whatever their speed (memory of the device).
        budget: seconds a pass may take.
    """

    def __init__(self, batch_size: int, budget: float) -> None:
        self._batch_size = batch_size
        self._budget = budget
        self._per_item: dict[Tower, float] = {}
        self._largest: dict[Tower, int] = dict.fromkeys(Tower, 1)

    def most(self, tower: Tower) -> int:
        """Items the next pass of this tower may have; doubles from one while that is cheap."""
        per_item = self._per_item.get(tower)
        if per_item is None:
            return 1
        affordable = int(self._budget / per_item) if per_item > 0 else self._batch_size
        return max(1, min(affordable, self._batch_size, 2 * self._largest[tower]))

    def finished(self, tower: Tower, items: int, seconds: float) -> None:
        """Notes a pass of so many items."""
        measured = seconds / items
        known = self._per_item.get(tower, measured)
        self._per_item[tower] = known + _WEIGHT * (measured - known)
        self._largest[tower] = max(self._largest[tower], items)

    def seconds_for(self, tower: Tower, items: int) -> float:
        """About how long so many items take; 0 while unknown."""
        return self._per_item.get(tower, 0.0) * items
