"""Words of which some say a field of an entry: the mark travels inside the string.

A design writes `f"Where: {fair('place')}"`; the sheet that draws the string learns which of its
characters are the place of which entry, so the truth's boxes are those of the drawn characters.
"""

from __future__ import annotations

from dataclasses import dataclass

# Private-use characters: no font draws them and no wording has them.
_OPEN, _SEP, _CLOSE = "\ue000", "\ue001", "\ue002"


@dataclass(frozen=True)
class Tag:
    """One field of the entry of that number; `item` tells notes and left-out days apart."""

    entry: int
    field: str
    item: int = 0


@dataclass(frozen=True)
class Letter:
    """A character and the fields that it is part of."""

    character: str
    tags: tuple[Tag, ...] = ()


def mark(words: str, *tags: Tag) -> str:
    """The words, marked as saying these fields; they may hold marked words themselves."""
    head = ",".join(f"{tag.entry}.{tag.field}.{tag.item}" for tag in tags)
    return f"{_OPEN}{head}{_SEP}{words}{_CLOSE}"


def letters(marked: str) -> list[Letter]:
    """The characters of marked words, each with the fields that it says."""
    found: list[Letter] = []
    stack: list[tuple[Tag, ...]] = [()]
    at = 0
    while at < len(marked):
        character = marked[at]
        if character == _OPEN:
            end = marked.index(_SEP, at)
            stack.append(stack[-1] + _tags(marked[at + 1 : end]))
            at = end
        elif character == _CLOSE:
            stack.pop()
        else:
            found.append(Letter(character, stack[-1]))
        at += 1
    return found


def plain(marked: str) -> str:
    """The words without their marks."""
    return "".join(letter.character for letter in letters(marked))


def lines(marked: str) -> list[list[Letter]]:
    """The same, parted where the words have a line break."""
    rows: list[list[Letter]] = [[]]
    for letter in letters(marked):
        if letter.character == "\n":
            rows.append([])
        else:
            rows[-1].append(letter)
    return rows


def _tags(head: str) -> tuple[Tag, ...]:
    parts = (one.split(".") for one in head.split(","))
    return tuple(Tag(int(entry), field, int(item)) for entry, field, item in parts)
