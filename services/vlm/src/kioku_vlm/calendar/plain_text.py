"""Text of a document as a calendar may show it: nothing in it commands a terminal or a reader.

Invisible characters carry nothing that a person wrote on paper, but they reverse what is read
(Trojan Source, CVE-2021-42574), hide words from people (Unicode tags) and end lines early.
"""

from __future__ import annotations

import re
import unicodedata

_KEPT = {"\u200c", "\u200d"}  # joiners: Persian words and composed emoji need them
_BREAKS = re.compile("\r\n|[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]")
_SPACES = re.compile(r"[ \t\u00a0\u3000]+")
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn"}
_MOST_MARKS = 4
_SEEN = 8
ELLIPSIS = "…"


def one_line(text: str, most: int) -> str:
    """The visible characters of `text` in one line, at most `most` of them."""
    return _capped(" ".join(_lines(text, most)), most)


def paragraph(text: str, most: int) -> str:
    """The visible characters of `text`, its lines parted by `\\n`, at most `most` characters."""
    return _capped("\n".join(_lines(text, most)), most)


def _lines(text: str, most: int) -> list[str]:
    # Of a text that is far too long only so much is looked at; the rest would be cut anyway.
    parts = (_visible(part) for part in _BREAKS.split(text[: _SEEN * most]))
    cleaned = (_SPACES.sub(" ", part).strip() for part in parts)
    return [part for part in cleaned if part]


def _visible(text: str) -> str:
    """Without what cannot be seen, and without towers of combining marks."""
    kept: list[str] = []
    marks = 0
    for letter in text.replace("\t", " "):
        kind = unicodedata.category(letter)
        marks = marks + 1 if kind in {"Mn", "Me"} else 0
        if (kind not in _UNSEEN or letter in _KEPT) and marks <= _MOST_MARKS:
            kept.append(letter)
    return "".join(kept)


def _capped(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + ELLIPSIS
