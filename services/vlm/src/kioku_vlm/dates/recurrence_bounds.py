"""From when to when something recurs, and when it rests: 4月〜9月（8月は休み）, until 30 June."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time

from dateutil.rrule import rrulestr

from kioku_vlm.dates.draft import Draft, Lines
from kioku_vlm.dates.moment import Cue
from kioku_vlm.dates.shape import Found, MonthPart
from kioku_vlm.dates.tokens import Kind

_LINES_AWAY = 2
_OCCURRENCES = 400
_RESTING = 3


def bound(lines: Lines, drafts: Sequence[Draft], months: Sequence[Found]) -> None:
    """Move ranges and resting days beside a recurrence into it."""
    for number, draft in enumerate(drafts):
        if draft.recurring is None:
            continue
        for near in (*drafts[number + 1 : number + 3], *drafts[max(0, number - 2) : number][::-1]):
            _take(lines, draft, near)
        _settle(draft, _resting(lines, draft, months))


def _take(lines: Lines, draft: Draft, near: Draft) -> None:
    distance = abs(lines.of(near.begin) - lines.of(draft.begin))
    if near.absorbed or near.days is None or distance > _LINES_AWAY or draft.until is not None:
        return
    day, last = near.days.first.day, near.days.last
    if last is not None:
        draft.started, draft.until, near.absorbed = day, last, True
    elif distance == 0 and _till(lines, near) and near.begin >= draft.end:
        draft.until, near.absorbed = day, True
    elif distance == 0 and draft.started is None and _from(lines, near, draft):
        draft.started, near.absorbed = day, True


def _till(lines: Lines, near: Draft) -> bool:
    before, after = lines.tokens[max(0, near.begin - 1)], lines.tokens[near.end]
    return before.kind is Kind.TILL or after.kind is Kind.TILL


def _from(lines: Lines, near: Draft, draft: Draft) -> bool:
    before, after = lines.tokens[max(0, near.begin - 1)], lines.tokens[near.end]
    start = before.kind is Kind.FROM or before.text in ("starting", "beginning")
    return start or (after.kind in (Kind.FROM, Kind.WAVE) and near.end < draft.begin + 2)


def _resting(lines: Lines, draft: Draft, months: Sequence[Found]) -> frozenset[int]:
    """Months beside it that are followed by a word such as 休み."""
    resting = set()
    for one in months:
        near = abs(lines.of(one.begin) - lines.of(draft.begin)) <= _LINES_AWAY
        if near and isinstance(one.shape, MonthPart) and one.shape.month and _rests(lines, one):
            resting.add(one.shape.month)
    return frozenset(resting)


def _rests(lines: Lines, one: Found) -> bool:
    behind = lines.tokens[one.end : one.end + _RESTING]
    words = (Kind.RESTS, Kind.EXCEPT)
    told = any(token.kind in words or token.cue is Cue.CLOSED for token in behind)
    return told or lines.tokens[max(0, one.begin - 1)].kind in words


def _settle(draft: Draft, resting: frozenset[int]) -> None:
    if draft.recurring is None or draft.started is None:
        return
    days = _occurrences(draft.recurring.rrule, draft.started, draft.until)
    if draft.until is not None:
        draft.exdates = tuple(day for day in days if day.month in resting)
    kept = [day for day in days if day not in draft.exdates]
    draft.started = kept[0] if kept else draft.started
    draft.exdates = tuple(day for day in draft.exdates if day > draft.started)


def _occurrences(rule: str, first: date, last: date | None) -> list[date]:
    start = datetime.combine(first, time())  # noqa: DTZ001 - days, not instants
    found: list[date] = []
    for one in rrulestr(rule, dtstart=start):
        if (last is not None and one.date() > last) or len(found) >= _OCCURRENCES:
            break
        found.append(one.date())
    return found
