"""Promise: a request field that leaves here is inside its documented range, or it was refused.

Each function takes the value and the field's path and raises InvalidInput with a stable reason.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import datetime

from kioku_rt.errors import InvalidInput
from kioku_rt.fields import MAX_PAGE, canonical_uuid
from kioku_rt.reasons import Reason
from kioku_rt.text import clean_text

MAX_FILENAME_BYTES = 255
MAX_TAGS = 64
MAX_TAG_CHARACTERS = 64

_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)


def checked_filename(value: str, field: str = "filename") -> str:
    """The app's file name: 1 to 255 bytes of UTF-8 without control characters."""
    if not value:
        raise InvalidInput(Reason.FIELD_MISSING, "The file name is empty.", field=field)
    size = len(value.encode())
    if size > MAX_FILENAME_BYTES:
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"The file name has {size} bytes; the limit is {MAX_FILENAME_BYTES}.",
            field=field,
            metadata={"bytes": str(size), "limit": str(MAX_FILENAME_BYTES)},
        )
    if any(unicodedata.category(character) == "Cc" for character in value):
        raise InvalidInput(
            Reason.TEXT_INVALID_CHARACTER,
            "The file name holds a control character; remove it.",
            field=field,
        )
    return value


def checked_tags(values: Iterable[str], field: str = "tags") -> tuple[str, ...]:
    """The tags in NFC, each once, in the order given; at most 64 of at most 64 characters."""
    given = list(values)
    _check_number(len(given), "tags", field)
    clean = (
        clean_text(tag, field=f"{field}[{index}]", limit=MAX_TAG_CHARACTERS)
        for index, tag in enumerate(given)
    )
    return tuple(dict.fromkeys(clean))


def checked_ids(values: Iterable[str], field: str) -> tuple[str, ...]:
    """Canonical UUIDs, each once, in the order given; at most 64."""
    given = list(values)
    _check_number(len(given), "ids", field)
    ids = (str(canonical_uuid(one, f"{field}[{index}]")) for index, one in enumerate(given))
    return tuple(dict.fromkeys(ids))


def _check_number(number: int, what: str, field: str) -> None:
    if number > MAX_TAGS:
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"There are {number} {what}; the limit is {MAX_TAGS}.",
            field=field,
            metadata={what: str(number), "limit": str(MAX_TAGS)},
        )


def checked_sha256(value: str, field: str = "sha256") -> str:
    """A SHA-256 as 64 lower-case hex digits, or the empty string."""
    if value and not _SHA256.fullmatch(value):
        raise InvalidInput(
            Reason.FIELD_INVALID,
            "The hash is not a SHA-256 as 64 lower-case hex digits.",
            field=field,
        )
    return value


def checked_range(start: datetime | None, end: datetime | None, field: str) -> None:
    """Refuse a range that starts after it ends."""
    if start is not None and end is not None and start > end:
        raise InvalidInput(
            Reason.TIME_OUT_OF_RANGE, "The start time is after the end time.", field=field
        )


def result_count(value: int, *, default: int, field: str = "k") -> int:
    """Results of a search's page: 0 means the default; 1 to 1000."""
    if not 0 <= value <= MAX_PAGE:
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"k is {value}; it must be between 1 and {MAX_PAGE}.",
            field=field,
            metadata={"k": str(value), "limit": str(MAX_PAGE)},
        )
    return value or default
