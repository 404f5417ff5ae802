"""Promise: what was said about a picture becomes at most 64 tags that the service accepts.

Tags that somebody wrote go first. Words cut out of names and texts follow, the rarest of the
catalogue first, so that what is left out is what most pictures share; a derived word that half of
a catalogue shares tells nothing apart and is left out anyway.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from kioku_rt.errors import InvalidInput
from kioku_rt.filenames import filename_words
from kioku_rt.text import clean_text

from kioku_cli.catalog.entry import MOST_CHARACTERS, Described, Source

MOST_TAGS = 64
# From so many pictures on, what half of them share is taken for the catalogue's own name.
_MANY = 20
_SHARED = 0.5
_SHORTEST = 3
_SLASHES = re.compile(r"[/\\]")
_SAYS_NOTHING = """
and the for with from are was were this that these those has have had its not you your can also but
than then very more most their there which when who how all any been into
"""
_SILENT = frozenset(_SAYS_NOTHING.split())


@dataclass(frozen=True)
class Tagged:
    """A picture with its tags, and how many words found no room."""

    path: Path
    tags: tuple[str, ...]
    left_out: int


@dataclass(frozen=True)
class Tagging:
    """All pictures with their tags, and the words that so many share that they were dropped."""

    pictures: tuple[Tagged, ...]
    shared: tuple[str, ...]

    @property
    def words(self) -> Counter[str]:
        """In how many pictures each tag is."""
        return Counter(tag for picture in self.pictures for tag in picture.tags)


def tagging(catalogue: Sequence[Described]) -> Tagging:
    """The tags of every picture of a catalogue."""
    written = [_unique(_written(one)) for one in catalogue]
    derived = [_unique(_derived(one)) for one in catalogue]
    counts = Counter(word for words in derived for word in words)
    shared = {
        word
        for word, count in counts.items()
        if len(catalogue) >= _MANY and count > _SHARED * len(catalogue)
    }
    pictures = tuple(
        _tagged(one.path, tags, [word for word in words if word not in shared], counts)
        for one, tags, words in zip(catalogue, written, derived, strict=True)
    )
    return Tagging(pictures, tuple(sorted(shared)))


def _tagged(path: Path, tags: dict[str, str], words: list[str], counts: Counter[str]) -> Tagged:
    rare = sorted((word for word in words if word not in tags), key=lambda word: counts[word])
    every = [*tags.values(), *rare]
    return Tagged(path, tuple(every[:MOST_TAGS]), max(0, len(every) - MOST_TAGS))


def _written(picture: Described) -> Iterable[str]:
    """Tags as somebody wrote them."""
    for entry in picture.entries:
        if entry.source is not Source.NAMES:
            yield from entry.tags


def _derived(picture: Described) -> Iterable[str]:
    """Words of file and folder names, and of texts too long to be a tag."""
    for entry in picture.entries:
        if entry.source is Source.NAMES:
            yield from (word.casefold() for word in entry.tags)
        for text in entry.texts:
            words = (word.casefold() for word in filename_words(_SLASHES.sub(" ", text)))
            yield from (word for word in words if _speaks(word))


def _speaks(word: str) -> bool:
    return word not in _SILENT and (len(word) >= _SHORTEST or not word.isascii())


def _unique(texts: Iterable[str]) -> dict[str, str]:
    """Acceptable tags by their plain form, the first of each; those that are refused are not."""
    found: dict[str, str] = {}
    for text in texts:
        try:
            tag = clean_text(" ".join(text.split()), limit=MOST_CHARACTERS)
        except InvalidInput:
            continue
        found.setdefault(unicodedata.normalize("NFKC", tag).casefold(), tag)
    return found
