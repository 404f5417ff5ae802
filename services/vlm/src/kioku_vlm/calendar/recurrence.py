"""A recurrence as RFC 5545 wants it: checked part by part, anchored on a day that it names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from kioku_vlm.calendar.rule_days import WEEKDAYS, falls_on, first_day
from kioku_vlm.calendar.span import Span, day_of, instant_of
from kioku_vlm.schedule_facts import Value

MOST_EXDATES = 366
_MOST_CHARACTERS = 400
_SMALL_HOURS = time(6)
_NUMBER = r"[+-]?[0-9]{1,2}"
_PARTS = {
    "FREQ": r"DAILY|WEEKLY|MONTHLY|YEARLY",
    "INTERVAL": r"[1-9][0-9]{0,2}",
    "COUNT": r"[1-9][0-9]{0,3}",
    "UNTIL": r"[12][0-9]{7}(T[0-9]{6}Z?)?",
    "BYDAY": rf"({_NUMBER})?(MO|TU|WE|TH|FR|SA|SU)",
    "BYMONTHDAY": r"[+-]?(0?[1-9]|[12][0-9]|3[01])",
    "BYMONTH": r"0?[1-9]|1[0-2]",
    "BYSETPOS": r"[+-]?([1-9]|[12][0-9]|3[01])",
    "WKST": r"MO|TU|WE|TH|FR|SA|SU",
}
_SINGLE = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST"}
_Parts = dict[str, list[str]]


@dataclass(frozen=True)
class Recurrence:
    """A rule with its anchor.

    Attributes:
        rule: the text of RRULE.
        span: the first occurrence.
        exdates: starts that do not happen, days or local moments as the span's start.
    """

    rule: str
    span: Span
    exdates: tuple[date | datetime, ...] = ()


def recurrence_of(
    rule: str, exdates: Iterable[Value], span: Span, zone: ZoneInfo | None
) -> Recurrence | None:
    """The recurrence of an entry; None where its rule says nothing that a calendar can follow.

    An anchor that the rule does not name moves to the first day that it does. A time after
    midnight that belongs to the day before (25:30 on Saturdays) moves the rule's weekdays on.

    Args:
        rule: RRULE, with or without its name; UNTIL may be a day, local, or UTC.
        exdates: ISO days or local date-times.
        span: of the entry, anchored where it was read.
        zone: of its local times; None: floating.
    """
    parts = _parts(rule)
    if parts is None:
        return None
    carried = span.carried or _carried(parts, span)
    anchored = _anchored(parts, span, carried)
    if anchored is None:
        return None
    until = _until(parts, span, zone, carried)
    if until is not None and until.local < _local(anchored.start):
        return None
    if until is not None:
        parts["UNTIL"] = [until.text]
    text = ";".join(f"{name}={','.join(parts[name])}" for name in _PARTS if name in parts)
    return Recurrence(text, anchored, _left_out(exdates, anchored, carried))


def _parts(rule: str) -> _Parts | None:
    text = rule.strip().upper().removeprefix("RRULE:")
    if len(text) > _MOST_CHARACTERS:
        return None
    parts: _Parts = {}
    for piece in text.split(";"):
        name, _, value = piece.partition("=")
        values = value.split(",")
        pattern = _PARTS.get(name)
        if pattern is None or name in parts or (name in _SINGLE and len(values) > 1):
            return None
        if not all(re.fullmatch(pattern, one) for one in values):
            return None
        parts[name] = values
    return parts if _sound(parts) else None


def _sound(parts: _Parts) -> bool:
    """What RFC 5545 forbids in combination, and what only few calendars understand."""
    if "FREQ" not in parts or ("COUNT" in parts and "UNTIL" in parts):
        return False
    frequency = parts["FREQ"][0]
    numbered = any(len(day) > 2 for day in parts.get("BYDAY", ()))
    if any(day[:-2] and not 1 <= abs(int(day[:-2])) <= 5 for day in parts.get("BYDAY", ())):
        return False
    in_months = frequency == "MONTHLY" or (frequency == "YEARLY" and "BYMONTH" in parts)
    if (numbered and not in_months) or ("BYMONTHDAY" in parts and frequency == "WEEKLY"):
        return False
    return "BYSETPOS" not in parts or frequency == "MONTHLY"


def _carried(parts: _Parts, span: Span) -> int:
    """1 where a time after midnight belongs to the day before, which the rule names."""
    start = span.start
    if not isinstance(start, datetime) or start.time() >= _SMALL_HOURS or "BYDAY" not in parts:
        return 0
    before = span.day - timedelta(days=1)
    return int(not falls_on(parts, span.day, span.day) and falls_on(parts, before, before))


def _anchored(parts: _Parts, span: Span, carried: int) -> Span | None:
    """The first occurrence; `parts` get the weekdays of the next day where the clock ran over."""
    named = {"BYDAY", "BYMONTHDAY", "BYMONTH"} & parts.keys()
    if carried and named and (parts["FREQ"][0] != "WEEKLY" or named != {"BYDAY"}):
        return None
    if carried and named:
        moved = [WEEKDAYS[(WEEKDAYS.index(day) + carried) % 7] for day in parts["BYDAY"]]
        parts["BYDAY"] = moved
    day = first_day(parts, span.day)
    return None if day is None else span.later((day - span.day).days)


@dataclass(frozen=True)
class _Until:
    text: str
    local: datetime


def _until(parts: _Parts, span: Span, zone: ZoneInfo | None, carried: int) -> _Until | None:
    """UNTIL of DTSTART's kind: a day, UTC where there is a zone, else floating."""
    if "UNTIL" not in parts:
        return None
    local = _local_until(parts["UNTIL"][0], zone)
    if local is None:
        return _Until("", datetime.min)  # noqa: DTZ901 - before every start: the rule is no use
    if "T" not in parts["UNTIL"][0]:
        local += timedelta(days=carried)
    if span.all_day:
        return _Until(f"{local:%Y%m%d}", local)
    if zone is None:
        return _Until(f"{local:%Y%m%dT%H%M%S}", local)
    return _Until(f"{local.replace(tzinfo=zone).astimezone(UTC):%Y%m%dT%H%M%SZ}", local)


def _local_until(text: str, zone: ZoneInfo | None) -> datetime | None:
    try:
        day = datetime.strptime(text[:8], "%Y%m%d")  # noqa: DTZ007 - local, without a zone
        if "T" not in text:
            return day.replace(hour=23, minute=59, second=59)
        local = datetime.strptime(text[:15], "%Y%m%dT%H%M%S")  # noqa: DTZ007 - likewise
    except ValueError:
        return None
    if text.endswith("Z") and zone is not None:
        return local.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)
    return local


def _local(at: date | datetime) -> datetime:
    return at if isinstance(at, datetime) else datetime.combine(at, time())


def _left_out(exdates: Iterable[Value], span: Span, carried: int) -> tuple[date | datetime, ...]:
    found = {_start_on(value, span, carried) for value in exdates}
    starts = [start for start in found if start is not None]
    return tuple(sorted(starts, key=_local)[:MOST_EXDATES])


def _start_on(value: Value, span: Span, carried: int) -> date | datetime | None:
    """The start of the occurrence that an exception names."""
    instant = instant_of(value.value)
    if instant is None:
        return None
    if not isinstance(span.start, datetime):
        return day_of(instant.at)
    if isinstance(instant.at, datetime):
        return instant.at
    return datetime.combine(instant.at + timedelta(days=carried), span.start.time())
