"""From days and times of day to the start, the end and the further times of an entry."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from dateutil.rrule import rrulestr

from kioku_vlm.dates.moment import Clock, Cue
from kioku_vlm.rules.labels import Label, Role
from kioku_vlm.rules.passage import Passage, joined
from kioku_vlm.rules.sighting import Nature, Sighting
from kioku_vlm.schedule_facts import ClockRole, Value

_ROLES = {
    Cue.START: ClockRole.START,
    Cue.END: ClockRole.END,
    Cue.DOORS: ClockRole.DOORS,
    Cue.RECEPTION: ClockRole.RECEPTION,
    Cue.GATHERING: ClockRole.GATHERING,
    Cue.LAST_ENTRY: ClockRole.LAST_ENTRY,
}
_LABELLED = {
    "開場": ClockRole.DOORS, "doors": ClockRole.DOORS, "doors open": ClockRole.DOORS,
    "開演": ClockRole.START, "開会": ClockRole.START, "出発": ClockRole.START,
    "開始": ClockRole.START, "開始時間": ClockRole.START, "start": ClockRole.START,
    "starts": ClockRole.START, "show": ClockRole.START, "kick-off": ClockRole.START,
    "受付": ClockRole.RECEPTION, "受付時間": ClockRole.RECEPTION, "受付開始": ClockRole.RECEPTION,
    "集合": ClockRole.GATHERING, "集合時間": ClockRole.GATHERING,
    "終了": ClockRole.END, "終了時間": ClockRole.END, "解散": ClockRole.END,
    "帰校": ClockRole.END, "帰着": ClockRole.END, "終演": ClockRole.END,
    "チェックイン": ClockRole.START, "チェックアウト": ClockRole.END,
    "閉会": ClockRole.END,
    "end": ClockRole.END, "ends": ClockRole.END,
}  # fmt: skip
# Times of some of the days only, or after which nobody is let in.
_EXCEPTION = re.compile(r"(?:最終入[場館]|土日祝?|日曜|土曜|平日|祝日)(?:日?は)?\s?$")


@dataclass(frozen=True)
class Timed:
    """A clock with the passage it was read from."""

    clock: Clock
    passage: Passage
    role: ClockRole | None
    labelled: bool


@dataclass(frozen=True)
class Times:
    """Start, end and further times of a day as minutes, each with where it was read."""

    start: Timed | None = None
    end: Timed | None = None
    others: tuple[Timed, ...] = ()


def timed(sighting: Sighting) -> list[Timed]:
    """The clocks of a sighting."""
    return [_timed(clock, sighting) for clock in sighting.moment.clocks]


def _timed(clock: Clock, sighting: Sighting) -> Timed:
    if _EXCEPTION.search(sighting.strip.text[: clock.span[0]][-8:]):
        return Timed(clock, sighting.strip.passage.part(*clock.span), ClockRole.LAST_ENTRY, False)
    role = _ROLES.get(clock.cue) or _by_label(sighting.label)
    passage = sighting.strip.passage.part(*clock.span)
    labelled = sighting.label is not None and sighting.label.role in (Role.TIME, Role.WHEN)
    return Timed(clock, passage, role, labelled)


def _by_label(label: Label | None) -> ClockRole | None:
    return _LABELLED.get(label.words) if label else None


def times_of(own: Sequence[Timed], near: Sequence[Timed]) -> Times:
    """Which clock starts and which ends; `own` stand beside the day, `near` in its scope.

    A bare clock starts; a second one that follows it ends only if its words say so. Without a
    start, gathering, reception and then doors stand in for it.
    """
    pool = list(own) if any(_starts(one) for one in own) else [*own, *_chosen(near)]
    start = next((one for one in pool if one.role is ClockRole.START), None)
    start = start or next((one for one in pool if one.role is None), None)
    end = next((one for one in pool if one.role is ClockRole.END), None)
    others = tuple(one for one in pool if one.role not in (None, ClockRole.START, ClockRole.END))
    if start is None:
        start, end = (_stand_in(others), end) if others else (end, None)
    return Times(start, end, others)


def _starts(one: Timed) -> bool:
    return one.role in (None, ClockRole.START)


def _chosen(near: Sequence[Timed]) -> list[Timed]:
    """Labelled clocks where there are any, else those of the first strip that has some."""
    labelled = [one for one in near if one.labelled or one.role]
    return labelled if any(_starts(one) for one in labelled) else [*labelled, *near]


def _stand_in(others: Sequence[Timed]) -> Timed | None:
    order = (ClockRole.GATHERING, ClockRole.RECEPTION, ClockRole.DOORS)
    ranked = [one for role in order for one in others if one.role is role]
    return ranked[0] if ranked else None


def stamp(day: date, minutes: int | None) -> str:
    """An ISO date, or a local date-time; minutes from 1440 on are of the next day."""
    if minutes is None:
        return day.isoformat()
    moment = datetime.combine(day, time()) + timedelta(minutes=minutes)
    return moment.isoformat(timespec="minutes")


def first_day(rrule: str, since: date) -> date | None:
    """The first day of a recurrence on or after `since`; None where there is none."""
    found = rrulestr(rrule, dtstart=datetime.combine(since, time()), ignoretz=True).after(
        datetime.combine(since, time()), inc=True
    )
    return found.date() if found else None


def with_until(rrule: str, until: date | None) -> str:
    """The recurrence with its last day, where it has none."""
    if until is None or "UNTIL=" in rrule or "COUNT=" in rrule:
        return rrule
    return f"{rrule};UNTIL={until:%Y%m%d}"


def value(day: date, timed_: Timed | None, passage: Passage, sighting: Sighting) -> Value:
    """A start as a value, its day and time read where they stand."""
    moment = sighting.moment
    sources = [passage, *([timed_.passage] if timed_ and not _inside(timed_, sighting) else [])]
    source = joined(sources)
    minutes = timed_.clock.minutes if timed_ else None
    return Value(
        stamp(day, minutes),
        source.written(),
        moment.confidence * (0.5 + 0.5 * source.confidence()),
        moment.resolved_by,
        source.evidence(),
        tuple(stamp(one, minutes) for one in moment.alternatives),
        moment.flags,
    )


def _inside(one: Timed, sighting: Sighting) -> bool:
    start, end = sighting.moment.span
    return any(
        clock is one.clock and start <= clock.span[0] < end for clock in sighting.moment.clocks
    )


def end_value(day: date, times: Times, sighting: Sighting, last: date | None) -> Value | None:
    """The end of an entry that starts on `day`: a moment, or a last day; None: not told."""
    source = times.end or times.start
    minutes = _end_minutes(times)
    if minutes is None and last is None:
        return None
    if minutes is None or source is None:
        return _last_day(last or day, sighting)
    start = times.start.clock.minutes if times.start else 0
    over = 1440 if minutes <= start and last in (None, day) and minutes < 720 <= start else 0
    if minutes <= start and not over and last in (None, day):
        return None
    text = stamp(last or day, minutes + over)
    read = source.passage.confidence()
    return Value(
        text, source.passage.written(), sighting.moment.confidence * (0.5 + 0.5 * read),
        sighting.moment.resolved_by, source.passage.evidence(), (), sighting.moment.flags,
    )  # fmt: skip


def _end_minutes(times: Times) -> int | None:
    if times.end is not None:
        return times.end.clock.minutes if times.end.clock.until is None else times.end.clock.until
    return times.start.clock.until if times.start else None


def _last_day(last: date, sighting: Sighting) -> Value:
    passage = sighting.strip.passage.part(*sighting.span)
    moment = sighting.moment
    return Value(
        last.isoformat(), passage.written(), moment.confidence * (0.5 + 0.5 * passage.confidence()),
        moment.resolved_by, passage.evidence(), (), moment.flags,
    )  # fmt: skip


def further(day: date, times: Times, sighting: Sighting) -> Mapping[ClockRole, Value]:
    """Doors, reception and the like as values."""
    found: dict[ClockRole, Value] = {}
    for one in times.others:
        if one.role is not None and one.role not in found:
            text = stamp(day, one.clock.minutes)
            read = one.passage.confidence()
            found[one.role] = Value(
                text, one.passage.written(), sighting.moment.confidence * (0.5 + 0.5 * read),
                sighting.moment.resolved_by, one.passage.evidence(),
            )  # fmt: skip
    return found


def is_clock(sighting: Sighting) -> bool:
    """Whether it is only a time of day."""
    return sighting.nature is Nature.CLOCK
