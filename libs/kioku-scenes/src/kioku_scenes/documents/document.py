"""A drawn document: its pages, and what it announces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby

from kioku_scenes.documents.frame import hull
from kioku_scenes.documents.marked import Tag
from kioku_scenes.documents.page import WHITE, Ink, Page, Run
from kioku_scenes.documents.truth import EntryKind, Expected, Moment, Sight


@dataclass
class Draft:
    """A document while its design writes it.

    Attributes:
        reference: the day on which somebody shows it to the service; always explicit.
        language: `ja` or `en`: the language of most of it.
        locale: what the request says of it, or empty.
        zone: IANA name of the zone that the request says.
    """

    reference: date
    language: str = "ja"
    locale: str = ""
    zone: str = "Asia/Tokyo"
    pages: list[Page] = field(default_factory=list)
    entries: list[Expected] = field(default_factory=list)

    def page(self, width: int, height: int, paper: Ink = WHITE, font: str = "gothic") -> Page:
        """Start the next page."""
        self.pages.append(Page(width, height, paper, font))
        return self.pages[-1]

    def expect(
        self, kind: EntryKind, title: str, start: Moment, end: Moment | None = None, *,
        place: str = "", address: str = "", rrule: str = "", exdates: tuple[date, ...] = (),
        clocks: dict[str, datetime] | None = None, implied: tuple[str, ...] = (),
    ) -> Expected:  # fmt: skip
        """Add an entry that a reader should find; write its words with what this returns."""
        entry = Expected(
            len(self.entries), kind, title, start, end, place, address,
            clocks or {}, rrule, exdates, implied=implied,
        )  # fmt: skip
        self.entries.append(entry)
        return entry


@dataclass(frozen=True)
class DrawnDocument:
    """A finished document.

    Attributes:
        name: the design's name and the seed, `letter-list-1`.
        family: what sort of document it is.
        pages: drawn, in order.
        entries: what a reader should find; none for a document without anything dated.
        reference, language, locale, zone: as its draft says.
    """

    name: str
    family: str
    pages: tuple[Page, ...]
    entries: tuple[Expected, ...]
    reference: date
    language: str
    locale: str
    zone: str


def finish(name: str, family: str, draft: Draft) -> DrawnDocument:
    """Give each entry the places of its words, and close the draft.

    Raises:
        ValueError: no word of an entry's title or first day is written anywhere.
    """
    for number, page in enumerate(draft.pages, 1):
        for run in page.runs:
            for tag, sight in _sights(run, number):
                draft.entries[tag.entry].sights.setdefault(tag, []).append(sight)
    for entry in draft.entries:
        if not entry.seen("start") and not entry.seen("rrule"):
            raise ValueError(f"{name}: nothing says when {entry.title!r} is")
    return DrawnDocument(
        name, family, tuple(draft.pages), tuple(draft.entries),
        draft.reference, draft.language, draft.locale, draft.zone,
    )  # fmt: skip


def _sights(run: Run, page: int) -> Iterator[tuple[Tag, Sight]]:
    """The unbroken stretches of a run that say something."""
    for tag in dict.fromkeys(tag for letter in run.letters for tag in letter.tags):
        says = [tag in letter.tags for letter in run.letters]
        for told, stretch in groupby(range(len(says)), key=says.__getitem__):
            at = list(stretch)
            quote = "".join(run.letters[index].character for index in at)
            if told and quote.strip():
                yield tag, Sight(page, hull(run.frames[index] for index in at), quote)
