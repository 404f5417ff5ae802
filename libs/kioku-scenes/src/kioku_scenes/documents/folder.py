"""Writes documents to a folder: each page as a picture, and the truth beside it as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from kioku_scenes.documents.degrade import Degrade, View, degrade
from kioku_scenes.documents.document import DrawnDocument
from kioku_scenes.documents.frame import Frame
from kioku_scenes.documents.page import Run
from kioku_scenes.documents.truth import Expected, Moment

_QUALITY = 88


def write_documents(folder: Path, drawn: Iterable[DrawnDocument], how: Degrade) -> list[Path]:
    """Write pictures and truth; the paths of the pictures.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths: list[Path] = []
    for document in drawn:
        view = degrade(document, how)
        names = _write_pages(folder, view)
        told = json.dumps(
            _record(view, [path.name for path in names]), ensure_ascii=False, indent=1
        )
        (folder / f"{document.name}.{how}.json").write_text(told, encoding="utf-8")
        paths += names
    return paths


def _write_pages(folder: Path, view: View) -> list[Path]:
    suffix = ".jpg" if view.name in {Degrade.SCAN, Degrade.PHOTO} else ".png"
    paths = []
    for number, sheet in enumerate(view.sheets, 1):
        path = folder / f"{view.document.name}.{view.name}.{number}{suffix}"
        sheet.image.save(path, quality=_QUALITY)
        paths.append(path)
    return paths


def _record(view: View, names: list[str]) -> dict[str, object]:
    document = view.document
    return {
        "name": document.name,
        "family": document.family,
        "view": view.name,
        "files": names,
        "reference_date": document.reference.isoformat(),
        "language": document.language,
        "locale": document.locale,
        "zone": document.zone,
        "entries": [_entry(view, one) for one in document.entries],
        "runs": [
            _run(run, page) for page, sheet in enumerate(view.sheets, 1) for run in sheet.runs
        ],
    }


def _entry(view: View, one: Expected) -> dict[str, object]:
    sights = [
        {"field": tag.field, "item": tag.item, "page": seen.page, "quote": seen.quote,
         "box": _corners(seen.frame)}
        for tag, many in one.sights.items() for seen in map(view.see, many)
    ]  # fmt: skip
    return {
        "kind": one.kind,
        "title": one.title,
        "start": _said(one.start),
        "end": _said(one.end) if one.end else None,
        "all_day": not isinstance(one.start, datetime),
        "clocks": {role: _said(moment) for role, moment in one.clocks.items()},
        "rrule": one.rrule,
        "exdates": [day.isoformat() for day in one.exdates],
        "place": one.place,
        "address": one.address,
        "notes": one.notes,
        "implied": list(one.implied),
        "sights": sights,
    }


def _run(run: Run, page: int) -> dict[str, object]:
    where = {"page": page, "box": _corners(run.frame)}
    return {"text": run.text, **where, "vertical": run.vertical, "hidden": run.hidden}


def _said(moment: Moment) -> str:
    if isinstance(moment, datetime):
        return moment.isoformat(timespec="minutes")
    return moment.isoformat()


def _corners(frame: Frame) -> list[int]:
    return [round(value) for value in (frame.left, frame.top, frame.right, frame.bottom)]
