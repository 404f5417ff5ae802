"""Folded text that still knows where on the page each of its characters was read."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from kioku_vlm.page import Box, Line, Page, around
from kioku_vlm.rules.misread import lost_brackets, lost_waves, mended
from kioku_vlm.schedule_facts import Evidence

_VOICED = "\uff9e\uff9f"
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−"), "-")
_FOLDED = {
    **_DASHES,
    ord("〜"): "~",
    **dict.fromkeys(map(ord, "→⇒➡▶►▷∼"), "~"),
    ord("’"): "'",
    ord("‘"): "'",
}
# In parts of a letter's size; a full-width space is 1, the space between two words about 0.3.
_WORD_GAP = 0.6


@dataclass(frozen=True)
class Glyph:
    """A character as it was read.

    Attributes:
        page: its number.
        line: the index of its line on the page.
        at: its index in the line.
        box: its place.
        letter: the character; more than one where a mark belongs to it.
        confidence: of its line.
    """

    page: int
    line: int
    at: int
    box: Box
    letter: str
    confidence: float

    def follows(self, other: Glyph) -> bool:
        """Whether it stands right behind the other, a space between them at most."""
        same = (self.page, self.line) == (other.page, other.line)
        return same and 0 < self.at - other.at <= len(other.letter) + 1


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
        """One for each stretch of a line that it was read from."""
        stretches: list[list[Glyph]] = []
        for glyph in dict.fromkeys(glyph for glyph in self.glyphs if glyph is not None):
            if stretches and glyph.follows(stretches[-1][-1]):
                stretches[-1].append(glyph)
            else:
                stretches.append([glyph])
        return tuple(_evidence(stretch) for stretch in stretches)

    def height(self) -> float:
        """Of its highest character, in parts of the page's height; 0 where there is none."""
        return max((glyph.box.height for glyph in self.glyphs if glyph is not None), default=0.0)

    def confidence(self) -> float:
        """Mean of what the reader says of its characters; 0 where there is none."""
        known = [glyph.confidence for glyph in self.glyphs if glyph is not None]
        return sum(known) / len(known) if known else 0.0


def _evidence(glyphs: list[Glyph]) -> Evidence:
    quote = glyphs[0].letter
    for last, glyph in pairwise(glyphs):
        quote += " " * (glyph.at - last.at - len(last.letter)) + glyph.letter
    return Evidence(glyphs[0].page, around([glyph.box for glyph in glyphs]), quote)


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
    spaced, right = False, mended(line.text)
    for at, letter, box in _clusters(line):
        if not letter.strip() or _unseen(letter):
            spaced = spaced or not letter.strip()
            continue
        gap = _gap(last, box, line, page.width / page.height)
        if gap > split:
            parts.append(("", []))
        elif parts[-1][0] and (spaced or gap > _WORD_GAP):
            parts[-1] = (parts[-1][0] + " ", [*parts[-1][1], None])
        glyph = Glyph(page.number, number, at, box, letter, line.confidence)
        folded = fold(letter if len(letter) > 1 else right[at])
        parts[-1] = (parts[-1][0] + folded, parts[-1][1] + [glyph] * len(folded))
        last, spaced = box, False
    read = (Passage(text, tuple(glyphs)) for text, glyphs in parts if text.strip())
    return tuple(_whole(_trimmed(passage)) for passage in read)


def _trimmed(passage: Passage) -> Passage:
    return passage.part(0, len(passage.text))


def _whole(passage: Passage) -> Passage:
    """With the signs that were lost between its glyphs, like the spaces that are put there."""
    for sign, places in (("~", lost_waves), ("(", lost_brackets)):
        for at in reversed(places(passage.text)):
            before, after = passage.part(0, at), passage.part(at, len(passage.text))
            passage = joined([before, after], sign)
    return passage


def _clusters(line: Line) -> list[tuple[int, str, Box]]:
    """Characters with the marks that belong to them, and their index in the line."""
    found: list[tuple[int, str, Box]] = []
    for at, (letter, box) in enumerate(zip(line.text, line.boxes, strict=True)):
        if found and (letter in _VOICED or unicodedata.combining(letter)):
            first, base, place = found[-1]
            found[-1] = (first, base + letter, around([place, box]))
        else:
            found.append((at, letter, box))
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
