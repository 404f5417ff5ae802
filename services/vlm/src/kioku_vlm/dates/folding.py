"""Text as a grammar wants it: one width, one dash, no stray spaces; characters know their origin.

Unicode's compatibility form (NFKC) takes care of width and of squared words (㈯, ㋿, ㏠).
What is mended beyond that is what readers of printed Japanese do wrong: a wave dash read as て
between numbers, 曜 as 躍, 和 as 利, and a space after every character.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_DASHES = dict.fromkeys("‐‑‒–—―−﹣－", "-")
_WAVES = dict.fromkeys("〜～∼˜", "~")
_MENDED = {"曰": "日", "躍": "曜", "∶": ":", "’": "'", "‘": "'", "٬": ",", "，": ","}
_TABLE = _DASHES | _WAVES | _MENDED
_NUMBER_ENDS = "0123456789日月年時分半曜)"
_SPACED = re.compile(r"(?<!\S)(\d(?: \d){1,3})(?= [年月日時分])")
_LOST_ERA = (("令利", "令和"), ("今和", "令和"), ("平戌", "平成"))


@dataclass(frozen=True)
class Folded:
    """A folded text.

    Attributes:
        text: what the grammar reads.
        origin: for each of its characters, the index of the character it comes from.
    """

    text: str
    origin: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where the characters `start` to `end` (not among them) stand in the given text."""
        return self.origin[start], self.origin[end - 1] + 1

    def place(self, index: int) -> int:
        """The first folded character that comes from the given text's `index` or later."""
        return bisect_left(self.origin, index)


def fold(text: str) -> Folded:
    """Fold a text; takes time linear in its length."""
    pairs = _mended(_joined(_pulled(list(_plain(text)))))
    folded = "".join(character for character, _ in pairs)
    for wrong, right in _LOST_ERA:
        folded = folded.replace(wrong, right)
    return Folded(folded, tuple(index for _, index in pairs))


def is_cjk(character: str) -> bool:
    """Whether it is kana, an ideograph, or their punctuation."""
    return "\u3000" <= character <= "\u30ff" or "\u3400" <= character <= "\u9fff"


_Pairs = list[tuple[str, int]]


def _plain(text: str) -> Iterator[tuple[str, int]]:
    for index, character in enumerate(text):
        for one in _single(character):
            yield one, index


def _single(character: str) -> Iterable[str]:
    if character in _TABLE:
        return _TABLE[character]
    if character < "\u0080":
        return _ascii(character)
    if character in "\u2028\u2029\u0085":
        return "\n"
    category = unicodedata.category(character)
    if category == "Cf":  # invisible: joiners, byte order mark, direction
        return ""
    if category == "No" or character.isspace() or category == "Cc":  # ① is a bullet, no digit
        return " "
    return (_TABLE.get(one, one) for one in unicodedata.normalize("NFKC", character).lower())


def _ascii(character: str) -> str:
    if character in "\r\n\v\f":
        return "\n"
    return character.lower() if character.isprintable() else " "


def _pulled(pairs: _Pairs) -> _Pairs:
    """Digits with a space between each, before a mark that stands alone as well."""
    text = "".join(character for character, _ in pairs)
    dropped = {
        at
        for found in _SPACED.finditer(text)
        for at in range(found.start(), found.end())
        if text[at] == " "
    }
    return [pair for at, pair in enumerate(pairs) if at not in dropped]


def _joined(pairs: _Pairs) -> _Pairs:
    """Without spaces beside Japanese characters; other runs of spaces become one."""
    kept: _Pairs = []
    space: tuple[str, int] | None = None
    for pair in pairs:
        if pair[0] == " ":
            space = space or pair
            continue
        if space is not None and kept and not _beside_cjk(kept[-1][0], pair[0]):
            kept.append(space)
        space = None
        kept.append(pair)
    return kept


def _beside_cjk(left: str, right: str) -> bool:
    return is_cjk(left) or is_cjk(right) or "\n" in (left, right)


def _mended(pairs: _Pairs) -> _Pairs:
    """て and ー between numbers were a wave dash and a dash."""
    kept = list(pairs)
    for at in range(1, len(kept) - 1):
        character, index = kept[at]
        if character in "てー" and _between_numbers(kept[at - 1][0], kept[at + 1][0]):
            kept[at] = ("~" if character == "て" else "-", index)
    return kept


def _between_numbers(left: str, right: str) -> bool:
    return left in _NUMBER_ENDS and (right.isdigit() or right in "午正翌")
