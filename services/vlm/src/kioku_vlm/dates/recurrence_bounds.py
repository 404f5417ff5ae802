"""From when to when something recurs, and when it rests: 4月〜9月（8月は休み）, until 30 June."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time
from functools import lru_cache

from dateutil.rrule import rrulestr

from kioku_vlm.dates.draft import Draft, Lines
from kioku_vlm.dates.moment import Cue
from kioku_vlm.dates.recurrence_rules import HOLIDAYS
from kioku_vlm.dates.shape import Found, MonthPart, Recurring
from kioku_vlm.dates.tokens import Kind, Token

_LINES_AWAY = 2
_TOKENS_AWAY = 60
_OCCURRENCES = 400
_RESTING = 3


def bound(lines: Lines, drafts: Sequence[Draft], months: Sequence[Found]) -> None:
    """Move ranges and resting days beside a recurrence into it."""
    for number, draft in enumerate(drafts):
        if draft.recurring is None:
            continue
        for near in (*drafts[number + 1 : number + 3], *drafts[max(0, number - 2) : number][::-1]):
            _take(lines, draft, near)
        draft.recurring = _without_holidays(lines, draft, draft.recurring)
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
    low = bisect_left(months, draft.begin - _TOKENS_AWAY, key=lambda one: one.begin)
    high = bisect_left(months, draft.end + _TOKENS_AWAY, key=lambda one: one.begin)
    for one in months[low:high]:
        near = abs(lines.of(one.begin) - lines.of(draft.begin)) <= _LINES_AWAY
        if near and isinstance(one.shape, MonthPart) and one.shape.month and _rests(lines, one):
            resting.add(one.shape.month)
    return frozenset(resting)


def _rests(lines: Lines, one: Found) -> bool:
    behind = lines.tokens[one.end : one.end + _RESTING]
    before = lines.tokens[max(0, one.begin - 1)]
    return any(map(_excepts, behind)) or _excepts(before)


def _without_holidays(lines: Lines, draft: Draft, recurring: Recurring) -> Recurring:
    """祝日を除く further on in the line, behind a time of day."""
    _, last = lines.bounds(lines.of(draft.begin))
    tokens = lines.tokens[draft.end : min(last, draft.end + _TOKENS_AWAY)]
    for at, token in enumerate(tokens):
        beside = (*tokens[max(0, at - 1) : at], *tokens[at + 1 : at + _RESTING])
        if token.kind is Kind.HOLIDAY and any(_excepts(one) for one in beside):
            return replace(recurring, flags=(HOLIDAYS,))
    return recurring


def _excepts(token: Token) -> bool:
    return token.kind in (Kind.RESTS, Kind.EXCEPT) or token.cue is Cue.CLOSED


def _settle(draft: Draft, resting: frozenset[int]) -> None:
    if draft.recurring is None:
        return
    if draft.until is None and resting:
        months = ",".join(str(month) for month in range(1, 13) if month not in resting)
        rule = f"{draft.recurring.rrule};BYMONTH={months}"
        draft.recurring = replace(draft.recurring, rrule=rule)
    if draft.started is None:
        return
    most = _OCCURRENCES if resting else 1
    days = _occurrences(draft.recurring.rrule, draft.started, draft.until, most)
    if draft.until is not None:
        draft.exdates = tuple(day for day in days if day.month in resting)
    kept = [day for day in days if day not in draft.exdates]
    draft.started = kept[0] if kept else draft.started
    draft.exdates = tuple(day for day in draft.exdates if day > draft.started)


@lru_cache(maxsize=256)
def _occurrences(rule: str, first: date, last: date | None, most: int) -> tuple[date, ...]:
    start = datetime.combine(first, time())
    found: list[date] = []
    for one in rrulestr(rule, dtstart=start):
        if (last is not None and one.date() > last) or len(found) >= most:
            break
        found.append(one.date())
    return tuple(found)
