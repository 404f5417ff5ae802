"""Promise: whoever waits for an engine can know whether it moves.

Written by the engine's thread, read by anybody: each field is set whole.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic


class Moving:
    """The clock of one engine.

    Args:
        stall_seconds: after so long in one loading or one pass it is taken for stuck.
    """

    def __init__(self, stall_seconds: float = math.inf) -> None:
        self._stall_seconds = stall_seconds
        self._busy_since: float | None = None
        self._pass_since: float | None = None

    @contextmanager
    def busy(self) -> Iterator[None]:
        """The engine is at work: loading, or running a pass."""
        self._busy_since = monotonic()
        try:
            yield
        finally:
            self._busy_since = None

    @contextmanager
    def passing(self) -> Iterator[float]:
        """A pass runs; when it began. What came before it in `busy` counts no more."""
        self._busy_since = self._pass_since = began = monotonic()
        try:
            yield began
        finally:
            self._pass_since = None

    @property
    def pass_seconds(self) -> float:
        """How long the pass that is running has been running; 0 between passes."""
        return _since(self._pass_since)

    @property
    def stalled(self) -> bool:
        """Whether the engine is taken for stuck; over as soon as it moves again."""
        return _since(self._busy_since) > self._stall_seconds


def _since(moment: float | None) -> float:
    return 0.0 if moment is None else monotonic() - moment
