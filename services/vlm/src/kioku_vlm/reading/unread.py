"""What is left of a page when what was read of it is taken away.

Tesseract's layout leaves out whole columns of a table now and then; they are looked for again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from kioku_vlm.reading.raster import PAPER, Raster
from kioku_vlm.reading.recogniser import Recogniser, Row
from kioku_vlm.reading.strokes import strokes_of

_AROUND = 0.5
"""So many of its heights around a symbol are its own: boxes are sometimes too small."""
_PIECES, _PART = 4, 0.04
_SURE, _LETTERS = 0.8, 2
"""Without a layout anything is tried as writing: only what is sure counts."""


def rows_left(raster: Raster, rows: list[Row], recogniser: Recogniser, language: str) -> list[Row]:
    """Rows that were not among those read; none where little ink is left.  They are blocks of
    their own, behind the others."""
    whole, rest = strokes_of(raster).count, without(raster, rows)
    if strokes_of(rest).count < max(_PIECES, _PART * whole):
        return []
    behind = max((row.block for row in rows), default=0)
    return [
        replace(row, block=row.block + behind)
        for row in recogniser.rows(rest.grey, language, sparse=True)
        if row.confidence >= _SURE and _letters(row) >= _LETTERS
    ]


def _letters(row: Row) -> int:
    return sum(one.text.isalnum() for one in row.symbols)


def without(raster: Raster, rows: Iterable[Row]) -> Raster:
    """The raster with paper where symbols were."""
    grey = raster.grey.copy()
    for row in rows:
        for symbol in row.symbols:
            left, top, right, bottom = symbol.box
            around = round(_AROUND * (bottom - top))
            above, before = max(0, top - around), max(0, left - around)
            grey[above : bottom + around, before : right + around] = PAPER
    return Raster(grey, raster.to_page)
