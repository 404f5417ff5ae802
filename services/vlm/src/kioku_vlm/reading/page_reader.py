"""One picture to one page: made readable, turned upright, read, and looked at a second time.

Views are tried in the order of what the ink looks like, and the one that reads most, most surely,
is kept (`weight`); most pages need one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from kioku_vlm.page import Line, Page, PageFlag
from kioku_vlm.reading.hidden import hidden_lines
from kioku_vlm.reading.lines import Frame, language_of, lines_of
from kioku_vlm.reading.raster import Raster, raster_of
from kioku_vlm.reading.recogniser import (
    ENGLISH,
    HORIZONTAL,
    VERTICAL,
    Recogniser,
    Row,
    weight,
)
from kioku_vlm.reading.repairs import repaired
from kioku_vlm.reading.strokes import Strokes, slant_of, strokes_of
from kioku_vlm.reading.unread import rows_left
from kioku_vlm.reading.zeros import unslashed

_GOOD_HEIGHT, _SMALL_HEIGHT, _LARGE_HEIGHT = 28.0, 22.0, 40.0
_ORIENTED_HEIGHT = 28.0
_MOST_SCALE, _MOST_EDGE = 3.0, 4200
_BLANK_PIECES = 4
_SURE = 0.80
"""Which way it is written is not asked again where one reads most of the ink so surely."""
_PRINTED = 0.95
"""Lines of print are read so surely; what is taken for lines in photographs is at 0.9."""
_READ_PART = 0.35
_LEGIBLE = 0.55
"""Printed pages are above; handwriting and noise are not."""
_GUESSED = 0.42
"""Below this there was nothing to read."""
_FEW_SIGNS = 3
_STROKES = frozenset(
    "ー一―—–-_=~〜～ノしへつくリレ八丨|/\\lIiJjLVvY、。,.:;'`\"‘’“”・^()<>{}[]「」"
)
"""Signs that an edge or a seam is taken for."""
_COLUMNS = 0.55


@dataclass(frozen=True)
class _View:
    raster: Raster
    rows: list[Row]
    language: str
    quarters: int

    @property
    def weight(self) -> float:
        return weight(self.rows)

    @property
    def symbols(self) -> int:
        return sum(len(row.symbols) for row in self.rows)

    @property
    def confidence(self) -> float:
        """Mean over symbols."""
        total = sum(len(row.symbols) * row.confidence for row in self.rows)
        return total / max(1, self.symbols)

    def lines(self, frame: Frame) -> list[Line]:
        placed = Frame(self.raster.to_page, frame.width, frame.height)
        return lines_of(self.rows, placed, vertical=self.language == VERTICAL)


class PageReader:
    """Reads pictures, one at a time.

    Args:
        recogniser: of this process.
    """

    def __init__(self, recogniser: Recogniser) -> None:
        self._recogniser = recogniser

    def read(self, rgb: npt.NDArray[np.uint8], number: int = 1) -> Page:
        """The page of a picture.

        Args:
            rgb: (height, width, 3), upright as its file says.
            number: of the page.
        """
        original = raster_of(rgb)
        legible = unslashed(original.levelled().unruled())
        strokes = strokes_of(legible)
        legible = _well_sized(legible, strokes)
        best = self._best(legible, strokes)
        # The page is told as it is to be held, not as its file lies.
        upright = original.turned(best.quarters)
        frame = Frame(np.eye(3), *upright.size)
        best = _View(_seen_from(best.raster, upright), best.rows, best.language, best.quarters)
        lines = [repaired(line) for line in best.lines(frame)]
        hidden = tuple(hidden_lines(Raster(upright.grey, np.eye(3)), frame, self._recogniser))
        width, height = upright.size
        empty = Page(number, width, height, (), best.quarters * 90, (), hidden)
        return _told(empty, lines, best, strokes)

    def _best(self, legible: Raster, strokes: Strokes) -> _View:
        best = _View(legible, [], HORIZONTAL, 0)
        if strokes.count <= _BLANK_PIECES:
            return best
        for quarters in self._recogniser.quarters(_small(legible, strokes).grey):
            for raster, language in self._views(legible.turned(quarters)):
                view = self._view(raster, language, quarters)
                if view.weight > best.weight:
                    best = view
                if view.confidence >= _SURE and view.symbols >= _READ_PART * strokes.count:
                    break
        return self._with_rest(self._in_english(best))

    def _views(self, upright: Raster) -> Iterator[tuple[Raster, str]]:
        """Straight, by the language it is read in; likeliest first."""
        straight = _straightened(upright)
        columns = strokes_of(upright).vertical
        languages = [HORIZONTAL, VERTICAL] if columns < _COLUMNS else [VERTICAL, HORIZONTAL]
        for language in languages:
            yield straight, language

    def _view(self, raster: Raster, language: str, quarters: int) -> _View:
        return _View(raster, self._recogniser.rows(raster.grey, language), language, quarters)

    def _in_english(self, best: _View) -> _View:
        """Latin words are read better by the language that knows them."""
        if best.language != HORIZONTAL or not best.rows:
            return best
        frame = Frame(np.eye(3), *best.raster.size)
        if language_of(best.lines(frame)) == "ja":
            return best
        english = self._view(best.raster, ENGLISH, best.quarters)
        return english if english.weight > 0.95 * best.weight else best

    def _with_rest(self, best: _View) -> _View:
        """With what the layout left out, where what it did not is sure: edges of things are left
        out of a picture with reason.  Columns are one block, of which nothing is left."""
        if best.language == VERTICAL or best.confidence < _PRINTED:
            return best
        left = rows_left(best.raster, best.rows, self._recogniser, best.language)
        return replace(best, rows=best.rows + left)


def _small(raster: Raster, strokes: Strokes) -> Raster:
    """Large enough to tell which way up it is."""
    factor = _ORIENTED_HEIGHT / max(strokes.height, _ORIENTED_HEIGHT)
    return raster.scaled(factor) if factor < 0.9 else raster


def _well_sized(raster: Raster, strokes: Strokes) -> Raster:
    """Characters of the size that the models were made for."""
    if strokes.height <= 0 or _SMALL_HEIGHT <= strokes.height <= _LARGE_HEIGHT:
        return raster
    factor = min(_GOOD_HEIGHT / strokes.height, _MOST_SCALE, _MOST_EDGE / max(raster.size))
    return raster if 0.9 < factor < 1.2 else raster.scaled(factor)


def _straightened(raster: Raster) -> Raster:
    slant = slant_of(raster)
    return raster.rotated(slant) if slant else raster


def _seen_from(raster: Raster, upright: Raster) -> Raster:
    """The same pixels, told where they lie in the upright picture instead of the file's."""
    return Raster(raster.grey, np.linalg.inv(upright.to_page) @ raster.to_page)


