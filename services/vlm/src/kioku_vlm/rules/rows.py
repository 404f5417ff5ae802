"""Days that a table does not repeat: numbers under a month, and cells that span several rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from kioku_vlm.dates.moment import Moment
from kioku_vlm.rules.layout import WEEKLY, Layout
from kioku_vlm.rules.place_words import ends_as_place
from kioku_vlm.rules.sighting import Find, Nature, Sighting
from kioku_vlm.rules.strip import Strip
from kioku_vlm.rules.table import bare_day, month_in, row_pitch, spans_down
from kioku_vlm.rules.timetable import recurrence_words
from kioku_vlm.rules.traits import Trait, traits_of

Sightings = Mapping[int, tuple[Sighting, ...]]
# So many days in a column are a column of days.
_ROWS = 3
# So many days with so many rows each are a timetable, not one day with its programme.
_DAYS, _SESSIONS = 2, 2


def completed(layout: Layout, sightings: Sightings, find: Find) -> dict[int, tuple[Sighting, ...]]:
    """The sightings with those that only a row's place in its table gives."""
    numbered = _weekly(layout.strips, _numbered(layout.strips, sightings, find), find)
    return _spanned(layout, _under_days(layout.strips, numbered))


def _weekly(
    strips: Sequence[Strip], sightings: Sightings, find: Find
) -> dict[int, tuple[Sighting, ...]]:
    """Rows of a week's timetable recur on the day that heads their column."""
    found = dict(sightings)
    for strip in strips:
        if strip.roles.get(0) != WEEKLY:
            continue
        segment, _, end = strip.cells[0]
        moments = [one for one in find(recurrence_words(segment.text)) if one.rrule]
        if moments:
            rest = [one for one in sightings[strip.order] if one.span[0] >= end]
            weekly = Sighting(strip, _moved(moments[0], end, strip), Nature.EVENT)
            found[strip.order] = (weekly, *rest)
    return found


def _under_days(strips: Sequence[Strip], sightings: Sightings) -> dict[int, tuple[Sighting, ...]]:
    """Rows of times and names under several days that stand alone: each row is on its day."""
    found = dict(sightings)
    rows: dict[int, list[Strip]] = {}
    day: Strip | None = None
    for strip in strips:
        days = [one for one in sightings[strip.order] if one.nature is not Nature.CLOCK]
        if days:
            day = strip if len(days) == 1 and _alone(days[0]) else None
        elif day is not None and _timetable_row(strip, sightings):
            rows.setdefault(day.order, []).append(strip)
    if len(rows) < _DAYS or min(map(len, rows.values())) < _SESSIONS:
        return found
    for order, below in rows.items():
        head = sightings[order][0]
        moment = replace(head.moment, span=(0, 0), clocks=())
        found[order] = (replace(head, nature=Nature.ASIDE), *sightings[order][1:])
        for strip in below:
            found[strip.order] = (Sighting(strip, moment, head.nature), *sightings[strip.order])
    return found


def _alone(day: Sighting) -> bool:
    """Whether a strip holds a day and nothing else but a place."""
    rest = (day.strip.text[: day.span[0]] + day.strip.text[day.span[1] :]).strip()
    bare = not any(letter.isalnum() for letter in rest) or ends_as_place(rest)
    return day.nature is Nature.EVENT and bare


def _timetable_row(strip: Strip, sightings: Sightings) -> bool:
    """A time first, or behind the number of a match, and words behind it."""
    first = next(iter(sightings[strip.order]), None)
    if first is None or first.nature is not Nature.CLOCK:
        return False
    lead = strip.text[: first.span[0]].strip()
    if lead and Trait.EDITION not in traits_of(lead):
        return False
    return sum(letter.isalpha() for letter in strip.text[first.span[1] :]) >= 2


def _numbered(
    strips: Sequence[Strip], sightings: Sightings, find: Find
) -> dict[int, tuple[Sighting, ...]]:
    """Rows that begin with a day's number, under the month last named."""
    found, month = dict(sightings), ""
    candidates: dict[int, Sighting] = {}
    for strip in strips:
        month = month_in(strip.text) or month
        if any(one.nature is not Nature.CLOCK for one in sightings[strip.order]) or not month:
            continue
        sighting = _by_number(strip, month, find)
        timed = any(one.span[0] < 2 for one in sightings[strip.order])
        if sighting is not None and not timed:
            candidates[strip.order] = sighting
    enough = len(candidates) >= _ROWS or len(candidates) * 2 > len(strips)
    for order, sighting in candidates.items():
        if enough or sighting.strip.roles.get(0) == "when":
            rest = [one for one in sightings[order] if one.span[0] >= sighting.span[1]]
            found[order] = (sighting, *rest)
    return found


def _by_number(strip: Strip, month: str, find: Find) -> Sighting | None:
    day = bare_day(strip, month)
    if day is None:
        return None
    words, end = day
    moments = [moment for moment in find(words) if moment.start is not None]
    if len(moments) != 1 or not strip.text[end:].strip():
        return None
    return Sighting(strip, _moved(moments[0], end, strip), Nature.EVENT)


def _moved(moment: Moment, end: int, strip: Strip) -> Moment:
    return replace(moment, span=(0, end), raw=strip.text[:end], clocks=())


def _spanned(layout: Layout, sightings: Sightings) -> dict[int, tuple[Sighting, ...]]:
    """Rows without a day, in a table whose days stand in one column: that of the day above."""
    found = dict(sightings)
    for region in set(layout.regions):
        strips = [one for one in layout.strips if layout.regions[one.order] == region]
        rows = [one for one in strips if _leads(one, sightings)]
        if len(rows) < _ROWS or not all(len(one.cells) > 1 for one in rows):
            continue
        pitch, last = row_pitch(rows), None
        right = min(one.cells[0][0].place.right for one in rows)
        for strip in strips:
            if strip in rows:
                last = strip
            elif last is not None and _inherits(strip, last, right, pitch, sightings):
                day = found[last.order][0]
                moment = replace(day.moment, span=(0, 0), clocks=())
                found[strip.order] = (Sighting(strip, moment, day.nature), *sightings[strip.order])
    return found


def _leads(strip: Strip, sightings: Sightings) -> bool:
    first = next(iter(sightings[strip.order]), None)
    return bool(first and first.nature is Nature.EVENT and first.span[0] <= 1)


def _inherits(strip: Strip, last: Strip, right: float, pitch: float, sightings: Sightings) -> bool:
    days = any(one.nature is not Nature.CLOCK for one in sightings[strip.order])
    clock = bool(sightings[strip.order])
    return not days and clock and len(strip.cells) > 1 and spans_down(strip, last, right, pitch)
