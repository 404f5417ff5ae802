"""Promise: a model says which words are a date; what day they mean is decided here.

The whole text is read by `kioku_vlm.dates`, so that its own date, its years and its weekdays count;
a model's words only choose among the moments that were found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from kioku_vlm.dates import Anchor, Clock, Cue, Moment, find_moments
from kioku_vlm.engines.grounding import Found
from kioku_vlm.engines.text_index import TextIndex
from kioku_vlm.engines.words import Words
from kioku_vlm.schedule_facts import Circumstances, ClockRole

_ROLES = {
    Cue.END: ClockRole.END,
    Cue.DOORS: ClockRole.DOORS,
    Cue.RECEPTION: ClockRole.RECEPTION,
    Cue.GATHERING: ClockRole.GATHERING,
    Cue.LAST_ENTRY: ClockRole.LAST_ENTRY,
}


@dataclass(frozen=True)
class Hours:
    """Times of day in minutes after midnight, and the further ones by role."""

    start: int | None = None
    end: int | None = None
    others: tuple[tuple[ClockRole, Clock], ...] = ()


class DatedText:
    """The moments of a document.

    Args:
        index: its words.
        circumstances: what is known beside it.
        language: `ja`, `en` or empty.
    """

    def __init__(self, index: TextIndex, circumstances: Circumstances, language: str) -> None:
        self._language = language
        anchor = Anchor(circumstances.today, taken=circumstances.taken, locale=circumstances.locale)
        self._moments = find_moments(index.text, anchor, language) if index.text else ()
        issued = (one.start for one in self._moments if one.cue is Cue.ISSUED and one.start)
        self._anchor = Anchor(
            circumstances.today, next(issued, None), circumstances.taken, None, circumstances.locale
        )

    def moments_of(self, words: Words, found: Found | None) -> tuple[Moment, ...]:
        """The moments that words mean; where they stand nowhere, or nothing was found there, what
        they say by themselves."""
        if found is not None:
            there = tuple(one for one in self._moments if _meet(one.span, found))
            if there:
                return there
        return find_moments(words.text, self._anchor, self._language)

    def clocks_of(self, words: Words, found: Found | None) -> tuple[Clock, ...]:
        """The times of day that words mean, likewise."""
        if found is not None:
            near = (clock for one in self._moments for clock in one.clocks)
            there = tuple(clock for clock in near if _meet(clock.span, found))
            if there:
                return there
        alone = find_moments(words.text, self._anchor, self._language)
        return tuple(clock for one in alone for clock in one.clocks)


def hours_of(clocks: Sequence[Clock]) -> Hours:
    """Which clock starts and which ends.

    A clock that says so starts, else the first without a role; the end is a clock that says so, or
    the start's own range. Where nothing starts, gathering, reception and then doors stand in.
    """
    roles = [(_ROLES.get(clock.cue), clock) for clock in clocks]
    bare = [clock for role, clock in roles if role is None]
    starts = next((clock for clock in bare if clock.cue is Cue.START), next(iter(bare), None))
    ends = next((clock for role, clock in roles if role is ClockRole.END), None)
    others = tuple((role, clock) for role, clock in roles if role not in (None, ClockRole.END))
    named = tuple((role, clock) for role, clock in others if role is not None)
    if starts is None:
        order = (ClockRole.GATHERING, ClockRole.RECEPTION, ClockRole.DOORS)
        starts = next((clock for wanted in order for role, clock in named if role is wanted), None)
    end = ends.minutes if ends else (starts.until if starts else None)
    return Hours(starts.minutes if starts else None, end, named)


def stamp(day: date, minutes: int | None) -> str:
    """An ISO date, or a local date-time; minutes from 1440 on are of the next day."""
    if minutes is None:
        return day.isoformat()
    moment = datetime.combine(day, time()) + timedelta(minutes=minutes)
    return moment.isoformat(timespec="minutes")


def end_stamp(moment: Moment, hours: Hours) -> str:
    """When it ends; empty: not told, or told in a way that cannot be."""
    if moment.start is None or (moment.end is None and hours.end is None):
        return ""
    last = moment.end or moment.start
    if hours.end is None:
        return last.isoformat()
    minutes = hours.end
    if last == moment.start and hours.start is not None and minutes <= hours.start:
        minutes += 24 * 60  # past midnight
    return stamp(last, minutes)


def _meet(span: tuple[int, int], found: Found) -> bool:
    return span[0] < found.end and found.start < span[1]
