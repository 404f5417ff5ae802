"""Promise: words for one thing meet, in English and Japanese, and a wide word finds narrow ones.

One group a line: `shirt, tee, シャツ < clothing`. The first word names the group; what stands
behind `<` names a wider group, to which an asset belongs too: who looks for clothing finds the
shirt, who looks for a shirt does not find all clothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources

from kioku_embedder.tags.words import plain_form, words_of

TABLE = "synonyms.txt"
Phrase = tuple[str, ...]


@dataclass(frozen=True)
class Synonyms:
    """Groups by the words that belong to them, and the wider group of each group."""

    groups: Mapping[Phrase, tuple[str, ...]]
    wider: Mapping[str, str]
    longest: int

    def of(self, words: Sequence[str]) -> list[tuple[Phrase, str]]:
        """Every phrase of the words that belongs to a group, with the group."""
        return [
            (phrase, group)
            for start in range(len(words))
            for length in range(1, self.longest + 1)
            if len(phrase := tuple(words[start : start + length])) == length
            for group in self.groups.get(phrase, ())
        ]

    def above(self, group: str) -> list[str]:
        """The wider groups of a group, the nearest first."""
        found: list[str] = []
        while (group := self.wider.get(group, "")) and group not in found:
            found.append(group)
        return found

    @property
    def words(self) -> frozenset[str]:
        """Every single word of the table, in plain form."""
        return frozenset(phrase[0] for phrase in self.groups if len(phrase) == 1)


def read_synonyms(*texts: str) -> Synonyms:
    """The groups of some tables together; `#` begins a remark.

    Raises:
        ValueError: a line has no word, or a word that consists of no letters.
    """
    lines = [content for text in texts for line in text.splitlines() if (content := _content(line))]
    plain = frozenset(
        plain_form(member.casefold()) for line in lines for member in _members(line)[0]
    )
    groups: dict[Phrase, tuple[str, ...]] = {}
    wider: dict[str, str] = {}
    for line in lines:
        members, above = _members(line)
        phrases = [_phrase(member, plain) for member in members]
        name = " ".join(phrases[0])
        for phrase in phrases:
            if name not in groups.get(phrase, ()):
                groups[phrase] = (*groups.get(phrase, ()), name)
        if above:
            wider[name] = " ".join(_phrase(above, plain))
    return Synonyms(groups, wider, max((len(phrase) for phrase in groups), default=0))


def own_text() -> str:
    """The committed table as it is written."""
    return resources.files(__package__).joinpath(TABLE).read_text("utf-8")


def _content(line: str) -> str:
    return line.partition("#")[0].strip()


def _members(line: str) -> tuple[list[str], str]:
    names, _, above = line.partition("<")
    return [name.strip() for name in names.split(",")], above.strip()


def _phrase(member: str, known: frozenset[str]) -> Phrase:
    phrase = tuple(words_of(member, known))
    if not phrase:
        raise ValueError(f"{member!r} is no word")
    return phrase
