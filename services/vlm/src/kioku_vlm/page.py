"""What was read from a picture: pages of lines, each character with its place.

Coordinates are parts (0 to 1) of the upright page's width and height, the origin at the top left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True)
class Box:
    """A rectangle on a page."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.top + self.height

    @property
    def area(self) -> float:
        """Part of the page that it covers."""
        return max(0.0, self.width) * max(0.0, self.height)

    def overlap(self, other: Box) -> float:
        """Intersection over union, 0 to 1."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        if width <= 0 or height <= 0:
            return 0.0
        shared = width * height
        return shared / (self.area + other.area - shared)


def around(boxes: Sequence[Box]) -> Box:
    """The smallest box that holds all of them.

    Raises:
        ValueError: there is none.
    """
    left, top = min(box.left for box in boxes), min(box.top for box in boxes)
    right, bottom = max(box.right for box in boxes), max(box.bottom for box in boxes)
    return Box(left, top, right - left, bottom - top)


@dataclass(frozen=True)
class Line:
    """One line of text, a column where the writing is vertical.

    Attributes:
        text: its characters, NFC, words of Latin script parted by one space.
        boxes: one box for each character of `text`; a space has the gap's.
        confidence: 0 to 1, as the reader says.
        vertical: written from top to bottom.
        block: lines of one block (column, cell, paragraph) share the number.
    """

    text: str
    boxes: tuple[Box, ...]
    confidence: float
    vertical: bool = False
    block: int = 0

    @property
    def box(self) -> Box:
        """Around the whole line."""
        return around(self.boxes)

    @property
    def size(self) -> float:
        """Of its characters across the line, in parts of the page's height (width if vertical)."""
        return self.box.width if self.vertical else self.box.height

    def box_of(self, start: int, end: int) -> Box:
        """Around the characters `start` to `end`, `end` not among them."""
        return around(self.boxes[start:end])


class PageFlag(StrEnum):
    """What is odd about a page."""

    BLANK = "BLANK"
    NO_TEXT = "NO_TEXT"
    ILLEGIBLE = "ILLEGIBLE"
    """Writing that could not be read with any confidence, for example by hand."""
    TINY_TEXT = "TINY_TEXT"
    HIDDEN_TEXT = "HIDDEN_TEXT"
    """Text that a person would hardly see: low contrast, or only there when scaled."""


@dataclass(frozen=True)
class Page:
    """One page in reading order.

    Attributes:
        number: from 1.
        width: of the upright page, pixels as they were read.
        height: likewise.
        lines: in reading order.
        turned: degrees clockwise by which the picture was turned to be upright (0, 90, 180, 270).
        flags: what is odd about it.
        hidden: lines that a person would hardly see; they are no evidence for anything.
    """

    number: int
    width: int
    height: int
    lines: tuple[Line, ...]
    turned: int = 0
    flags: tuple[PageFlag, ...] = ()
    hidden: tuple[Line, ...] = ()


@dataclass(frozen=True)
class Document:
    """All pages of one picture or file; `language` is `ja`, `en`, or empty where nothing says."""

    pages: tuple[Page, ...]
    language: str = ""
