"""Promise: the same word is found however it is written: case, width, accents, plural, script.

Latin words lose case, accents and their plural (Harman, "How effective is suffixing?", 1991).
Japanese has no blanks: known words are cut out of a run first (longest match), then it is cut
where the script changes.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Iterator

_LONGEST_KNOWN = 10
_CJK = "\u3005\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3400-\u9fff"
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z][a-z])")
_TOKEN = re.compile(rf"[{_CJK}]+|\d+|(?:(?![{_CJK}])[^\W\d_])+|[^\w\s]", re.UNICODE)
_APOSTROPHE = re.compile(r"(?<=\w)['\u2019]s?\b")
_SCRIPTS = re.compile(r"[\u3005\u3400-\u9fff]+|[\u3041-\u309f]+|[\u30a1-\u30ff]+")
_HIRAGANA = {katakana: katakana - 0x60 for katakana in range(0x30A1, 0x30F7)}
_IRREGULAR = {
    "men": "man",
    "women": "woman",
    "children": "child",
    "people": "person",
    "feet": "foot",
    "teeth": "tooth",
    "mice": "mouse",
    "geese": "goose",
    "knives": "knife",
    "leaves": "leaf",
    "loaves": "loaf",
    "wolves": "wolf",
    "shelves": "shelf",
    "scarves": "scarf",
    "glasses": "glasses",
    "clothes": "clothes",
    "jeans": "jeans",
    "pants": "pants",
    "shorts": "shorts",
    "news": "news",
}
_ES = ("sses", "shes", "ches", "xes", "zes", "oes")
_NO_PLURAL = ("ss", "us", "is")
_OES = frozenset({"shoes", "canoes", "hoes", "toes", "horseshoes"})


def words_of(text: str, known: Container[str] = ()) -> list[str]:
    """The words of a text in their order, each in its plain form.

    Args:
        text: anything a person typed; symbols give the words of their Unicode names.
        known: words to look for in runs of Japanese, in their plain form.
    """
    wide = unicodedata.normalize("NFKC", text)
    plain = _APOSTROPHE.sub("", _CAMEL.sub(" ", wide)).casefold()
    return [word for token in _TOKEN.findall(plain) for word in _words(token, known)]


def is_japanese(word: str) -> bool:
    """Whether a word is written in kana or kanji."""
    return re.match(f"[{_CJK}]", word) is not None


def singular(word: str) -> str:
    """An English word without its plural; a word that only looks like one may lose its `s` too."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(_ES) and word not in _OES:
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(_NO_PLURAL):
        return word[:-1]
    return word


def _words(token: str, known: Container[str]) -> Iterator[str]:
    if is_japanese(token):
        yield from _japanese(token, known)
    elif token[0].isalpha():
        yield singular(_without_accents(token))
    elif token[0].isdigit():
        yield token.lstrip("0") or "0"
    else:
        yield from _symbol(token)


def _japanese(run: str, known: Container[str]) -> Iterator[str]:
    """Known words of two letters and more first, the rest cut where the script changes."""
    rest = start = 0
    while start < len(run):
        found = _known_at(run, start, known)
        if found:
            yield from _by_script(run[rest:start])
            yield plain_form(found)
            start += len(found)
            rest = start
        else:
            start += 1
    yield from _by_script(run[rest:])


def _known_at(run: str, start: int, known: Container[str]) -> str:
    for end in range(min(len(run), start + _LONGEST_KNOWN), start + 1, -1):
        if plain_form(run[start:end]) in known:
            return run[start:end]
    return ""


def _by_script(run: str) -> Iterator[str]:
    return (plain_form(part) for part in _SCRIPTS.findall(run))


def plain_form(word: str) -> str:
    """In hiragana, and without the long mark at its end, which some write and some do not."""
    hiragana = word.translate(_HIRAGANA)
    return hiragana[:-1] if len(word) > 3 and word.endswith("\u30fc") else hiragana


def _without_accents(word: str) -> str:
    parts = unicodedata.normalize("NFD", word)
    return "".join(part for part in parts if not unicodedata.combining(part))


def _symbol(character: str) -> Iterator[str]:
    """An emoji is its name: a red apple is the words `red` and `apple`."""
    if unicodedata.category(character) in {"So", "Sc"}:
        name = unicodedata.name(character, "").casefold()
        yield from (singular(word) for word in re.findall("[a-z]+", name))
