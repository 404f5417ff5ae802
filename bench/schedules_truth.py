"""What the evaluator of schedules expects: entries in the service's own terms."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from kioku_scenes.documents.degrade import View
from kioku_scenes.documents.truth import Expected, Moment, Sight
from kioku_vlm.page import around
from kioku_vlm.schedule_facts import ClockRole, Entry, Evidence, Kind, Value

from bench.schedules_readers import box_of


@dataclass(frozen=True)
class Truth:
    """An expected entry.

    Attributes:
        entry: with the places of its words; none where nothing knows them.
        implied: fields that may be left out without fault (`place`), and `start` where the words
            give a recurrence without a first day: then any of its days is a right start.
    """

    entry: Entry
    implied: frozenset[str] = frozenset()


def truths_of(view: View) -> tuple[Truth, ...]:
    """What a drawn document announces, with boxes in its view."""
    upright = view.upright() if view.turned else view
    return tuple(
        Truth(_entry(upright, one), frozenset(one.implied)) for one in view.document.entries
    )


def _entry(view: View, one: Expected) -> Entry:
    starts, ends = one.seen("start") or one.seen("rrule"), one.seen("end")
    return Entry(
        kind=Kind(one.kind),
        title=_value(view, one.title, one.seen("title")),
        start=_value(view, iso(one.start), starts),
        end=_value(view, iso(one.end) if one.end else "", ends),
        clocks={
            ClockRole(role): value
            for role, moment in one.clocks.items()
            if (value := _value(view, iso(moment), one.seen("clock")))
        },
        rrule=_value(view, one.rrule, one.seen("rrule")),
        exdates=tuple(Value(day.isoformat(), "", 1.0) for day in one.exdates),
        place=_value(view, one.place, one.seen("place")),
        address=_value(view, one.address, one.seen("address")),
        notes=tuple(
            value
            for number, note in enumerate(one.notes)
            if (value := _value(view, note, one.seen("note", number)))
        ),
        confidence=1.0,
    )


def iso(moment: Moment) -> str:
    """`2026-05-30`, or `2026-05-30T10:00`."""
    if isinstance(moment, datetime):
        return moment.isoformat(timespec="minutes")
    return moment.isoformat()


def _value(view: View, value: str, sights: Iterable[Sight]) -> Value | None:
    if not value:
        return None
    seen = [view.see(sight) for sight in sights]
    evidence = tuple(
        Evidence(one.page, box_of(one.frame, *view.sheets[one.page - 1].image.size), one.quote)
        for one in seen
    )
    return Value(value, " ".join(one.quote for one in seen), 1.0, evidence=evidence)


def day_of(value: Value | None) -> date | None:
    """The day of an ISO date or date-time; None: there is none, or it is no date."""
    moment = moment_of(value)
    return moment.date() if isinstance(moment, datetime) else moment


def clock_of(value: Value | None) -> str:
    """`10:00`, or empty for a whole day."""
    moment = moment_of(value)
    return f"{moment:%H:%M}" if isinstance(moment, datetime) else ""


def moment_of(value: Value | None) -> Moment | None:
    """The date or local date-time that a value holds."""
    if value is None or not value.value:
        return None
    try:
        return date.fromisoformat(value.value)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(value.value).replace(tzinfo=None)
    except ValueError:
        return None


def is_grounded(expected: Value, found: Value) -> bool | None:
    """Whether a box of the words found and one of the words expected overlap by half (IoU).

    The words of a field may stand in several places of a page: each alone, and all of a page
    together, are right. None: nothing knows where the words are.
    """
    if not expected.evidence:
        return None
    return any(
        mine.page == theirs.page and mine.box.overlap(theirs.box) >= 0.5
        for mine in _places(expected)
        for theirs in _places(found)
    )


def _places(value: Value) -> list[Evidence]:
    pages = {one.page for one in value.evidence}
    together = [
        Evidence(page, around([one.box for one in value.evidence if one.page == page]), "")
        for page in sorted(pages)
    ]
    return [*value.evidence, *together]
