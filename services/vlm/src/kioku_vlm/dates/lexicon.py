"""A table of words: which lexical part begins at a place of a text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum

from kioku_vlm.dates.moment import Cue
from kioku_vlm.dates.tokens import Kind


class Unit(IntEnum):
    """Of a stretch of time."""

    DAYS = 1
    WEEKS = 2
    MONTHS = 3
    YEARS = 4
    WORKDAYS = 5


class Meridiem(IntEnum):
    """What a word says about the hour beside it."""

    AM = 1
    PM = 2
    MORNING = 3
    NIGHT = 4
    """12 is midnight, 1 to 4 are after midnight."""


class Part(IntEnum):
    """Of a month."""

    EARLY = 1
    MIDDLE = 2
    LATE = 3
    LAST_DAY = 4
    FIRST_DAY = 5


@dataclass(frozen=True, slots=True)
class Entry:
    """A word and what it is."""

    words: str
    kind: Kind
    value: int = 0
    cue: Cue = Cue.NONE


def entries(kind: Kind, table: Mapping[str, int]) -> list[Entry]:
    """One entry for each word of a table of values."""
    return [Entry(words, kind, value) for words, value in table.items()]


def plain(kind: Kind, words: str, value: int = 0) -> list[Entry]:
    """One entry for each of the words, which `|` parts."""
    return [Entry(one, kind, value) for one in words.split("|")]


def cues(cue: Cue, words: str) -> list[Entry]:
    """Cue words, parted by `|`."""
    return [Entry(one, Kind.CUE, cue=cue) for one in words.split("|")]


class Lexicon:
    """Entries by their first character, the longest first.

    Args:
        entries: the words; the first of two equal ones counts.
        letters: words end where letters end (Latin script).
    """

    def __init__(self, entries: Iterable[Entry], *, letters: bool) -> None:
        self._letters = letters
        self._by_start: dict[str, list[Entry]] = {}
        seen: set[str] = set()
        for entry in entries:
            if entry.words not in seen:
                seen.add(entry.words)
                self._by_start.setdefault(entry.words[0], []).append(entry)
        for group in self._by_start.values():
            group.sort(key=lambda entry: -len(entry.words))

    def match(self, text: str, at: int) -> Entry | None:
        """The longest word that begins at a place, or None."""
        for entry in self._by_start.get(text[at], ()):
            if text.startswith(entry.words, at) and self._ends(text, at, entry.words):
                return entry
        return None

    def _ends(self, text: str, at: int, words: str) -> bool:
        after = text[at + len(words) : at + len(words) + 1]
        return not (self._letters and words[-1].isalpha() and "a" <= after <= "z")
