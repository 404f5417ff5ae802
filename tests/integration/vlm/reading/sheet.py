"""Sheets that are written on, and know where."""

from __future__ import annotations

import io
import unicodedata
from dataclasses import dataclass, field

from kioku_scenes.documents.fonts import face, vertical_face
from kioku_vlm.page import Box, Line, Page
from PIL import Image, ImageDraw
from rapidfuzz import fuzz

_LIKE, _OVERLAP = 0.9, 0.5


@dataclass
class Sheet:
    """A picture with writing.

    Attributes:
        written: each text, and its box as parts of the sheet.
    """

    size: tuple[int, int] = (1240, 1000)
    paper: int | tuple[int, int, int] = 255
    written: list[tuple[str, Box]] = field(default_factory=list)

    def __post_init__(self) -> None:
        mode = "L" if isinstance(self.paper, int) else "RGB"
        self.image = Image.new(mode, self.size, self.paper)
        self.pen = ImageDraw.Draw(self.image)

    def write(
        self,
        text: str,
        at: tuple[int, int],
        *,
        font: str = "mplus",
        size: int = 36,
        ink: int | tuple[int, int, int] = 0,
        vertical: bool = False,
    ) -> Sheet:
        """Write a line from its top left corner."""
        chosen = vertical_face(font, size) if vertical else face(font, size)
        way = {"direction": "ttb"} if vertical else {}
        self.pen.text(at, text, fill=ink, font=chosen, **way)
        left, top, right, bottom = self.pen.textbbox(at, text, font=chosen, **way)
        width, height = self.size
        box = Box(left / width, top / height, (right - left) / width, (bottom - top) / height)
        self.written.append((text, box))
        return self


def png(image: Image.Image) -> bytes:
    """The file of a picture."""
    stream = io.BytesIO()
    image.save(stream, "PNG", compress_level=1)
    return stream.getvalue()


def assert_reads(page: Page, sheet: Sheet, *, overlap: float = _OVERLAP) -> list[Line]:
    """All that was written is there, nearly as it was written and about where; and no more.

    Returns the lines in the order in which they were written.
    """
    found = [_nearest(page, text, box) for text, box in sheet.written]
    for line, (text, box) in zip(found, sheet.written, strict=True):
        assert likeness(line.text, text) >= _LIKE, (line.text, text)
        assert line.box.overlap(box) >= overlap, (text, line.box, box)
        assert len(line.boxes) == len(line.text)
    assert len(page.lines) == len(sheet.written), [line.text for line in page.lines]
    return found


def likeness(one: str, other: str) -> float:
    """Share of characters in common, 0 to 1; spaces and widths do not count."""
    return float(fuzz.ratio(_folded(one), _folded(other))) / 100


def _nearest(page: Page, text: str, box: Box) -> Line:
    assert page.lines, page.flags
    return max(page.lines, key=lambda line: (likeness(line.text, text), line.box.overlap(box)))


def _folded(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())
