"""Hears from PostgreSQL which observations changed.  Implements `Changes`."""

from __future__ import annotations

from collections.abc import Callable

from kioku_rt.db.changes import ChangeListener

CHANNEL = "vlm_observations"


class DatabaseChanges(ChangeListener):
    """Wakes whoever waits for an observation.

    Args:
        dsn: of any role of this service.
        ring: called at every change: somebody may have ordered a reading in another process.
    """

    def __init__(self, dsn: str, *, ring: Callable[[], None]) -> None:
        super().__init__(
            dsn, name="kioku-vlm-changes", channels={CHANNEL: self._changed}, on_again=ring
        )
        self._ring = ring

    def _changed(self, observation_id: str) -> None:
        self._ring()
        self.wake(observation_id)
