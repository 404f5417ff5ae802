"""Promise: the words of a theme are ours; whatever else was read or tagged only points at them.

The lexicon is the file `lexicon.txt`: at most 256 themes, because the embedder scores that many
labels against each other in one call, and shares of two calls could not be compared.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

MOST = 256
JAPANESE = "ja"
ENGLISH = "en"
LANGUAGES = (JAPANESE, ENGLISH)
_FILE = "lexicon.txt"
_ARTICLE = re.compile(r"^(?:an?|the) ")
_SHORTEST_MENTION = 2  # 月 or 本 inside another word says nothing
_PAPER = "paper"  # every notice calls itself one


@dataclass(frozen=True)
class LexiconTheme:
    """One theme.

    Attributes:
        theme_id: stable, lower-case words joined by hyphens.
        family: what it is a kind of; a good choice of themes has several.
        phrase: English, with its article, as it stands in `a photo of {}.`
        japanese: its Japanese name.
        months: in which it is to be expected; empty: in any.
        words: further words for it in tags and entries, in either language.
    """

    theme_id: str
    family: str
    phrase: str
    japanese: str
    months: frozenset[int]
    words: tuple[str, ...]

    @property
    def english(self) -> str:
        """Its English name, without an article."""
        return _ARTICLE.sub("", self.phrase)

    def name(self, language: str) -> str:
        """Its name in `ja` or `en`."""
        return self.japanese if language == JAPANESE else self.english

    @property
    def all_words(self) -> tuple[str, ...]:
        """Every word for it."""
        return (self.english, self.japanese, *self.words)


class Lexicon:
    """All themes, in the order of the file.

    Args:
        themes: at most 256, with different ids and phrases.
        version: of the file they come from.

    Raises:
        ValueError: there are more, none, or two of the same.
    """

    def __init__(self, themes: Sequence[LexiconTheme], version: str) -> None:
        if not 0 < len(themes) <= MOST:
            raise ValueError(f"{len(themes)} themes; 1 to {MOST} are possible")
        self.themes = tuple(themes)
        self.version = version
        self.phrases = tuple(theme.phrase for theme in themes)
        self.place: Mapping[str, int] = {one.theme_id: at for at, one in enumerate(themes)}
        if len(self.place) != len(themes) or len(set(self.phrases)) != len(themes):
            raise ValueError("two themes have the same id or phrase")
        self._by_word = _by_word(themes)
        self._mentions = _mentions(self._by_word)

    def __len__(self) -> int:
        return len(self.themes)

    def tagged(self, tag: str) -> int | None:
        """The place of the theme that a whole tag names, in whatever case, width and number."""
        word = folded(tag)
        place = self._by_word.get(word)
        return self._by_word.get(word.removesuffix("s")) if place is None else place

    def mentioned(self, text: str) -> frozenset[int]:
        """Places of the themes that a text names; a longer word hides those within it.

        Kinds of paper do not count, and Latin words only as whole words.
        """
        words = (match.group() for match in self._mentions.finditer(folded(text)))
        places = {place for word in words if (place := self.tagged(word)) is not None}
        return frozenset(place for place in places if self.themes[place].family != _PAPER)


def folded(text: str) -> str:
    """One form for comparing: NFKC, no case, words parted by one space."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


@cache
def kioku_lexicon() -> Lexicon:
    """The lexicon of this package."""
    return read_lexicon(resources.files(__package__).joinpath(_FILE).read_text("utf-8"))


def read_lexicon(text: str) -> Lexicon:
    """A lexicon from the text of its file.

    Raises:
        ValueError: a line has not six fields, or the themes do not do.
    """
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    version = hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]
    return Lexicon([_theme(line) for line in lines], version)


def _theme(line: str) -> LexiconTheme:
    theme_id, family, phrase, japanese, months, words = line.split("\t")
    return LexiconTheme(
        theme_id,
        family,
        phrase,
        japanese,
        frozenset(int(month) for month in months.split(",") if month),
        tuple(word for word in words.split(";") if word),
    )


def _by_word(themes: Sequence[LexiconTheme]) -> dict[str, int]:
    """Names before further words, and earlier themes first, where two have the same word."""
    found: dict[str, int] = {}
    for place, theme in enumerate(themes):
        for name in (theme.english, theme.japanese, theme.phrase, theme.theme_id):
            found.setdefault(folded(name), place)
    for place, theme in enumerate(themes):
        for word in theme.words:
            found.setdefault(folded(word), place)
    return found


def _mentions(words: Iterable[str]) -> re.Pattern[str]:
    """Finds any of them, the longest first; English ones also with the s of a plural."""
    long_enough = sorted((w for w in words if len(w) >= _SHORTEST_MENTION), key=len, reverse=True)
    return re.compile(
        "|".join(
            rf"\b{re.escape(word)}s?\b" if word.isascii() else re.escape(word)
            for word in long_enough
        )
    )
