"""Promise: a text that leaves here is what a person typed, in one normal form, and safe to store.

The same rule serves every text that is searched or embedded, so that a query means the same to the
vector cache, to PostgreSQL and to a tokenizer.
"""

from __future__ import annotations

import unicodedata

from kioku_rt.errors import InvalidInput
from kioku_rt.reasons import Reason

MAX_CHARACTERS = 1000

# NFC never joins more than this many code points into one, so a longer text is too long for sure
# and need not be normalised first.
_MOST_JOINED = 8

# Blank although Unicode files them under letters, symbols or marks.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0") | frozenset(
    chr(point) for point in (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))
)
_UNSEEN_CATEGORIES = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Cn"})
_ALLOWED_CONTROLS = frozenset("\t\n\r")
# All of Unicode's white space lies below U+3001; the two zero-width ones do not count as such.
_ENDS = "".join(chr(point) for point in range(0x3001) if chr(point).isspace()) + "\u200b\ufeff"


def clean_text(text: str, *, field: str = "text", limit: int = MAX_CHARACTERS) -> str:
    """The text in NFC without surrounding blanks, at most `limit` characters.

    Args:
        text: as the caller sent it.
        field: path of the request field it came from.
        limit: most characters after trimming.

    Raises:
        InvalidInput: TEXT_EMPTY, TEXT_TOO_LONG or TEXT_INVALID_CHARACTER.
    """
    trimmed = text.strip(_ENDS)
    if len(trimmed) > limit * _MOST_JOINED:
        raise _too_long(len(trimmed), field, limit)
    _refuse_nul(trimmed, field)
    normal = unicodedata.normalize("NFC", trimmed).strip(_ENDS)
    if len(normal) > limit:
        raise _too_long(len(normal), field, limit)
    if not any(_is_seen(character) for character in normal):
        raise InvalidInput(Reason.TEXT_EMPTY, field=field)
    _refuse_controls(normal, field)
    return normal


def _is_seen(character: str) -> bool:
    return character not in _BLANK and unicodedata.category(character) not in _UNSEEN_CATEGORIES


def _refuse_nul(text: str, field: str) -> None:
    if "\x00" in text:
        raise _not_allowed("\x00", field)


def _refuse_controls(text: str, field: str) -> None:
    for character in text:
        if character not in _ALLOWED_CONTROLS and unicodedata.category(character) in {"Cc", "Cs"}:
            raise _not_allowed(character, field)


def _not_allowed(character: str, field: str) -> InvalidInput:
    name = f"U+{ord(character):04X}"
    return InvalidInput(
        Reason.TEXT_INVALID_CHARACTER,
        f"The text holds the control character {name}; remove it.",
        field=field,
        metadata={"character": name},
    )


def _too_long(length: int, field: str, limit: int) -> InvalidInput:
    return InvalidInput(
        Reason.TEXT_TOO_LONG,
        f"The text has {length} characters; the limit is {limit}.",
        field=field,
        metadata={"characters": str(length), "limit": str(limit)},
    )
