"""Which day a time of day belongs to."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from kioku_vlm.dates.draft import Draft, Lines, Timed
from kioku_vlm.dates.moment import Cue

_LINES_AWAY = 3
_LONGEST_LIST = 31


@dataclass(frozen=True)
class Attached:
    """Times with their day, and those that have none."""

    pairs: tuple[tuple[Draft, Timed], ...]
    alone: tuple[Timed, ...]


def attach(lines: Lines, drafts: Sequence[Draft], timed: Sequence[Timed]) -> Attached:
    """A day before it on its line, else one behind it there, else the last a few lines above."""
    pairs: list[tuple[Draft, Timed]] = []
    alone: list[Timed] = []
    begins = [draft.begin for draft in drafts]
    for one in timed:
        draft = _day_of(lines, drafts, bisect_right(begins, one.found.begin), one)
        if draft is None:
            alone.append(one)
        else:
            pairs += [(each, one) for each in _list_of(lines, drafts, draft, begins)]
    return Attached(tuple(pairs), tuple(alone))


def _list_of(
    lines: Lines, drafts: Sequence[Draft], last: Draft, begins: Sequence[int]
) -> list[Draft]:
    """A day and those before it in the same list (5/30・31 10:00), which share its times."""
    at = bisect_right(begins, last.begin) - 1
    days = [last]
    while at and len(days) < _LONGEST_LIST:
        before, here = drafts[at - 1], drafts[at]
        close = here.begin - before.end <= 1 and lines.of(before.begin) == lines.of(here.begin)
        if not close or before.days is None or before.days.last is not None:
            break
        days.append(before)
        at -= 1
    return days


def _day_of(lines: Lines, drafts: Sequence[Draft], at: int, one: Timed) -> Draft | None:
    line = lines.of(one.found.begin)
    before = drafts[at - 1] if at else None
    behind = drafts[at] if at < len(drafts) else None
    if before is not None and lines.of(before.begin) == line:
        return before
    if behind is not None and lines.of(behind.begin) == line:
        return behind
    if before is None or before.cue is Cue.ISSUED:
        return None
    return before if line - lines.of(before.end - 1) <= _LINES_AWAY else None
