"""Promise: what an asset's words are in the full text index, and what asks for them, agree.

Every lexeme begins with a digest of its owner, so that one look-up in the one index reads the
entries of one owner and nobody else's. Behind it stands what kind of entry it is: `w` a word, `g`
a pair of characters of a script without blanks, `c` one such character, `s` a word with a slip.
Where it was found is its weight: A in the file name, B in a tag, C in other text (none yet), D for
slips.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from kioku_search.lexicon.tokens import grams, is_unspaced, runs_of, slips

VERSION = 1
"""Counts up when the same text gives other lexemes; older rows are then made anew."""
MAX_UNITS = 32
"""Words of a query that count, or pairs of characters."""
_OWNER_BYTES = 6
_NAME, _TAG, _SLIP = "A", "B", "D"
_SILENT = frozenset(
    (
        "a",
        "an",
        "and",
        "at",
        "by",
        "for",
        "from",
        "in",
        "is",
        "my",
        "of",
        "on",
        "or",
        "the",
        "to",
        "with",
    )
)


@dataclass(frozen=True)
class Unit:
    """A word of a query, or a pair of characters: `tsquery` of it, and a forgiving one or ""."""

    exact: str
    loose: str


@dataclass(frozen=True)
class Document:
    """What of an asset is searched by words: the text, and its `tsvector` as text."""

    search_text: str
    vector: str


def document(owner: str, filename: str, tags: Sequence[str]) -> Document:
    """The words of an asset."""
    prefix = _prefix(owner)
    found: dict[str, str] = {}
    for text, weight in ((filename, _NAME), *((tag, _TAG) for tag in tags)):
        for lexeme in _lexemes(text):
            found[lexeme] = max(found.get(lexeme, ""), weight)
    for lexeme in [lexeme for lexeme in found if lexeme.startswith("w")]:
        found |= {f"s{slip}": _SLIP for slip in slips(lexeme[1:])}
    entries = (f"{_quoted(prefix + lexeme)}:1{weight}" for lexeme, weight in found.items())
    return Document("\n".join((filename, *tags)), " ".join(entries))


def units(owner: str, text: str) -> list[Unit]:
    """The words of a query, each once, the first 32; none for signs only."""
    prefix = _prefix(owner)
    made = dict.fromkeys(unit for parts in _asked(text) for unit in _units(prefix, parts))
    return list(made)[:MAX_UNITS]


def _prefix(owner: str) -> str:
    digest = hashlib.sha256(owner.encode()).digest()[:_OWNER_BYTES]
    return base64.urlsafe_b64encode(digest).decode()


def _lexemes(text: str) -> Iterator[str]:
    for parts in runs_of(text):
        if is_unspaced(parts[0]):
            yield from (f"c{character}" for character in parts[0])
            yield from (f"g{gram}" for gram in grams(parts[0]) if len(gram) > 1)
        else:
            yield from (f"w{part}" for part in parts)


def _units(prefix: str, parts: tuple[str, ...]) -> Iterator[Unit]:
    whole, *rest = parts
    if is_unspaced(whole):
        kind = "c" if len(whole) == 1 else "g"
        yield from (Unit(_quoted(prefix + kind + gram), "") for gram in grams(whole))
        return
    exact = _quoted(f"{prefix}w{whole}")
    if rest and not whole.isdecimal():
        exact = f"{exact} | ({_joined('&', (f'{prefix}w{part}' for part in rest))})"
    yield Unit(exact, _loose(prefix, whole))


def _loose(prefix: str, word: str) -> str:
    """The same with a slip, or as the beginning of a longer word; of a letter alone nothing."""
    if len(word) == 1:
        return ""
    found = [_quoted(f"{prefix}s{slip}") for slip in slips(word)]
    return " | ".join([*found, _quoted(f"{prefix}w{word}") + ":*"])


def _asked(text: str) -> list[tuple[str, ...]]:
    """The runs of a query, without words that say nothing unless there are no others."""
    runs = runs_of(text, cut=True)
    return [parts for parts in runs if parts[0] not in _SILENT] or runs


def _joined(operator: str, lexemes: Iterable[str]) -> str:
    return f" {operator} ".join(_quoted(lexeme) for lexeme in lexemes)


def _quoted(lexeme: str) -> str:
    """As a literal of tsvector and tsquery, in which a quote and a backslash are written twice."""
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'"
