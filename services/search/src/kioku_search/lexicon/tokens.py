"""Promise: a name or tag is found however it is written: width, case, kana, accents, a slip.

Words are what blanks and signs separate, cut again at camelCase and at digits; scripts that are
written without blanks (Japanese, Chinese, Korean, Thai, ...) give characters and pairs of them
(n-grams of CJK text: Nie, Gao, Zhang and Zhou, "On the use of words and n-grams for Chinese
information retrieval", 2000). Katakana is read as hiragana.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise

MAX_WORD = 64
"""Characters of a word that count; what differs only behind them is the same word."""

# Hiragana, katakana, ideographs, Bopomofo, Hangul; Thai, Lao, Myanmar, Khmer.
_UNSPACED = (
    "\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u31f0-\u31ff"
    "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff\u1100-\u11ff\uac00-\ud7af"
    "\u0e01-\u0e4e\u0e81-\u0ece\u1000-\u109f\u1780-\u17d3"
)
# Scripts of India, whose vowel signs are no letters to Unicode but part of a word.
_SIGNED = "\u0900-\u0963\u0966-\u0dff"
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_OTHER = rf"(?:(?![{_UNSPACED}])(?:[^\W_]|[{_SIGNED}]))+|[^\w\s]"
_KANA = "\u30a1-\u30fa"
_RUN = re.compile(rf"[{_UNSPACED}]+|{_OTHER}")
_CUT_RUN = re.compile(rf"[{_KANA}][{_KANA}\u30fc-\u30fe]*|(?:(?![{_KANA}])[{_UNSPACED}])+|{_OTHER}")
_PART = re.compile(r"\d+|\D+")
_UNSPACED_RUN = re.compile(f"[{_UNSPACED}]+")
_HIRAGANA = {katakana: katakana - 0x60 for katakana in range(0x30A1, 0x30F7)}
# Accents and vowel points that are often left out; marks of other scripts carry letters.
_ACCENTS = re.compile("[\u0300-\u036f\u0591-\u05c7\u064b-\u0652\u0670]")
_LONG_MARK = "\u30fc"
_LONG_RUN = 3
_FORGIVING = range(4, 25)
"""Letters of a word that is forgiven a slip."""


def is_unspaced(run: str) -> bool:
    """Whether a run is of a script that is written without blanks."""
    return _UNSPACED_RUN.fullmatch(run) is not None


def runs_of(text: str, *, cut: bool = False) -> list[tuple[str, ...]]:
    """The runs of a text in their order, each as the whole and its parts, in plain form.

    `RedDress02` is `("reddress02", "red", "dress", "02", "2")`. A run of a script without blanks
    has itself only, and so has an emoji.

    Args:
        text: any.
        cut: whether such a run ends where katakana begins or ends, as suits a query: who asks for
            `赤いドレス` wants both, side by side or not; and whether a long mark at its end,
            which some write and some do not, is left out.
    """
    plain = _without_accents(unicodedata.normalize("NFKC", text))
    runs = (_CUT_RUN if cut else _RUN).findall(plain)
    return [tuple(dict.fromkeys(_forms(run, cut=cut))) for run in runs if _says(run)]


def grams(run: str) -> list[str]:
    """The pairs of neighbouring characters of an unspaced run; the character of a run of one."""
    return [run] if len(run) == 1 else ["".join(pair) for pair in pairwise(run)]


def slips(word: str) -> list[str]:
    """A word and what is left of it without one of its letters; short ones forgive nothing.

    Two words share one of these exactly when each has at most one letter too many: one that is
    missing, added, wrong or swapped with its neighbour (Mor and Fraenkel, "A hash code method for
    detecting and correcting spelling errors", 1982). Of what holds digits there are none.
    """
    if not word.isalpha():
        return []
    if len(word) not in _FORGIVING:
        return [word]
    return list(dict.fromkeys([word, *(word[:i] + word[i + 1 :] for i in range(len(word)))]))


def _without_accents(text: str) -> str:
    return unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", text)))


def _says(run: str) -> bool:
    """Signs say nothing, emoji do."""
    return len(run) > 1 or run.isalnum() or unicodedata.category(run) == "So"


def _forms(run: str, *, cut: bool) -> Iterator[str]:
    if is_unspaced(run):
        hiragana = run.translate(_HIRAGANA)
        long = cut and len(hiragana) > _LONG_RUN and hiragana.endswith(_LONG_MARK)
        yield hiragana[:-1] if long else hiragana
        return
    yield run.casefold()[:MAX_WORD]
    for camel in _CAMEL.split(run):
        for part in _PART.findall(camel):
            yield part.casefold()[:MAX_WORD]
            if part.isdecimal():
                yield part.lstrip("0") or "0"