def _told(page: Page, lines: list[Line], best: _View, strokes: Strokes) -> Page:
    """The page with its lines, or with why there are none."""
    flags = (PageFlag.HIDDEN_TEXT,) if page.hidden else ()
    if best.confidence < _LEGIBLE or not lines:
        return replace(page, flags=(_why_nothing(best, strokes), *flags))
    if _scattered(lines) or _edges(lines):
        return replace(page, flags=(PageFlag.NO_TEXT, *flags))
    return replace(page, lines=tuple(lines), flags=flags)


def _scattered(lines: list[Line]) -> bool:
    """Whether it is a sign here and a sign there: what foliage and fabric look like. The days of a
    calendar's grid are numbers."""
    signs = "".join(line.text for line in lines)
    digits = sum(sign.isdigit() for sign in signs)
    return len(signs) < _FEW_SIGNS * len(lines) and digits < len(signs) / 2


def _edges(lines: list[Line]) -> bool:
    """Whether most of it is strokes without a character's shape: what edges of things look like."""
    signs = [sign for line in lines for sign in line.text if sign != " "]
    return sum(sign in _STROKES for sign in signs) >= len(signs) / 2


def _why_nothing(best: _View, strokes: Strokes) -> PageFlag:
    if strokes.count <= _BLANK_PIECES:
        return PageFlag.BLANK
    if best.symbols < _READ_PART * strokes.count or best.confidence < _GUESSED:
        return PageFlag.NO_TEXT
    tiny = strokes.height < _SMALL_HEIGHT / 2
    return PageFlag.TINY_TEXT if tiny else PageFlag.ILLEGIBLE
