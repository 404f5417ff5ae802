"""From a hypothesis to an entry whose every field says where it was read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from kioku_vlm.rules import confidence
from kioku_vlm.rules.gazetteer import zone_by
from kioku_vlm.rules.labels import Role
from kioku_vlm.rules.locating import Whole, place_value, spot_of, spot_value
from kioku_vlm.rules.naming import Name
from kioku_vlm.rules.noting import notes_in
from kioku_vlm.rules.passage import fold
from kioku_vlm.rules.placing import addresses_in
from kioku_vlm.rules.reading import Hypothesis, Reading
from kioku_vlm.rules.recurring import Season
from kioku_vlm.rules.sighting import Nature, Sighting
from kioku_vlm.rules.timing import (
    Timed,
    Times,
    end_value,
    first_day,
    further,
    stamp,
    timed,
    times_of,
    value,
    with_until,
)
from kioku_vlm.schedule_facts import Entry, Kind, Value


def entry_of(one: Hypothesis, whole: Whole, season: Season | None = None) -> Entry | None:
    """The entry of a hypothesis; None where its day cannot be told.

    Args:
        one: the hypothesis.
        whole: the document.
        season: between which days a recurrence happens.
    """
    moment = one.sighting.moment
    season = season if season and moment.rrule else Season()
    since = season.since or moment.start or _since(whole)
    day = first_day(moment.rrule, since) if moment.rrule else moment.start
    if day is None:
        return None
    times = _times(one, whole)
    entry = Entry(
        Kind[one.sighting.nature.value],
        _title(one.name),
        _start(day, times, one),
        _end(day, times, one),
        clocks=dict(further(day, times, one.sighting)),
        rrule=_recurrence(one, season),
        exdates=_exdates(one, times, season),
    )
    return _placed(entry, one, whole)


def _since(whole: Whole) -> date:
    return whole.frame.anchor.issued or whole.circumstances.today


def _times(one: Hypothesis, whole: Whole) -> Times:
    own = timed(one.sighting)
    row = _clocks([one.order], one, whole.reading)
    if one.sighting.nature is not Nature.EVENT:
        return times_of([*own, *row], [])
    near = _clocks([order for order in one.strips if order != one.order], one, whole.reading)
    return times_of([*own, *row], near)


def _clocks(orders: Sequence[int], one: Hypothesis, reading: Reading) -> list[Timed]:
    """Times of day without a day, of the first strip that has some; labelled ones of all."""
    found: list[Timed] = []
    for order in orders:
        bare = [
            s
            for s in reading.sightings[order]
            if s.nature is Nature.CLOCK and _of_event(s, reading.body)
        ]
        several = sum(s.nature is not Nature.CLOCK for s in reading.sightings[order]) > 1
        if several and order == one.order:
            bare = [s for s in bare if _next_day(s.span[0], order, reading) == one.sighting.span]
        clocks = [clock for sighting in bare for clock in timed(sighting)]
        found += [clock for clock in clocks if not found or clock.labelled or clock.role]
    return found


def _of_event(sighting: Sighting, body: float) -> bool:
    """Whether nothing says that a clock is about something else: a column, a label, small print.

    Small letters that hold nothing but a time say when a message was sent.
    """
    strip = sighting.strip
    if strip.size < 0.7 * body and len(strip.text) <= sighting.span[1] - sighting.span[0] + 2:
        return False
    if strip.passage.part(*sighting.span).height() < 0.5 * body:
        return False
    column = strip.roles.get(strip.cell_at(sighting.span[0])) if strip.lines == 1 else None
    label = sighting.label.role if sighting.label else None
    return {column, label} <= {None, Role.WHEN, Role.TIME, Role.TITLE, Role.PLACE}


def _next_day(position: int, order: int, reading: Reading) -> tuple[int, int] | None:
    """The day that a bare clock follows in a strip with several days."""
    days = [s.span for s in reading.sightings[order] if s.nature is not Nature.CLOCK]
    return max((span for span in days if span[0] <= position), default=None)


def _title(name: Name | None) -> Value | None:
    if name is None:
        return None
    passage = name.passage
    raw = Value(
        name.value, passage.written(), confidence.of_name(name), name.by, passage.evidence()
    )
    return confidence.calibrated("title", raw)


def _start(day: date, times: Times, one: Hypothesis) -> Value:
    sighting = one.sighting
    passage = sighting.strip.passage.part(*sighting.span)
    raw = value(day, times.start, passage, sighting)
    sure = confidence.of_day(raw.confidence, raw.flags)
    return confidence.calibrated("start", replace(raw, confidence=sure))


def _end(day: date, times: Times, one: Hypothesis) -> Value | None:
    moment = one.sighting.moment
    last = None if moment.rrule else moment.end
    if one.sighting.nature is Nature.DEADLINE:
        return None
    found = end_value(day, times, one.sighting, last)
    return confidence.calibrated("end", found) if found else None


def _recurrence(one: Hypothesis, season: Season) -> Value | None:
    moment = one.sighting.moment
    if not moment.rrule:
        return None
    passage = one.sighting.strip.passage.part(*one.sighting.span)
    rule = with_until(moment.rrule, season.until or moment.end)
    sure = confidence.read(moment.confidence, passage)
    return Value(rule, passage.written(), round(sure, 3), moment.resolved_by, passage.evidence())


def _exdates(one: Hypothesis, times: Times, season: Season) -> tuple[Value, ...]:
    passage = one.sighting.strip.passage.part(*one.sighting.span)
    minutes = times.start.clock.minutes if times.start else None
    sure = round(confidence.read(one.sighting.moment.confidence, passage), 3)
    return tuple(
        Value(stamp(day, minutes), passage.written(), sure, "", passage.evidence())
        for day in (*one.sighting.moment.exdates, *season.without)
    )


def _placed(entry: Entry, one: Hypothesis, whole: Whole) -> Entry:
    pieces = [piece for order in one.strips for piece in whole.reading.pieces[order]]
    if entry.kind is Kind.EVENT:
        spot, address = spot_of(one, whole), next(iter(addresses_in(pieces)), None)
        entry = replace(
            entry, place=place_value(spot, whole), address=spot_value(address, "address")
        )
        entry = replace(entry, notes=notes_in(pieces))
    zone, by = _zone(entry, whole)
    entry = replace(entry, zone=zone, zone_by=by)
    entry = replace(entry, flags=_flags(entry))
    return replace(entry, confidence=confidence.of_entry(entry))


def _zone(entry: Entry, whole: Whole) -> tuple[str, str]:
    texts = [fold(part.value) for part in (entry.address, entry.place) if part]
    everything = "\n".join(strip.text for strip in whole.reading.strips)
    return zone_by(whole.circumstances.zone, [*texts, everything])


def _flags(entry: Entry) -> tuple[str, ...]:
    flags = set(entry.start.flags if entry.start else ())
    if entry.title is None:
        flags.add("NO_TITLE")
    if entry.kind is Kind.EVENT and not entry.zone and entry.start and "T" in entry.start.value:
        flags.add("NO_ZONE")
    return tuple(sorted(flags))
