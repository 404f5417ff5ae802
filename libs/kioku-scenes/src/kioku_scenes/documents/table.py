"""Tables of a page: cells with ruled lines, each cell a block of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kioku_scenes.documents.page import Ink, Page

_PAD = 14


@dataclass(frozen=True)
class TableLook:
    """How a table looks.

    Attributes:
        size: of its characters, pixels.
        row: height of a row; a cell with line breaks needs more.
        font: a face; empty: the page's.
        rule: colour of the ruled lines, or None for none.
        head: fill of the first row, or None.
        stripe: fill of every second row, or None.
        upright: whether lines between columns are drawn.
    """

    size: int = 30
    row: int = 62
    font: str = ""
    rule: Ink | None = (90, 90, 90)
    head: Ink | None = None
    stripe: Ink | None = None
    upright: bool = True


def draw_table(
    page: Page, x: float, y: float, widths: Sequence[float], rows: Sequence[Sequence[str]],
    *, look: TableLook,
) -> float:  # fmt: skip
    """Draw rows of marked cells and return the y below them; an empty cell is left empty."""
    for index, row in enumerate(rows):
        height = look.row + (max(cell.count("\n") for cell in row)) * look.size * 1.4
        _draw_row(
            page, x, y, tuple(zip(widths, row, strict=True)), height=height, look=look, index=index
        )
        y += height
    return y


def _draw_row(
    page: Page, x: float, y: float, cells: Sequence[tuple[float, str]], *, height: float,
    look: TableLook, index: int,
) -> None:  # fmt: skip
    fill = look.head if index == 0 else look.stripe if index % 2 == 0 else None
    right = x + sum(width for width, _ in cells)
    if fill:
        page.box(x, y, right, y + height, fill=fill)
    if look.rule and not look.upright:
        page.line(x, y + height, right, y + height, ink=look.rule)
    for width, cell in cells:
        if look.rule and look.upright:
            page.box(x, y, x + width, y + height, edge=look.rule)
        if cell:
            top = y + (look.row - look.size * 1.2) / 2
            page.write(x + _PAD, top, cell, look.size, font=look.font, leading=1.4)
        x += width
