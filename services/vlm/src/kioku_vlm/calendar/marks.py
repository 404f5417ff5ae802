"""What is marked on a page: each piece of evidence once, numbered by its entry."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kioku_vlm.page import Box
from kioku_vlm.schedule_facts import Entry, Evidence, Schedule, Value

COLOURS = ("#d81b60", "#1e88e5", "#00897b", "#f4511e", "#8e24aa", "#6d4c41", "#3949ab", "#7cb342")
SUSPICIOUS = "#000000"


@dataclass(frozen=True)
class Mark:
    """One box on a page.

    Attributes:
        number: of the entry, from 1; 0: suspicious words.
        field: of the entry (`title`, `start`, …), or why words are suspicious.
        page: from 1.
        box: around the words, clipped to the page.
        quote: the words.
    """

    number: int
    field: str
    page: int
    box: Box
    quote: str

    @property
    def colour(self) -> str:
        """`#rrggbb`, the same for all marks of an entry."""
        return colour_of(self.number)


def colour_of(number: int) -> str:
    """The colour of an entry's marks, or of suspicious words."""
    return COLOURS[(number - 1) % len(COLOURS)] if number else SUSPICIOUS


def marks_of(schedule: Schedule) -> tuple[Mark, ...]:
    """All marks, those of the first entry first; the same words for the same field come once."""
    marks = [
        _mark(number, name, evidence)
        for number, entry in enumerate(schedule.entries, 1)
        for name, value in fields_of(entry)
        for evidence in value.evidence
    ]
    marks += [_mark(0, one.reason, one.evidence) for one in schedule.suspicions]
    return tuple(dict.fromkeys(marks))


def fields_of(entry: Entry) -> Iterator[tuple[str, Value]]:
    """The fields that were read, by name."""
    named = (
        ("title", entry.title),
        ("start", entry.start),
        ("end", entry.end),
        ("rrule", entry.rrule),
        ("place", entry.place),
        ("address", entry.address),
    )
    yield from ((name, value) for name, value in named if value is not None)
    yield from ((role.value.lower(), value) for role, value in entry.clocks.items())
    yield from (("except", value) for value in entry.exdates)
    yield from (("note", value) for value in entry.notes)


def _mark(number: int, field: str, evidence: Evidence) -> Mark:
    return Mark(number, field, evidence.page, _clipped(evidence.box), evidence.quote)


def _clipped(box: Box) -> Box:
    left, top = (min(max(side, 0.0), 1.0) for side in (box.left, box.top))
    right, bottom = (min(max(side, 0.0), 1.0) for side in (box.right, box.bottom))
    return Box(left, top, max(0.0, right - left), max(0.0, bottom - top))
