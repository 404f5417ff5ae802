"""Reads a catalogue: every picture below a folder with what was said about it anywhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kioku_rt.filenames import filename_words

from kioku_cli.catalog.embedded import embedded_entry
from kioku_cli.catalog.entry import Described, Entry, Source
from kioku_cli.catalog.records import LINES, Sidecars, read_table
from kioku_cli.ingest.files import Skipped, find

_RECORDS = {".json", ".jsonl", ".csv"}


@dataclass
class Catalogue:
    """The pictures, what was skipped and why, and records that could not be read."""

    pictures: list[Described] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    remarks: list[str] = field(default_factory=list)


def read_catalogue(root: Path, sources: Collection[Source], table: Path | None) -> Catalogue:
    """Everything below `root`.

    Args:
        root: a folder.
        sources: which ones are asked.
        table: a CSV file; read where CSV is among the sources.

    Raises:
        UsageRefusal: the CSV file cannot be used.
    """
    root = root.resolve()
    catalogue = Catalogue()
    sidecars = Sidecars(lambda path, why: catalogue.remarks.append(f"{path.name}: {why}"))
    rows = read_table(table, root) if table and Source.CSV in sources else {}
    for file in find([root]):
        if not isinstance(file, Skipped):
            entries = tuple(_entries(file.path, root, sources, sidecars, rows))
            catalogue.pictures.append(Described(file.path, entries))
        elif file.path.suffix.lower() not in _RECORDS:
            catalogue.skipped[file.why] += 1
    return catalogue


def _entries(
    path: Path,
    root: Path,
    sources: Collection[Source],
    sidecars: Sidecars,
    rows: Mapping[Path, Entry],
) -> Iterable[Entry]:
    if path in rows:
        yield rows[path]
    if Source.SIDECARS in sources:
        yield from sidecars.of(path, root)
    if Source.METADATA in sources:
        yield embedded_entry(path)
    if Source.NAMES in sources:
        yield Entry(Source.NAMES, tuple(_names(path, root)))


def _names(path: Path, root: Path) -> Iterable[str]:
    """Folder names as they are and their words, and the words of the file's name."""
    for folder in path.relative_to(root).parts[:-1]:
        words = filename_words(folder)
        if words:
            yield folder.replace("_", " ").strip()
        yield from words
    yield from filename_words(path.name)


__all__ = ["LINES", "Catalogue", "read_catalogue"]
