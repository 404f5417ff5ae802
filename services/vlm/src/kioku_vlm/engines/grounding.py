"""Promise: a string counts as read only where it stands on the page.

Approximate search is rapidfuzz's partial alignment (the best window by normalised indel distance).
Digits are never approximate: the 30th is not the 31st, however alike the rest.
"""

from __future__ import annotations

from dataclasses import dataclass

from rapidfuzz import fuzz

from kioku_vlm.engines.text_index import TextIndex, fold
from kioku_vlm.engines.words import Words

_EXACT_UP_TO = 3
"""Shorter strings are somewhere in any text, nearly."""
_SHORT = 8
_LEAST_SHORT, _LEAST = 85.0, 78.0
_NEAR_LINES = 1


@dataclass(frozen=True)
class Found:
    """Where words stand.

    Attributes:
        start, end: in `TextIndex.text`.
        likeness: 0 to 1; 1: every character.
    """

    start: int
    end: int
    likeness: float

    @property
    def exact(self) -> bool:
        """Whether every character is there."""
        return self.likeness >= 1.0


def find(words: Words, index: TextIndex) -> Found | None:
    """Where words stand on the pages; None: nowhere.

    The line that the model names decides between several places, and nothing else.
    """
    needle = fold(words.text)
    if not needle or not index.folded:
        return None
    near = index.folded_lines(words.line - _NEAR_LINES, words.line + _NEAR_LINES)
    for window in (near, (0, len(index.folded))) if words.line else ((0, len(index.folded)),):
        found = _exact(needle, index, window) or _alike(needle, index, window)
        if found is not None:
            return found
    return None


def _exact(needle: str, index: TextIndex, window: tuple[int, int]) -> Found | None:
    at = index.folded.find(needle, *window)
    if at < 0:
        return None
    return Found(*index.source(at, at + len(needle)), 1.0)


def _alike(needle: str, index: TextIndex, window: tuple[int, int]) -> Found | None:
    begin, end = window
    hay = index.folded[begin:end]
    if len(needle) <= _EXACT_UP_TO or len(hay) < len(needle):
        return None
    least = _LEAST_SHORT if len(needle) < _SHORT else _LEAST
    best = fuzz.partial_ratio_alignment(needle, hay, score_cutoff=least)
    if best is None or best.dest_end <= best.dest_start:
        return None
    if _digits(needle) != _digits(hay[best.dest_start : best.dest_end]):
        return None
    source = index.source(begin + best.dest_start, begin + best.dest_end)
    return Found(*source, best.score / 100)


def _digits(text: str) -> str:
    """Numerals of every script in their order: 五 as much as 5."""
    return "".join(one for one in text if one.isnumeric())
