"""A page being drawn: every run of text is remembered with the place of its characters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from kioku_scenes.documents.fonts import face, vertical_face
from kioku_scenes.documents.frame import Frame, hull
from kioku_scenes.documents.marked import Letter, lines
from kioku_scenes.documents.wrapping import text_of, wrapped

Ink = tuple[int, int, int]
BLACK: Ink = (28, 28, 30)
WHITE: Ink = (255, 255, 255)
_LEADING = 1.5


@dataclass(frozen=True)
class Run:
    """One line of text as drawn; `frames` has one frame for each of its letters.

    Attributes:
        letters: its characters with the fields that they say.
        frames: along the line the advance of each character, across it the ink of the line.
        vertical: from top to bottom.
        block: lines of one paragraph, cell or bubble share the number.
        hidden: drawn so that a person would hardly see it.
    """

    letters: tuple[Letter, ...]
    frames: tuple[Frame, ...]
    vertical: bool
    block: int
    hidden: bool = False

    @property
    def text(self) -> str:
        """Its characters."""
        return "".join(letter.character for letter in self.letters)

    @property
    def frame(self) -> Frame:
        """Around the whole run."""
        return hull(self.frames)


class MissingGlyph(ValueError):
    """A font cannot draw a character, so the picture would not show what the truth says."""


@dataclass
class Page:
    """A page and what is written on it so far.

    Attributes:
        width, height: pixels.
        paper: colour of the empty page.
        font: the face that is used where none is named.
        ink: likewise.
    """

    width: int
    height: int
    paper: Ink = WHITE
    font: str = "gothic"
    ink: Ink = BLACK
    runs: list[Run] = field(default_factory=list)
    image: Image.Image = field(init=False)
    draw: ImageDraw.ImageDraw = field(init=False)
    _blocks: int = 0

    def __post_init__(self) -> None:
        """Start with an empty page."""
        self.image = Image.new("RGB", (self.width, self.height), self.paper)
        self.draw = ImageDraw.Draw(self.image)

    def write(
        self, x: float, y: float, words: str, size: int = 34, *,
        font: str = "", ink: Ink | None = None, anchor: str = "left", block: int | None = None,
        leading: float = _LEADING, hidden: bool = False,
    ) -> float:  # fmt: skip
        """Write marked words, a line for each line break, and return the y below them.

        Args:
            x: left edge, middle or right edge, as `anchor` says (`left`, `middle`, `right`).
            y: top of the first line.
            words: may hold marks and line breaks.
            size: of the characters, pixels.
            block: number of the block to continue; None starts one.
            leading: from line to line, in sizes.

        Raises:
            MissingGlyph: the font has no picture of a character.
        """
        chosen = face(font or self.font, size)
        block = self.new_block() if block is None else block
        for row in lines(words):
            if row:
                self._row(
                    x,
                    y,
                    row,
                    chosen,
                    ink=ink or self.ink,
                    anchor=anchor,
                    block=block,
                    hidden=hidden,
                )
            y += size * leading
        return y

    def paragraph(
        self, x: float, y: float, width: float, words: str, *, size: int = 34, font: str = "",
        ink: Ink | None = None, leading: float = _LEADING,
    ) -> float:  # fmt: skip
        """Write words broken into lines of at most `width` pixels, and return the y below them."""
        chosen, block = face(font or self.font, size), self.new_block()
        for row in lines(words):
            for part in wrapped(row, chosen, width):
                self._row(
                    x,
                    y,
                    part,
                    chosen,
                    ink=ink or self.ink,
                    anchor="left",
                    block=block,
                    hidden=False,
                )
                y += size * leading
        return y

    def column(
        self, x: float, y: float, words: str, size: int = 40, *, font: str = "",
        ink: Ink | None = None,
    ) -> float:  # fmt: skip
        """Write one column from top to bottom; `x` is its left edge. Returns the y below it."""
        chosen, row = vertical_face(font or self.font, size), lines(words)[0]
        text = text_of(row)
        _check(text, chosen)
        self.draw.text((x, y), text, fill=ink or self.ink, font=chosen, direction="ttb")
        left, _, right, _ = self.draw.textbbox((x, y), text, font=chosen, direction="ttb")
        ends = [y + chosen.getlength(text[:at], direction="ttb") for at in range(len(text) + 1)]
        frames = [Frame(left, a, right, max(a, b)) for a, b in pairwise(ends)]
        self.runs.append(Run(tuple(row), tuple(frames), True, self.new_block()))
        return ends[-1]

    def scatter(self, x: int, y: int, words: str, size: int, *, step: int, font: str = "") -> None:
        """Words as single dots `step` pixels apart: grey at full size, legible when scaled down.

        What is seen then is text of `size / step` pixels; the run is hidden. It imitates pictures
        that are made to say something only to a model (Quiring and others, 2020).
        """
        chosen = face(font or self.font, size // step)
        row = lines(words)[0]
        text = text_of(row)
        _check(text, chosen)
        width, height = round(chosen.getlength(text)) + 2, size // step * 2
        small = Image.new("L", (width, height), 0)
        ImageDraw.Draw(small).text((0, 0), text, fill=255, font=chosen)
        ends = [x + step * chosen.getlength(text[:at]) for at in range(len(text) + 1)]
        ink = small.getbbox() or (0, 0, width, height)
        for line, column in np.argwhere(np.asarray(small) > 127):
            dot = x + int(column) * step + step // 2, y + int(line) * step + step // 2
            self.image.putpixel(dot, self.ink)
        top, bottom = y + ink[1] * step, y + ink[3] * step
        frames = tuple(Frame(a, top, b, bottom) for a, b in pairwise(ends))
        self.runs.append(Run(tuple(row), frames, False, self.new_block(), hidden=True))

    def line(self, *points: float, ink: Ink | None = None, width: int = 2) -> None:
        """A ruled line through points x, y, x, y, …"""
        self.draw.line(points, fill=ink or self.ink, width=width)

    def box(
        self, left: float, top: float, right: float, bottom: float, *, fill: Ink | None = None,
        edge: Ink | None = None, width: int = 2, radius: float = 0,
    ) -> None:  # fmt: skip
        """A rectangle, filled, edged or both."""
        where = (left, top, right, bottom)
        self.draw.rounded_rectangle(where, radius, fill=fill, outline=edge, width=width)

    def measure(self, words: str, size: int, font: str = "") -> float:
        """Width of one line of marked words in pixels."""
        text = text_of(lines(words)[0])
        return face(font or self.font, size).getlength(text)

    def new_block(self) -> int:
        """The number of a fresh block."""
        self._blocks += 1
        return self._blocks

    def _row(
        self, x: float, y: float, row: Sequence[Letter], chosen: ImageFont.FreeTypeFont, *,
        ink: Ink, anchor: str, block: int, hidden: bool,
    ) -> None:  # fmt: skip
        text = text_of(row)
        _check(text, chosen)
        ends = [chosen.getlength(text[:at]) for at in range(len(text) + 1)]
        x = x - ends[-1] * {"left": 0.0, "middle": 0.5, "right": 1.0}[anchor]
        self.draw.text((x, y), text, fill=ink, font=chosen)
        _, top, _, bottom = self.draw.textbbox((x, y), text, font=chosen)
        frames = [Frame(x + a, top, x + b, bottom) for a, b in pairwise(ends)]
        self.runs.append(Run(tuple(row), tuple(frames), False, block, hidden))


def _check(text: str, chosen: ImageFont.FreeTypeFont) -> None:
    lacking = [one for one in text if not _has_glyph(one, chosen)]
    if lacking:
        raise MissingGlyph(f"{chosen.getname()} cannot draw {''.join(lacking)!r} of {text!r}")


@cache
def _has_glyph(character: str, chosen: ImageFont.FreeTypeFont) -> bool:
    """Whether it is drawn otherwise than a character that no font has."""
    if character.isspace():
        return True
    mask, absent = chosen.getmask(character), chosen.getmask("\U000f1234")
    return mask.size != absent.size or bytes(mask) != bytes(absent)
