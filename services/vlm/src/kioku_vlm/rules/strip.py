"""Segments that stand beside each other, and lines that go on: what is read in one go."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from statistics import median

from kioku_vlm.page import Box, around
from kioku_vlm.rules.labels import starts_label
from kioku_vlm.rules.passage import Passage, joined
from kioku_vlm.rules.segment import Segment

# Between cells; two spaces keep the words of two cells apart for every pattern.
CELL_BREAK = "  "
# The other end of a range stands in the next line.
_AWAITS = re.compile(r"\d\D{0,12}(?:\b(?:to|until|through|and)|[~・&])$", re.IGNORECASE)
# Words that a line cannot end with unless it goes on.
_OPEN_END = re.compile(
    r"(?:[をのはでにがとも、,]|\b(?:by|on|at|from|to|the|a|an|and|or|of|in|until|before|is|"
    r"will|be|for|this|next))$",
    re.IGNORECASE,
)
# A line that begins so begins something: a day, a time, a point of a list.
_BEGINS = re.compile(
    r"[・●◆■□○◎☆★※*▪▶►✓◇▼▲(\[【<-]|\d{1,2}\s?[月/日時:.)]|\d{1,2}(?:st|nd|rd|th)\b|毎週|第\d|"
    r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\b|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|"
    r"dec)[a-z]*\.? \d",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Strip:
    """A row of cells, or the lines of one paragraph.

    Attributes:
        page: its number.
        passage: all of its text, cells parted by two spaces.
        cells: the segments, and where each begins and ends in the text.
        roles: what the column's heading makes of a cell, by the cell's index.
        lines: how many lines it has.
        order: position in the document.
    """

    page: int
    passage: Passage
    cells: tuple[tuple[Segment, int, int], ...]
    roles: dict[int, str] = field(default_factory=dict)
    lines: int = 1
    order: int = 0

    @property
    def text(self) -> str:
        """Its folded text."""
        return self.passage.text

    @property
    def place(self) -> Box:
        """Around its cells, in page heights."""
        return around([segment.place for segment, _, _ in self.cells])

    @property
    def size(self) -> float:
        """Of its largest letters."""
        return max(segment.size for segment, _, _ in self.cells)

    def cell_at(self, position: int) -> int:
        """Index of the cell that holds a character."""
        ends = [end for _, _, end in self.cells]
        return next((at for at, end in enumerate(ends) if position < end), len(ends) - 1)


def strip_of(segments: Sequence[Segment], between: str = CELL_BREAK) -> Strip:
    """One strip of segments in the order given."""
    cells, at = [], 0
    for segment in segments:
        cells.append((segment, at, at + len(segment.text)))
        at += len(segment.text) + len(between)
    passage = joined([segment.passage for segment in segments], between)
    first = next(glyph for glyph in passage.glyphs if glyph is not None)
    return Strip(first.page, passage, tuple(cells))


def rows_of(segments: Sequence[Segment]) -> list[list[Segment]]:
    """Segments by row: those that share at least half of the smaller one's height."""
    rows: list[list[Segment]] = []
    for segment in sorted(segments, key=lambda one: one.place.top + one.place.height / 2):
        row = next((row for row in reversed(rows[-3:]) if _level(row, segment)), None)
        if row is None:
            rows.append([segment])
        else:
            row.append(segment)
    return [sorted(row, key=lambda one: one.place.left) for row in rows]


def _level(row: Sequence[Segment], segment: Segment) -> bool:
    """Whether the segment belongs beside the nearest one of the row."""
    if any(_beside(one, segment) < 0 for one in row):
        return False
    near = min(row, key=lambda one: _beside(one, segment)).place
    shared = min(near.bottom, segment.place.bottom) - max(near.top, segment.place.top)
    return shared >= 0.5 * min(near.height, segment.place.height)


