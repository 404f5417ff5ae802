"""Where lines of a paragraph are broken."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PIL import ImageFont

from kioku_scenes.documents.marked import Letter


def wrapped(
    row: Sequence[Letter], chosen: ImageFont.FreeTypeFont, width: float
) -> Iterator[list[Letter]]:
    """Lines of words where there are spaces, of characters where there are none."""
    line: list[Letter] = []
    for word in _words(row):
        if line and chosen.getlength(text_of([*line, *word]).rstrip()) > width:
            yield _trimmed(line)
            line = []
        line += word if line else _trimmed(word, left=True)
    if line:
        yield _trimmed(line)


def _words(row: Sequence[Letter]) -> Iterator[list[Letter]]:
    """Pieces that are not broken: a Latin word with the space after it, a character otherwise.

    Closing marks and the long-vowel sign stay with what is before them.
    """
    word: list[Letter] = []
    for letter in row:
        joins = word and (
            (_is_latin(letter) and _is_latin(word[-1]))
            or letter.character in " 、。）」ー,.)”"
            or word[-1].character in "“「（("
        )
        if word and not joins:
            yield word
            word = []
        word.append(letter)
    if word:
        yield word


def _is_latin(letter: Letter) -> bool:
    return letter.character.isascii() and not letter.character.isspace()


def text_of(row: Sequence[Letter]) -> str:
    """The characters alone."""
    return "".join(letter.character for letter in row)


def _trimmed(row: list[Letter], *, left: bool = False) -> list[Letter]:
    """Without spaces at its right end, or at its left."""
    row = list(row)
    while row and row[0 if left else -1].character in " 　":
        row.pop(0 if left else -1)
    return row
