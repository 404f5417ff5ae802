"""The visible words of a document as one string that anything can be looked up in.

Every character of the folded string knows which character of which line it came from.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from kioku_vlm.page import Document, Line
from kioku_vlm.schedule_facts import Evidence

_UNSEEN = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})
_ONE_FORM = str.maketrans({"〜": "~", "～": "~", "–": "-", "—": "-", "−": "-", "‐": "-", "‑": "-"})


def fold(text: str) -> str:
    """NFKC character by character, without case, blanks and what cannot be seen; one form of
    dashes and of waves."""
    return "".join(_folded(one) for one in text)


@lru_cache(maxsize=16_384)
def _folded(letter: str) -> str:
    wide = unicodedata.normalize("NFKC", letter).casefold().translate(_ONE_FORM)
    return "".join(one for one in wide if unicodedata.category(one) not in _UNSEEN)


@dataclass(frozen=True)
class Placed:
    """A line with its page, and where it begins in `TextIndex.text`."""

    page: int
    line: Line
    begin: int


class TextIndex:
    """See the module.

    Args:
        document: whose lines, in reading order, numbered from 1 as a model is told them.
        hidden: the lines that nobody would see, in place of the others.

    Attributes:
        text: all lines, one to a row.
        folded: the same by `fold`, without rows.
    """

    def __init__(self, document: Document, *, hidden: bool = False) -> None:
        self.placed = _placed(document, hidden=hidden)
        self.text = "\n".join(one.line.text for one in self.placed)
        self._begins = [one.begin for one in self.placed]
        letters = [(part, at) for at, one in enumerate(self.text) for part in _folded(one)]
        self.folded = "".join(part for part, _ in letters)
        self._sources = [at for _, at in letters]

    def source(self, start: int, end: int) -> tuple[int, int]:
        """Where a piece of `folded` stands in `text`; `end` is not among it, and after `start`."""
        return self._sources[start], self._sources[end - 1] + 1

    def folded_lines(self, first: int, last: int) -> tuple[int, int]:
        """Where the lines of two numbers, both among them, stand in `folded`."""
        first, last = max(first, 1), min(last, len(self.placed))
        if first > last:
            return (0, 0)
        begin = self._begins[first - 1]
        end = self._begins[last] if last < len(self.placed) else len(self.text) + 1
        return bisect_right(self._sources, begin - 1), bisect_right(self._sources, end - 1)

    def evidence(self, start: int, end: int) -> tuple[Evidence, ...]:
        """A piece of `text` as what stands on pages, one for each line."""
        return tuple(
            Evidence(one.page, one.line.box_of(left, right), one.line.text[left:right])
            for one, left, right in self._parts(start, end)
        )

    def confidence(self, start: int, end: int) -> float:
        """Of the least sure line of a piece of `text`; 0 to 1."""
        return min((one.line.confidence for one, _, _ in self._parts(start, end)), default=0.0)

    def _parts(self, start: int, end: int) -> list[tuple[Placed, int, int]]:
        parts = []
        at = max(0, bisect_right(self._begins, start) - 1)
        for one in self.placed[at:]:
            left = max(0, start - one.begin)
            right = min(len(one.line.text), end - one.begin)
            if one.begin >= end:
                break
            while left < right and one.line.text[left].isspace():
                left += 1
            if left < right:
                parts.append((one, left, right))
        return parts


def _placed(document: Document, *, hidden: bool) -> Sequence[Placed]:
    placed, begin = [], 0
    for page in document.pages:
        for line in page.hidden if hidden else page.lines:
            placed.append(Placed(page.number, line, begin))
            begin += len(line.text) + 1
    return placed
