"""Time zones of a calendar: IANA names, and the VTIMEZONE of each one that is used."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from icalendar import Timezone

_AHEAD = 20
_UTC_NAMES = {"UTC", "Etc/UTC", "Etc/UCT", "Etc/Universal", "Etc/Zulu", "UCT", "Universal", "Zulu"}


def zone_named(name: str) -> ZoneInfo | None:
    """The zone of an IANA name; None where there is none of that name."""
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError):  # OSError: a folder of the zone database
        return None


def timezones(starts: Iterable[datetime]) -> list[Timezone]:
    """One VTIMEZONE for each zone of `starts`, from the year before the first to 20 years on.

    UTC has none: its moments are written with a Z. The range goes by the entries alone, so that
    the same entries make the same bytes on any day.
    """
    years: dict[str, list[int]] = {}
    for start in starts:
        if isinstance(start.tzinfo, ZoneInfo) and start.tzinfo.key not in _UTC_NAMES:
            years.setdefault(start.tzinfo.key, []).append(start.year)
    return [_timezone(key, min(found), max(found)) for key, found in sorted(years.items())]


@lru_cache(maxsize=256)
def _timezone(key: str, first: int, last: int) -> Timezone:
    return Timezone.from_tzinfo(
        ZoneInfo(key), key, date(first - 1, 1, 1), date(last + _AHEAD, 1, 1)
    )
