"""Pages from strings: every character has a box, lines stand under one another."""

from __future__ import annotations

from kioku_vlm.page import Box, Document, Line, Page, PageFlag

_HEIGHT = 0.04
_STEP = 0.06


def line(text: str, row: int, *, confidence: float = 0.95, left: float = 0.1) -> Line:
    """A line of a page, on row 0 to 15."""
    width = 0.02
    boxes = tuple(
        Box(left + at * width, 0.02 + row * _STEP, width, _HEIGHT) for at in range(len(text))
    )
    return Line(text, boxes, confidence)


def document(*texts: str, hidden: tuple[str, ...] = (), language: str = "") -> Document:
    """A page of lines; hidden ones stand below."""
    lines = tuple(line(text, row) for row, text in enumerate(texts))
    unseen = tuple(line(text, len(texts) + row) for row, text in enumerate(hidden))
    flags = (PageFlag.HIDDEN_TEXT,) if hidden else ()
    return Document((Page(1, 1000, 1400, lines, flags=flags, hidden=unseen),), language)
