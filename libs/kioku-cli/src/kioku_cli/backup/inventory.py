"""The objects of a backup: one line each, with what it takes to know it again.

A key becomes a path below `objects/`, so a key that could leave that folder is refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

from kioku_cli.backup.manifest import OBJECTS, BackupDamaged

_LONGEST_NAME = 255


@dataclass(frozen=True, order=True)
class Stored:
    """One object."""

    key: str
    size: int
    sha256: str
    content_type: str


def object_path(folder: Path, key: str) -> Path:
    """Where an object lies in a backup.  Raises BackupDamaged for a key that is no plain path."""
    parts = key.split("/")
    odd = [part for part in parts if part in ("", ".", "..") or len(part.encode()) > _LONGEST_NAME]
    if odd or "\0" in key or PurePosixPath(key).is_absolute():
        raise BackupDamaged(f"{key!r} cannot be the key of an object.")
    return folder.joinpath(OBJECTS, *parts)


def write_inventory(path: Path, objects: Iterable[Stored]) -> None:
    """One line for each object, in order of their keys."""
    with path.open("w") as file:
        file.writelines(line_of(one) for one in sorted(objects))


def line_of(one: Stored) -> str:
    """The line of one object."""
    return json.dumps(asdict(one)) + "\n"


def read_inventory(path: Path) -> list[Stored]:
    """Every object.  Raises BackupDamaged."""
    with path.open() as file:
        return [_parsed(line) for line in file]


def read_notes(path: Path) -> dict[str, Stored]:
    """What an interrupted backup noted of the objects it had; a line that was cut is left out."""
    notes: dict[str, Stored] = {}
    if not path.exists():
        return notes
    for line in path.read_text(errors="replace").splitlines():
        try:
            one = _parsed(line)
        except BackupDamaged:
            continue
        notes[one.key] = one
    return notes


def _parsed(line: str) -> Stored:
    try:
        row = json.loads(line)
        return Stored(row["key"], int(row["size"]), row["sha256"], row["content_type"])
    except (ValueError, KeyError, TypeError) as error:
        raise BackupDamaged("the inventory of objects has a line that is none.") from error
