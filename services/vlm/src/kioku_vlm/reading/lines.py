"""From Tesseract's rows to lines of the page: a box for each character, wide gaps parted."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from kioku_vlm.page import Box, Line
from kioku_vlm.reading.raster import Matrix
from kioku_vlm.reading.recogniser import Row, Symbol

_APART = 2.2
"""A gap of so many characters parts two cells, or two columns, of one row."""
_UNSURE = 0.35
"""A line less sure than this is no writing."""
_FRAME = frozenset("|_｜¦[]{}—―=~.,'`‘’")
_CJK = ("CJK", "HIRAGANA", "KATAKANA", "IDEOGRAPHIC", "FULLWIDTH", "HALFWIDTH")


@dataclass(frozen=True)
class Frame:
    """From pixels that were read to parts of the upright page."""

    to_page: Matrix
    width: int
    height: int

    def box(self, left: float, top: float, right: float, bottom: float) -> Box:
        """Around the four corners, where they lie on the page."""
        corners = np.array([[left, right, right, left], [top, top, bottom, bottom], [1, 1, 1, 1]])
        x, y, w = self.to_page @ corners
        x, y = np.clip(x / w / self.width, 0, 1), np.clip(y / w / self.height, 0, 1)
        return Box(float(x.min()), float(y.min()), float(np.ptp(x)), float(np.ptp(y)))


def lines_of(rows: Sequence[Row], frame: Frame, *, vertical: bool) -> list[Line]:
    """Lines in the order of the rows; those that are no writing are left out."""
    found = (
        _line(cell, row.block, frame, vertical=vertical)
        for row in rows
        for cell in _cells(row.symbols, vertical=vertical)
    )
    return [line for line in found if line.confidence >= _UNSURE and line.text]


def is_cjk(character: str) -> bool:
    """Whether it is written without spaces around it."""
    return (
        unicodedata.name(character, "").startswith(_CJK)
        or character in "・、。「」『』（）〜～：／"
    )


def _cells(symbols: Sequence[Symbol], *, vertical: bool) -> Iterator[list[Symbol]]:
    """Parts of a row between wide gaps."""
    first, last = (1, 3) if vertical else (0, 2)
    across = (2, 0) if vertical else (3, 1)
    size = median(one.box[across[0]] - one.box[across[1]] for one in symbols)
    cell: list[Symbol] = []
    for symbol in symbols:
        if cell and symbol.box[first] - cell[-1].box[last] > _APART * max(size, 1):
            yield cell
            cell = []
        cell.append(symbol)
    yield cell


def _line(symbols: Sequence[Symbol], block: int, frame: Frame, *, vertical: bool) -> Line:
    symbols = _without_edges(symbols)
    if not symbols:
        return Line("", (), 0.0)
    text, boxes = "", []
    for before, symbol in zip((None, *symbols), symbols, strict=False):
        if before is not None and symbol.starts_word and _spaced(before.text, symbol.text):
            text += " "
            boxes.append(frame.box(*_between(before.box, symbol.box)))
        written = unicodedata.normalize("NFC", symbol.text)
        text += written
        boxes += [frame.box(*symbol.box)] * len(written)
    confidence = sum(one.confidence for one in symbols) / len(symbols)
    return Line(text, tuple(boxes), confidence, vertical=vertical, block=block)


def _without_edges(symbols: Sequence[Symbol]) -> Sequence[Symbol]:
    """Without what is left of a frame at either end; all of it, if it is nothing else."""
    kept = [n for n, one in enumerate(symbols) if one.text not in _FRAME]
    return symbols[kept[0] : kept[-1] + 1] if kept else ()


def _spaced(before: str, after: str) -> bool:
    return not (is_cjk(before[-1]) or is_cjk(after[0]))


def _between(
    before: tuple[int, int, int, int], after: tuple[int, int, int, int]
) -> tuple[float, float, float, float]:
    left, right = sorted((before[2], after[0]))
    return left, min(before[1], after[1]), right, max(before[3], after[3])


def language_of(lines: Iterable[Line]) -> str:
    """`ja` where there is kana, or much that is written without spaces; `en` where there are Latin
    words; empty where nothing tells."""
    text = "".join(line.text for line in lines)
    letters = [one for one in text if one.isalpha()]
    if not letters:
        return ""
    cjk = sum(is_cjk(one) for one in letters) / len(letters)
    return "ja" if cjk >= 0.15 else "en"
