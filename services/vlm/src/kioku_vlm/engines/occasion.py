"""When an entry happens, as values: every one by `kioku_vlm.dates`, from words on the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time

from dateutil.rrule import rrulestr

from kioku_vlm.dates.moment import Moment
from kioku_vlm.engines.agreement import of_day, of_words, weighed
from kioku_vlm.engines.dating import DatedText, Hours, end_stamp, hours_of, stamp
from kioku_vlm.engines.fields import Ground
from kioku_vlm.engines.grounding import Found
from kioku_vlm.engines.words import Claim, Words
from kioku_vlm.schedule_facts import ClockRole, Evidence, Value


@dataclass(frozen=True)
class Occasion:
    """Start, end, further times and recurrence of one entry."""

    start: Value | None = None
    end: Value | None = None
    clocks: Mapping[ClockRole, Value] = field(default_factory=dict)
    rrule: Value | None = None
    exdates: tuple[Value, ...] = ()

    @classmethod
    def of(
        cls, claim: Claim, moment: Moment | None, ground: Ground, dated: DatedText, today: date
    ) -> Occasion:
        """Of one day among those that a claim's words mean; None: they mean none."""
        if claim.date is None or moment is None:
            return cls()
        return _Reading(claim.date, claim.time, moment, ground, dated).occasion(today)


class _Reading:
    """One moment and the hours that go with it."""

    def __init__(
        self, words: Words, hours: Words | None, moment: Moment, ground: Ground, dated: DatedText
    ) -> None:
        self._moment = moment
        self._ground = ground
        self._day = ground.find(words)
        self._time = ground.find(hours) if hours else None
        self._flags = tuple(dict.fromkeys((*moment.flags, *ground.flags(words, self._day))))
        self._time_flags = ground.flags(hours, self._time) if hours else ()
        self._raw = ground.quote(words, self._day)
        if hours is not None:
            self._raw_time = ground.quote(hours, self._time)
            self._hours = hours_of(dated.clocks_of(hours, self._time))
        else:
            self._raw_time = ""
            self._hours = hours_of(moment.clocks)

    def occasion(self, today: date) -> Occasion:
        """All of it; a recurrence without a first day starts on the first from `today` on."""
        moment = self._moment
        first = moment.start or _first(moment.rrule, today)
        if first is None:
            return Occasion()
        end = end_stamp(moment, self._hours)
        return Occasion(
            self._value(
                stamp(first, self._hours.start),
                tuple(stamp(one, self._hours.start) for one in moment.alternatives),
            ),
            self._value(end) if end else None,
            self._clocks(first, self._hours),
            self._value(moment.rrule) if moment.rrule else None,
            tuple(self._value(one.isoformat()) for one in moment.exdates),
        )

    def _value(self, text: str, alternatives: tuple[str, ...] = ()) -> Value:
        """A value of day and, where `text` has one, time; as sure as the less sure of the two."""
        timed = "T" in text and bool(self._raw_time)
        flags = (*self._flags, *(self._time_flags if timed else ()))
        sure = of_day(of_words(self._day, self._ground.index), self._moment)
        if timed:
            sure = min(sure, of_words(self._time, self._ground.index))
        raw = f"{self._raw} {self._raw_time}" if timed else self._raw
        return Value(
            text,
            raw.strip(),
            weighed(sure, flags, grounded=self._day is not None),
            self._moment.resolved_by,
            self._evidence(self._day, self._time if timed else None),
            alternatives,
            tuple(dict.fromkeys(flags)),
        )

    def _clocks(self, day: date, hours: Hours) -> Mapping[ClockRole, Value]:
        found: dict[ClockRole, Value] = {}
        for role, clock in hours.others:
            found.setdefault(role, self._value(stamp(day, clock.minutes)))
        return found

    def _evidence(self, *found: Found | None) -> tuple[Evidence, ...]:
        parts = (one for each in found for one in self._ground.evidence(each))
        return tuple(dict.fromkeys(parts))


def _first(rrule: str, today: date) -> date | None:
    if not rrule:
        return None
    since = datetime.combine(today, time())
    found = rrulestr(rrule, dtstart=since, ignoretz=True).after(since, inc=True)
    return found.date() if found else None
