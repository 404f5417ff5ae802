"""What is known of one picture, by where it was said; the first sources are the surest."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum, unique
from pathlib import Path
from typing import Any

MOST_CHARACTERS = 64
# Fields that name, measure or administer a picture and say nothing about what is on it.
_SILENT = re.compile(
    r"(?i)(^|_)(file|files|file_?name|path|url|uri|link|href|id|ids|uuid|guid|sku|hash|sha\d*|md5|"
    r"checksum|split|fold|licen[cs]e|copyright|rights|width|height|size|bytes|date|time|timestamp|"
    r"created|updated|modified|price|rank|position|index|version|format|mime_?type)($|_)"
)
_LISTED = re.compile(r"[,;|\u3001]")
_LINK = re.compile(r"\S+://\S+|\S+@\S+\.\S+")


@unique
class Source(StrEnum):
    """Where words come from; the names that `--tags-from` takes."""

    CSV = "csv"
    SIDECARS = "sidecars"
    NAMES = "names"
    METADATA = "metadata"


@dataclass(frozen=True)
class Entry:
    """What one source says: tags as they are, and texts that are longer than a tag."""

    source: Source
    tags: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Described:
    """A picture and everything that was said about it."""

    path: Path
    entries: tuple[Entry, ...]


def entry_of(source: Source, fields: Mapping[str, Any]) -> Entry:
    """What a record says: every text in it, except in fields such as `url`, `id` and `size`."""
    found = [text for name, value in fields.items() if _speaks(name) for text in _texts(value)]
    clean = [_LINK.sub(" ", text).strip() for text in found]
    short = tuple(text for text in clean if text and len(text) <= MOST_CHARACTERS)
    return Entry(source, short, tuple(text for text in clean if len(text) > MOST_CHARACTERS))


def _speaks(name: str) -> bool:
    return isinstance(name, str) and _SILENT.search(name) is None


def _texts(value: Any) -> Iterable[str]:
    """The texts of a value; a short text with commas is a list of them."""
    if isinstance(value, str):
        parts = _LISTED.split(value)
        listed = len(parts) > 1 and max(map(len, parts)) <= MOST_CHARACTERS // 2
        yield from (part.strip() for part in parts) if listed else (value,)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, dict):
        for name, one in value.items():
            if _speaks(name):
                yield from _texts(one)
