"""Opens what writes calendars."""

from __future__ import annotations

from collections.abc import Sequence

from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason

from kioku_vlm.exporting.exporting import CalendarEntry, Calendars


class NoCalendars:
    """Stands where this installation writes none."""

    def write(self, _entries: Sequence[CalendarEntry], *, zone: str, feed: bool) -> bytes:  # noqa: ARG002
        """There is no such method."""
        raise KiokuError(Reason.METHOD_UNKNOWN)


def calendars() -> Calendars:
    """What writes calendars; there may be nothing that does."""
    return NoCalendars()
