"""Tesseract's recognition through tesserocr: models stay loaded, characters come with their boxes.

Boxes of words are unreliable in Japanese lines, so symbols are asked for there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image
from tesserocr import PSM, RIL, PyResultIterator, PyTessBaseAPI, iterate_level

from kioku_vlm.reading.raster import Grey

HORIZONTAL, ENGLISH, VERTICAL, _ORIENTATION = "jpn", "eng", "jpn_vert", "osd"
_SURE_OF_ORIENTATION = 1.0
_LIKELY = (0, 2)
"""How pages lie that nobody can tell of."""
_HUNDRED = 100.0
_DPI = "200"


@dataclass(frozen=True)
class Symbol:
    """One character: its text, box (left, top, right, bottom in pixels), confidence 0 to 1."""

    text: str
    box: tuple[int, int, int, int]
    confidence: float
    starts_word: bool


@dataclass
class Row:
    """One line or column as Tesseract found it."""

    block: int
    symbols: list[Symbol] = field(default_factory=list)

    @property
    def confidence(self) -> float:
        """Mean of its symbols."""
        return sum(one.confidence for one in self.symbols) / max(1, len(self.symbols))


class Recogniser:
    """Tesseract with some languages; used by one thread at a time.

    Args:
        tessdata: folder of the data.
    """

    def __init__(self, tessdata: Path) -> None:
        self._tessdata = tessdata
        self._apis: dict[str, PyTessBaseAPI] = {}

    def rows(self, grey: Grey, language: str, *, sparse: bool = False) -> list[Row]:
        """Lines in Tesseract's order, columns for `jpn_vert`: as one block or by the layout,
        whichever reads more; each loses columns that the other one reads.

        Args:
            grey: (height, width) uint8, dark on light.
            sparse: wherever they are, without a layout.
        """
        if sparse:
            return self._read(grey, language, PSM.SPARSE_TEXT)
        modes = (PSM.SINGLE_BLOCK_VERT_TEXT, PSM.AUTO) if language == VERTICAL else (PSM.AUTO,)
        return max((self._read(grey, language, mode) for mode in modes), key=weight)

    def _read(self, grey: Grey, language: str, mode: int) -> list[Row]:
        api = self._api(language)
        api.SetPageSegMode(mode)
        api.SetImage(Image.fromarray(grey))
        api.SetSourceResolution(int(_DPI))
        api.Recognize()
        found = api.GetIterator()
        rows: list[Row] = []
        block = 0
        level = RIL.WORD if language == VERTICAL else RIL.SYMBOL
        for at in iterate_level(found, level) if found is not None else ():
            if at.Empty(level):
                continue
            if at.IsAtBeginningOf(RIL.BLOCK):
                block += 1
            if at.IsAtBeginningOf(RIL.TEXTLINE) or not rows:
                rows.append(Row(block))
            rows[-1].symbols += _symbols(at, level)
        api.Clear()
        return [row for row in rows if row.symbols and _within(row, grey) and not _lies(row)]

    def quarters(self, grey: Grey) -> tuple[int, ...]:
        """By how many quarters clockwise the picture has to be turned; several: one of them.

        Confidences hardly tell: lines that stand on their heads are read nearly as surely.
        """
        api = self._api(_ORIENTATION)
        api.SetImage(Image.fromarray(grey))
        found = api.DetectOrientationScript()
        api.Clear()
        if not found:
            return _LIKELY
        told = int(-found["orient_deg"] // 90 % 4)
        if found["orient_conf"] >= _SURE_OF_ORIENTATION:
            return (told,)
        return (0, told) if told else (0,)

    def _api(self, language: str) -> PyTessBaseAPI:
        if language not in self._apis:
            mode = PSM.OSD_ONLY if language == _ORIENTATION else PSM.AUTO
            api = PyTessBaseAPI(path=str(self._tessdata), lang=language, psm=mode)
            api.SetVariable("preserve_interword_spaces", "1")
            api.SetVariable("tessedit_do_invert", "0")
            self._apis[language] = api
        return self._apis[language]


def _lies(row: Row) -> bool:
    """Whether Tesseract turned it by itself: its boxes are nothing then, and often its text."""
    flat = sum(one.box[0] >= one.box[2] or one.box[1] >= one.box[3] for one in row.symbols)
    return flat > len(row.symbols) / 2


def _symbols(at: PyResultIterator, level: int) -> list[Symbol]:
    """What stands there, a symbol for each character.

    In columns the boxes of symbols are nonsense, those of words are right: they are parted evenly.
    """
    text, box = (at.GetUTF8Text(level) or "").strip(), at.BoundingBox(level)
    if not text or not box:
        return []
    confidence, starts = at.Confidence(level) / _HUNDRED, at.IsAtBeginningOf(RIL.WORD)
    if level == RIL.SYMBOL:
        return [Symbol(text, box, confidence, starts)]
    left, top, right, bottom = box
    edges = [round(top + (bottom - top) * n / len(text)) for n in range(len(text) + 1)]
    return [
        Symbol(one, (left, edges[n], right, edges[n + 1]), confidence, starts and n == 0)
        for n, one in enumerate(text)
    ]


def _within(row: Row, grey: Grey) -> bool:
    """Whether it lies in the picture: boxes of a block that Tesseract turned by itself do not."""
    height, width = grey.shape
    return all(one.box[2] <= width and one.box[3] <= height for one in row.symbols)


def weight(rows: list[Row]) -> float:
    """How much was read how surely: symbols times confidence, each row by its square."""
    return sum(len(row.symbols) * row.confidence**2 for row in rows)
