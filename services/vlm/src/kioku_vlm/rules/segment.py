"""Pieces of lines with no wide gap inside, in one measure for horizontal and vertical writing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from kioku_vlm.page import Box, Line, Page, around
from kioku_vlm.rules.passage import Passage, passages_of
from kioku_vlm.rules.skew import climb, levelled

# Letters; cells of a row that a reader took for one line are further apart than words.
_CELL_GAP = 1.7
_MOST = 0.75


@dataclass(frozen=True)
class Segment:
    """A piece of a line.

    Attributes:
        passage: its text.
        place: where it is, in page heights, turned so that writing runs to the right and lines
            follow downwards, also where the page is written in columns.
        size: of its letters, in page heights.
        tall: of its line, in page heights: what is higher than most of its letters counts.
    """

    passage: Passage
    place: Box
    size: float
    tall: float

    @property
    def text(self) -> str:
        """Its folded text."""
        return self.passage.text


def segments_of(page: Page) -> tuple[Segment, ...]:
    """All pieces of the page's lines, hidden ones not among them, as they follow each other.

    Where most of the page is written in columns, places are turned: the rightmost column is the
    first line.
    """
    turned = _mostly_vertical(page)
    lines = [line for line in page.lines if line.text.strip() and line.boxes]
    slope = climb([_turned(line.boxes, page, turned) for line in lines if line.vertical == turned])
    found: list[Segment] = []
    for number, line in enumerate(page.lines):
        if line.text.strip() and line.boxes:
            sizes = _sizes(line, page, turned, slope)
            passages = passages_of(page, number, line, _CELL_GAP)
            found += [_segment(passage, page, turned, slope, sizes) for passage in passages]
    return tuple(found)


def body_size(segments: tuple[Segment, ...]) -> float:
    """The size in which most letters are set; 0 where there is none."""
    sizes = [segment.size for segment in segments for _ in segment.text]
    return median(sizes) if sizes else 0.0


def _mostly_vertical(page: Page) -> bool:
    vertical = sum(len(line.text) for line in page.lines if line.vertical)
    return 2 * vertical > sum(len(line.text) for line in page.lines)


def _turned(boxes: Sequence[Box], page: Page, turned: bool) -> list[Box]:
    """Boxes in page heights; columns of a page that is turned become lines that follow down."""
    aspect = page.width / page.height
    if turned:
        return [
            Box(one.top, (1 - one.right) * aspect, one.height, one.width * aspect) for one in boxes
        ]
    return [Box(one.left * aspect, one.top, one.width * aspect, one.height) for one in boxes]


def _sizes(line: Line, page: Page, turned: bool, slope: float) -> tuple[float, float]:
    """Of a line's letters, and of the line; what it climbs is no part of either.

    Letters are as high as most of them do not exceed: a reader's box of a bracket, or of a letter
    that took in a part of the line above, is higher.
    """
    if line.vertical != turned:
        across = line.size * page.width / page.height if line.vertical else line.size
        return across, across
    boxes = [levelled(box, slope) for box in _turned(line.boxes, page, turned)]
    heights = sorted(box.height for box in boxes)
    return heights[int(_MOST * (len(heights) - 1))], around(boxes).height


def _segment(
    passage: Passage, page: Page, turned: bool, slope: float, sizes: tuple[float, float]
) -> Segment:
    boxes = [glyph.box for glyph in passage.glyphs if glyph is not None]
    level = [levelled(box, slope) for box in _turned(boxes, page, turned)]
    return Segment(passage, around(level), *sizes)
