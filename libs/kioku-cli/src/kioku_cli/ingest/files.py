"""Finds the pictures and videos below some paths, told by their bytes and never by their names."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from kioku_rt.images import IMAGE_TYPES, SNIFF_BYTES, is_video, sniff


@dataclass(frozen=True)
class Medium:
    """A file that begins like a picture or a video."""

    path: Path
    media_type: str
    size: int


@dataclass(frozen=True)
class Skipped:
    """A file that is not uploaded, and why in two or three words."""

    path: Path
    why: str


def find(paths: Iterable[Path]) -> Iterator[Medium | Skipped]:
    """Every file below the paths once, in name order; hidden ones and links to folders are not.

    Reads 64 bytes of each file and keeps nothing, so a folder of any size is all right.
    """
    for path in paths:
        if path.is_dir():
            for file in _walk(path):
                yield look_at(file)
        else:
            yield look_at(path)


def look_at(path: Path) -> Medium | Skipped:
    """What the file is by its first bytes."""
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            media_type = sniff(file.read(SNIFF_BYTES))
    except OSError as error:
        return Skipped(path, f"cannot be read: {error.strerror}")
    if size == 0:
        return Skipped(path, "empty file")
    if media_type is not None and (media_type in IMAGE_TYPES or is_video(media_type)):
        return Medium(path, media_type, size)
    return Skipped(path, "neither picture nor video")


def count(paths: Iterable[Path]) -> int:
    """How many files `find` would look at."""
    return sum(sum(1 for _ in _walk(path)) if path.is_dir() else 1 for path in paths)


def _walk(folder: Path) -> Iterator[Path]:
    for here, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith("."):
                yield Path(here, name)
