"""Reads what lies beside the pictures: `x.jpg.json`, `x.json`, `metadata.jsonl`, and a CSV file.

A record that cannot be read is a remark, never the end of an import.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from kioku_cli.catalog.entry import Entry, Source, entry_of
from kioku_cli.refusal import UsageRefusal

LINES = "metadata.jsonl"
_FILE_FIELDS = ("file", "file_name", "filename", "path", "image", "picture")
_MOST_BYTES = 64 * 2**20
Remark = Callable[[Path, str], None]
Fields = Mapping[str, Any]


class Sidecars:
    """The records of folders, each `metadata.jsonl` read once.

    Args:
        remark: told of each file that is no such record.
    """

    def __init__(self, remark: Remark) -> None:
        self._remark = remark
        self._lines: dict[Path, dict[Path, Fields]] = {}

    def of(self, picture: Path, root: Path) -> Iterable[Entry]:
        """What the sidecars of a picture say; `metadata.jsonl` may lie in any folder up to root."""
        for beside in (picture.with_name(picture.name + ".json"), picture.with_suffix(".json")):
            if beside.is_file():
                fields = self._json(beside)
                if fields is not None:
                    yield entry_of(Source.SIDECARS, fields)
        for folder in (picture.parent, *picture.parent.parents):
            fields = self._records(folder).get(picture)
            if fields is not None:
                yield entry_of(Source.SIDECARS, fields)
            if folder == root:
                return

    def _json(self, path: Path) -> Fields | None:
        try:
            document = json.loads(_text(path))
        except (OSError, ValueError) as error:
            self._remark(path, f"no JSON: {error}")
            return None
        return document if isinstance(document, dict) else {"tags": document}

    def _records(self, folder: Path) -> dict[Path, Fields]:
        if folder not in self._lines:
            path = folder / LINES
            self._lines[folder] = self._read_lines(path) if path.is_file() else {}
        return self._lines[folder]

    def _read_lines(self, path: Path) -> dict[Path, Fields]:
        found: dict[Path, Fields] = {}
        for number, line in enumerate(_text(path).splitlines(), 1):
            try:
                fields = json.loads(line) if line.strip() else {}
                name = _file_of(fields)
            except (ValueError, TypeError, AttributeError):
                self._remark(path, f"line {number} is no JSON object")
                continue
            if name:
                found[path.parent / name] = fields
        return found


def read_table(path: Path, root: Path) -> dict[Path, Entry]:
    """What a CSV file says, by picture; names are relative to the catalogue or to the CSV file.

    Raises:
        UsageRefusal: it cannot be read, or no column names the pictures.
    """
    try:
        rows = list(csv.DictReader(_text(path).splitlines()))
    except (OSError, ValueError, csv.Error) as error:
        raise UsageRefusal(f"{path} is no CSV file: {error}.") from error
    if not rows or not _column(rows[0]):
        names = ", ".join(_FILE_FIELDS)
        raise UsageRefusal(f"{path} needs a column that names the pictures: one of {names}.")
    found: dict[Path, Entry] = {}
    for row in rows:
        name = _file_of(row)
        for folder in (root, path.resolve().parent):
            if name and (folder / name).is_file():
                found[(folder / name).resolve()] = entry_of(Source.CSV, row)
                break
    return found


def _column(row: Fields) -> str:
    return next((name for name in row if name and name.strip().lower() in _FILE_FIELDS), "")


def _file_of(fields: Fields) -> str:
    return str(fields.get(_column(fields)) or "")


def _text(path: Path) -> str:
    """Raises OSError, or ValueError for a file that is too large or no UTF-8."""
    if path.stat().st_size > _MOST_BYTES:
        raise ValueError(f"more than {_MOST_BYTES} bytes")
    return path.read_text("utf-8-sig")
