"""Folded text that still knows where on the page each of its characters was read."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from kioku_vlm.page import Box, Line, Page, around
from kioku_vlm.schedule_facts import Evidence

_VOICED = "\uff9e\uff9f"
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−"), "-")
_FOLDED = {**_DASHES, ord("〜"): "~", ord("∼"): "~", ord("’"): "'", ord("‘"): "'"}
# In parts of a letter's size; a full-width space is 1, the space between two words about 0.3.
_WORD_GAP = 0.6


@dataclass(frozen=True)
class Glyph:
    """A character as it was read; `letter` is more than one where a mark belongs to it."""

    page: int
    line: int
    box: Box
    letter: str
    confidence: float


@dataclass(frozen=True)
class Passage:
    """A text folded by NFKC, with the glyph behind each character.

    Attributes:
        text: the folded characters; dashes, wave dashes and quotes are ASCII.
        glyphs: one for each character; None: it was put between two glyphs that stand apart.
    """

    text: str
    glyphs: tuple[Glyph | None, ...]

    def part(self, start: int, end: int) -> Passage:
        """The characters `start` to `end`, without white space around them."""
        text = self.text[start:end]
        start += len(text) - len(text.lstrip())
        end = start + len(text.strip())
        return Passage(self.text[start:end], self.glyphs[start:end])

    def written(self) -> str:
        """The characters as they stand on the page, white space as one space."""
        letters: list[str] = []
        last: Glyph | None = None
        for glyph in self.glyphs:
            if glyph is None:
                letters.append(" ")
            elif glyph is not last:
                letters.append(glyph.letter)
            last = glyph
        return " ".join("".join(letters).split())

    def evidence(self) -> tuple[Evidence, ...]:
        """One for each line that it was read from."""
        seen = [glyph for glyph in self.glyphs if glyph is not None and glyph.letter.strip()]
        found = []
        for (page, _), group in groupby(seen, key=lambda glyph: (glyph.page, glyph.line)):
            glyphs = list(dict.fromkeys(group))
            quote = "".join(glyph.letter for glyph in glyphs)
            found.append(Evidence(page, around([glyph.box for glyph in glyphs]), quote))
        return tuple(found)

    def confidence(self) -> float:
        """Mean of what the reader says of its characters; 0 where there is none."""
        known = [glyph.confidence for glyph in self.glyphs if glyph is not None]
        return sum(known) / len(known) if known else 0.0


EMPTY = Passage("", ())


def joined(passages: Iterable[Passage], between: str = " ") -> Passage:
    """One passage of several."""
    text, glyphs = "", tuple[Glyph | None, ...]()
    for passage in passages:
        gap = between if text else ""
        text += gap + passage.text
        glyphs += (None,) * len(gap) + passage.glyphs
    return Passage(text, glyphs)


def prefixed(words: str, passage: Passage) -> Passage:
    """The passage with words before it that stand elsewhere."""
    return Passage(words + passage.text, (None,) * len(words) + passage.glyphs)


def fold(text: str) -> str:
    """`text` as it stands in a passage."""
    return unicodedata.normalize("NFKC", text).translate(_FOLDED)


def passages_of(page: Page, number: int, line: Line, split: float) -> tuple[Passage, ...]:
    """A line cut where it leaves a gap wider than `split` letters.

    Characters that cannot be seen (controls, zero width, direction marks) are left out.
    """
    parts: list[tuple[str, list[Glyph | None]]] = [("", [])]
    last: Box | None = None
    spaced = False
    for letter, box in _clusters(line):
        if not letter.strip() or _unseen(letter):
            spaced = spaced or not letter.strip()
            continue
        gap = _gap(last, box, line, page.width / page.height)
        if gap > split:
            parts.append(("", []))
        elif parts[-1][0] and (spaced or gap > _WORD_GAP):
            parts[-1] = (parts[-1][0] + " ", [*parts[-1][1], None])
        glyph, folded = Glyph(page.number, number, box, letter, line.confidence), fold(letter)
        parts[-1] = (parts[-1][0] + folded, parts[-1][1] + [glyph] * len(folded))
        last, spaced = box, False
    return tuple(_trimmed(Passage(text, tuple(glyphs))) for text, glyphs in parts if text.strip())


def _trimmed(passage: Passage) -> Passage:
    return passage.part(0, len(passage.text))


def _clusters(line: Line) -> list[tuple[str, Box]]:
    """Characters with the marks that belong to them."""
    found: list[tuple[str, Box]] = []
    for letter, box in zip(line.text, line.boxes, strict=True):
        if found and (letter in _VOICED or unicodedata.combining(letter)):
            found[-1] = (found[-1][0] + letter, around([found[-1][1], box]))
        else:
            found.append((letter, box))
    return found


def _unseen(letter: str) -> bool:
    return unicodedata.category(letter[0]) in ("Cc", "Cf")


def _gap(last: Box | None, box: Box, line: Line, aspect: float) -> float:
    """Between two characters, in letters of the line's size."""
    if last is None or line.size <= 0:
        return 0.0
    if line.vertical:
        return (box.top - last.bottom) / (line.size * aspect)
    return (box.left - last.right) * aspect / line.size
