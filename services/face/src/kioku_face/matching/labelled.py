"""Pictures of people whose names are known, from a folder or a file of pairs."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from kioku_rt.errors import InvalidInput
from kioku_rt.reasons import Reason

_YES = {"1", "true", "yes", "same"}
_NO = {"0", "false", "no", "different"}
_FIELD = "pairs"
MAX_PICTURES = 2_000
"""Of a folder; each is paired with every other."""


@dataclass(frozen=True)
class LabelledPair:
    """Two pictures and whether they show the same person."""

    left: Path
    right: Path
    same: bool


def labelled_pairs(source: Path) -> list[LabelledPair]:
    """The pairs of a folder or of a CSV file.

    Args:
        source: a folder with one sub-folder of pictures for each person: every picture is paired
            with every other; or a CSV file with the columns `left`, `right` (files, relative to it)
            and `same` (1 or 0).

    Raises:
        InvalidInput: FIELD_MISSING, FIELD_INVALID.
    """
    if source.is_dir():
        return _of_folder(source)
    if source.is_file():
        return _of_file(source)
    raise InvalidInput(
        Reason.FIELD_MISSING, f"There is no folder and no file {source}.", field=_FIELD
    )


def _of_folder(folder: Path) -> list[LabelledPair]:
    pictures = [
        (person.name, picture)
        for person in sorted(folder.iterdir())
        if person.is_dir()
        for picture in sorted(person.iterdir())
        if picture.is_file() and not picture.name.startswith(".")
    ]
    if len(pictures) > MAX_PICTURES:
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"{folder} holds {len(pictures)} pictures; the limit is {MAX_PICTURES}. Name the pairs"
            " in a CSV file.",
            field=_FIELD,
            metadata={"pictures": str(len(pictures)), "limit": str(MAX_PICTURES)},
        )
    return [
        LabelledPair(left, right, one == other)
        for (one, left), (other, right) in combinations(pictures, 2)
    ]


def _of_file(file: Path) -> list[LabelledPair]:
    try:
        with file.open(newline="", encoding="utf-8") as lines:
            rows = list(csv.DictReader(lines))
    except (UnicodeDecodeError, csv.Error):
        raise InvalidInput(
            Reason.FIELD_INVALID, f"{file} is no CSV file in UTF-8.", field=_FIELD
        ) from None
    return [_pair(file, number, row) for number, row in enumerate(rows, start=2)]


def _pair(file: Path, line: int, row: dict[str, str]) -> LabelledPair:
    left, right, same = ((row.get(name) or "").strip() for name in ("left", "right", "same"))
    if not left or not right or same.lower() not in _YES | _NO:
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"Line {line} of {file} needs left, right and same (1 or 0).",
            field=_FIELD,
            metadata={"line": str(line)},
        )
    return LabelledPair(file.parent / left, file.parent / right, same.lower() in _YES)
