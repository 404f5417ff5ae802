"""Pieces of lines with no wide gap inside, in one measure for horizontal and vertical writing."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from kioku_vlm.page import Box, Line, Page, around
from kioku_vlm.rules.passage import Passage, passages_of

# Letters; cells of a row that a reader took for one line are further apart than words.
_CELL_GAP = 1.7


@dataclass(frozen=True)
class Segment:
    """A piece of a line.

    Attributes:
        passage: its text.
        place: where it is, in page heights, turned so that writing runs to the right and lines
            follow downwards, also where the page is written in columns.
        size: of its letters, in page heights.
    """

    passage: Passage
    place: Box
    size: float

    @property
    def text(self) -> str:
        """Its folded text."""
        return self.passage.text


def segments_of(page: Page) -> tuple[Segment, ...]:
    """All pieces of the page's lines, hidden ones not among them, as they follow each other.

    Where most of the page is written in columns, places are turned: the rightmost column is the
    first line.
    """
    found = []
    upright = _mostly_vertical(page)
    for number, line in enumerate(page.lines):
        if not line.text.strip() or not line.boxes:
            continue
        passages = passages_of(page, number, line, _CELL_GAP)
        found += [_segment(passage, page, line, upright) for passage in passages]
    return tuple(found)


def body_size(segments: tuple[Segment, ...]) -> float:
    """The size in which most letters are set; 0 where there is none."""
    sizes = [segment.size for segment in segments for _ in segment.text]
    return median(sizes) if sizes else 0.0


def _mostly_vertical(page: Page) -> bool:
    vertical = sum(len(line.text) for line in page.lines if line.vertical)
    return 2 * vertical > sum(len(line.text) for line in page.lines)


def _segment(passage: Passage, page: Page, line: Line, turned: bool) -> Segment:
    aspect = page.width / page.height
    boxes = [glyph.box for glyph in passage.glyphs if glyph is not None]
    box = around(boxes)
    if turned:
        place = Box(box.top, (1 - box.right) * aspect, box.height, box.width * aspect)
    else:
        place = Box(box.left * aspect, box.top, box.width * aspect, box.height)
    size = line.size * aspect if line.vertical else line.size
    return Segment(passage, place, size)