def _beside(one: Segment, other: Segment) -> float:
    """Gap from side to side; negative: one stands above the other."""
    gap = max(one.place.left, other.place.left) - min(one.place.right, other.place.right)
    return gap if gap > -0.3 * min(one.place.width, other.place.width) else -1.0


def paragraphs(rows: Sequence[Sequence[Segment]]) -> list[Strip]:
    """Strips of the rows, where lines that go on in the next line are one."""
    strips: list[Strip] = []
    for row in rows:
        if strips and len(row) == 1 and _goes_on(strips[-1], row[0], rows):
            strips[-1] = _longer(strips[-1], row[0])
        else:
            strips.append(strip_of(row))
    return strips


def _goes_on(above: Strip, below: Segment, rows: Sequence[Sequence[Segment]]) -> bool:
    """Whether a line was broken only because it reached the margin."""
    last = above.cells[-1][0]
    if len(above.cells) != above.lines or not 0.65 < below.tall / max(last.tall, 1e-6) < 1.55:
        return False
    near = below.place.top - last.place.bottom < 1.1 * max(last.tall, below.tall)
    start = above.cells[0][0].place.left
    aligned = -2.6 * last.tall < below.place.left - start < 1.6 * last.tall
    if starts_label(below.text) or last.text[-1] in "。.!?:":
        return False
    if near and _AWAITS.search(last.text) and _BEGINS.match(below.text):
        return True
    if near and aligned and below.text[0].islower() and last.text[-1].isascii():
        return True
    alike = 0.85 < below.tall / last.tall < 1.18
    begins = bool(_BEGINS.match(below.text)) and not _OPEN_END.search(last.text)
    return near and aligned and alike and not begins and _full(last, rows)


def _full(segment: Segment, rows: Sequence[Sequence[Segment]]) -> bool:
    """Whether it reaches the right margin of lines of its size and is long enough for prose."""
    sizes = [one for row in rows for one in row if 0.85 < one.tall / segment.tall < 1.18]
    margin = max(one.place.right for one in sizes)
    return len(segment.text) >= 16 and segment.place.right > margin - 4.0 * segment.tall


def _longer(strip: Strip, segment: Segment) -> Strip:
    latin = strip.text[-1].isascii() and segment.text[0].isascii()
    passage = joined([strip.passage, segment.passage], " " if latin else "")
    end = len(passage.text)
    cells = (*strip.cells, (segment, end - len(segment.text), end))
    return replace(strip, passage=passage, cells=cells, lines=strip.lines + 1)


def pitch_of(strips: Sequence[Strip]) -> float:
    """The usual distance from one strip to the next; 0 where there is one."""
    tops = sorted(strip.place.top for strip in strips)
    steps = [below - above for above, below in pairwise(tops)]
    return median(steps) if steps else 0.0


# Not behind "Sat.", "a.m." or "Mrs.": four small letters before the stop.
_SENTENCE_END = re.compile(r"(?<=[。！？!])\s*|(?<=.)\s*(?=※)|(?<=[a-z]{4}[.!?])\s+(?=[A-Z\"'])")


def sentences(strip: Strip) -> list[Strip]:
    """A strip for each sentence of running words; the strip itself where there is one."""
    if len(strip.cells) != strip.lines:
        return [strip]
    cuts = [0, *(cut.end() for cut in _SENTENCE_END.finditer(strip.text)), len(strip.text)]
    spans = [(start, end) for start, end in pairwise(cuts) if strip.text[start:end].strip()]
    return [_sentence(strip, *span) for span in spans] if len(spans) > 1 else [strip]


def _sentence(strip: Strip, start: int, end: int) -> Strip:
    start += len(strip.text[start:end]) - len(strip.text[start:end].lstrip())
    passage = strip.passage.part(start, end)
    cells = tuple(
        (segment, max(left, start) - start, min(right, end) - start)
        for segment, left, right in strip.cells
        if left < end and right > start
    )
    return replace(strip, passage=passage, cells=cells, lines=len(cells))
