"""What the words beside a day or a time of day make of it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from kioku_vlm.dates.draft import Draft, Lines, Timed
from kioku_vlm.dates.moment import Cue
from kioku_vlm.dates.tokens import Kind

_OF_CLOCKS = frozenset(
    {Cue.START, Cue.END, Cue.DOORS, Cue.RECEPTION, Cue.GATHERING, Cue.LAST_ENTRY}
)
_BEHIND, _BEFORE = 5, 10
_HEADING = 4
_LETTER_LINES, _SALUTED_WITHIN = 8, 4
_PUNCTUATION = (Kind.CLOSE, Kind.OPEN, Kind.COMMA, Kind.DOT, Kind.COLON)


def read_clock_cues(lines: Lines, timed: Sequence[Timed]) -> None:
    """Give each time of day the cue nearest to it on its line.

    Where a cue is as near to the time before it as to that behind it (18:00開場 19:00開演), it
    belongs to the one before if the line begins with a time, else to the one behind.
    """
    by_line: dict[int, list[Timed]] = {}
    for one in timed:
        by_line.setdefault(lines.of(one.found.begin), []).append(one)
    for line, group in by_line.items():
        first, last = lines.bounds(line)
        cues = [at for at in range(first, last) if lines.tokens[at].cue in _OF_CLOCKS]
        behind = bool(cues) and cues[0] > group[0].found.begin
        for cue in cues:
            _give(lines, cue, group, behind=behind)
        for one in group:
            one.cue = one.cue or one.times.cue


def _give(lines: Lines, cue: int, group: list[Timed], *, behind: bool) -> None:
    """Give a cue to one of the two times beside it."""
    at = bisect_left(group, cue, key=lambda one: one.found.begin)
    before = group[at - 1] if at else None
    after = group[at] if at < len(group) else None
    if before is None or after is None:
        chosen = before or after
    else:
        left, right = cue - before.found.end, after.found.begin - cue - 1
        english = lines.tokens[cue].text[0] <= "z"
        chosen = before if left < right or (left == right and behind and not english) else after
    if chosen is not None and (chosen is after or not chosen.cue):
        chosen.cue = lines.tokens[cue].cue


def read_day_cues(lines: Lines, drafts: Sequence[Draft], timed: Sequence[Timed]) -> None:
    """Give each day the cue of its line."""
    clock_at = {at: one.found.end for one in timed for at in range(one.found.begin, one.found.end)}
    for number, draft in enumerate(drafts):
        low = drafts[number - 1].end if number else 0
        high = drafts[number + 1].begin if number + 1 < len(drafts) else len(lines.tokens)
        draft.cue = _day_cue(lines, draft, (low, high), clock_at)


def _day_cue(lines: Lines, draft: Draft, room: tuple[int, int], clock_at: dict[int, int]) -> Cue:
    behind = _behind(lines, draft, room[1], clock_at)
    before, colon = _before(lines, draft, room[0], clock_at)
    if before is not Cue.NONE and (colon or behind is Cue.NONE):
        return before
    if behind is not Cue.NONE:
        return behind
    return Cue.ISSUED if _heads_a_letter(lines, draft) else Cue.NONE


def _behind(lines: Lines, draft: Draft, high: int, clock_at: dict[int, int]) -> Cue:
    at, steps = draft.end, 0
    while at < high and steps < _BEHIND:
        token = lines.tokens[at]
        if at in clock_at:
            at = clock_at[at]
            continue
        if token.kind is Kind.NEWLINE:
            break
        if token.kind is Kind.TILL and steps == 0:
            return Cue.END
        if token.cue is not Cue.NONE:
            return _unless_of_clock(token.cue, at, clock_at, lines)
        at, steps = at + 1, steps + 1
    return Cue.NONE


def _unless_of_clock(cue: Cue, at: int, clock_at: dict[int, int], lines: Lines) -> Cue:
    """開場18:00 behind a day speaks of the time, 締切 of the day."""
    after = at + 1
    while lines.tokens[after].kind in _PUNCTUATION:
        after += 1
    timed = after in clock_at or at - 1 in clock_at
    return Cue.NONE if cue in _OF_CLOCKS and timed else cue


def _before(lines: Lines, draft: Draft, low: int, clock_at: dict[int, int]) -> tuple[Cue, bool]:
    """The nearest cue before a day on its line, and whether a colon ties them."""
    at, steps, colon, crossed = draft.begin - 1, 0, False, False
    while at >= low and steps < _BEFORE:
        token = lines.tokens[at]
        if token.kind is Kind.NEWLINE:
            if crossed or not _is_heading(lines, at, low):
                break
            crossed = True
        if at in clock_at or token.kind is Kind.DOT:
            break
        if token.cue is not Cue.NONE:
            return token.cue, colon or steps == 0
        colon = colon or token.kind is Kind.COLON
        at, steps = at - 1, steps + 1
    return Cue.NONE, False


def _is_heading(lines: Lines, at: int, low: int) -> bool:
    """The line before is a cue and little else (申込締切 above its day)."""
    first, last = lines.bounds(lines.of(at) - 1)
    if first < low or last - first > _HEADING:
        return False
    return any(lines.tokens[one].cue is not Cue.NONE for one in range(first, last))


def _heads_a_letter(lines: Lines, draft: Draft) -> bool:
    """A day alone on one of the first lines, or on that of a salutation, with a salutation near."""
    if draft.days is None or draft.days.last is not None:
        return False
    line = lines.of(draft.begin)
    if line >= _LETTER_LINES:
        return False
    first, last = lines.bounds(line)
    saluted = lines.salutes(line)
    rest = (last - first) - (draft.end - draft.begin)
    if saluted:
        return True
    near = range(max(0, line - 2), min(len(lines), line + _SALUTED_WITHIN))
    return rest <= 1 and any(lines.salutes(one) for one in near)
