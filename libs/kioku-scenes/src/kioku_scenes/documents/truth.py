"""What a drawn document announces, as its design decided it before a pixel was drawn."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from kioku_scenes.documents.frame import Frame
from kioku_scenes.documents.marked import Tag, mark, plain

Moment = date | datetime
"""A date means all day; a date-time is local."""


class EntryKind(StrEnum):
    """What an entry is."""

    EVENT = "EVENT"
    DEADLINE = "DEADLINE"
    CLOSED = "CLOSED"
    NOTICE = "NOTICE"


EVENT, DEADLINE = EntryKind.EVENT, EntryKind.DEADLINE
CLOSED, NOTICE = EntryKind.CLOSED, EntryKind.NOTICE


@dataclass(frozen=True)
class Sight:
    """Words on a page (from 1) that say a field: their frame, and the words as they stand."""

    page: int
    frame: Frame
    quote: str


@dataclass
class Expected:
    """One entry that a reader should find.

    Called with the name of a field it gives the words to write for it, marked: `entry("title")`
    writes the value itself, `entry("start end", "May 3-5")` other words. So the boxes of the truth
    are those of the words that were drawn.

    Attributes:
        number: of the entry in its document, from 0.
        kind: what it is.
        title, place, address: text; empty: the document does not say.
        start: first day, or moment.
        end: last day (itself included), or the end's moment; None: not told.
        clocks: moments of further clocks by their role (`DOORS`, `RECEPTION`, `GATHERING`,
            `LAST_ENTRY`).
        rrule: RFC 5545, anchored at `start`; `exdates`: days on which it does not happen.
        notes: what to bring, price, contact and the like, as written.
        implied: fields that a careful reader may leave out (a place that only the heading names).
        sights: where each field is written.
    """

    number: int
    kind: EntryKind
    title: str
    start: Moment
    end: Moment | None = None
    place: str = ""
    address: str = ""
    clocks: dict[str, datetime] = field(default_factory=dict)
    rrule: str = ""
    exdates: tuple[date, ...] = ()
    notes: list[str] = field(default_factory=list)
    implied: tuple[str, ...] = ()
    sights: dict[Tag, list[Sight]] = field(default_factory=dict)

    def __call__(self, fields: str, words: str = "") -> str:
        """Words to write, marked as saying these fields (names parted by spaces).

        Raises:
            ValueError: no words are given and the fields are not one text field.
        """
        names = fields.split()
        if not words:
            words = self._text(names)
        return mark(words, *(Tag(self.number, name) for name in names))

    def note(self, words: str) -> str:
        """Words to write that are a note of this entry, which is told of it."""
        self.notes.append(plain(words))
        return mark(words, Tag(self.number, "note", len(self.notes) - 1))

    def seen(self, name: str, item: int = 0) -> list[Sight]:
        """Where a field is written; empty: nowhere."""
        return self.sights.get(Tag(self.number, name, item), [])

    def _text(self, names: list[str]) -> str:
        texts = {"title": self.title, "place": self.place, "address": self.address}
        if len(names) != 1 or not texts.get(names[0]):
            raise ValueError(f"say which words write {names}")
        return texts[names[0]]
