"""What is written of files that were read: a calendar, JSON, pages with the evidence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from kioku_vlm.calendar.evidence_page import evidence_page
from kioku_vlm.calendar.icalendar import calendar_of
from kioku_vlm.calendar.item import CalendarManner
from kioku_vlm.calendar.marks import marks_of
from kioku_vlm.calendar.page_pictures import page_pictures
from kioku_vlm.calendar.schedule_document import json_text, schedule_document
from kioku_vlm.calendar.sketch import sketch
from kioku_vlm.local.files import ReadFile, items_of


def write_calendar(path: Path, found: Sequence[ReadFile], now: datetime) -> None:
    """One iCalendar file of all entries, in the language of the first file that has one."""
    language = next((one.schedule.language for one in found if one.schedule.language), "en")
    manner = CalendarManner(language=language)
    path.write_bytes(calendar_of(items_of(found, now), manner).data)


def write_json(path: Path, found: Sequence[ReadFile]) -> None:
    """A list with one document for each file."""
    documents = [{"file": one.path.name, **schedule_document(one.schedule)} for one in found]
    path.write_text(json_text(documents), encoding="utf-8")


def write_evidence(folder: Path, found: Sequence[ReadFile]) -> None:
    """For each file a page and a picture of each of its pages, named by its place in the list."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, one in enumerate(found, 1):
        _show(folder, f"{number:02}-{one.path.stem}", one)


def _show(folder: Path, name: str, one: ReadFile) -> None:
    marks = marks_of(one.schedule)
    pictures = {
        number: sketch(picture, [mark for mark in marks if mark.page == number])
        for number, picture in page_pictures(one.data, one.document).items()
    }
    for number, png in pictures.items():
        (folder / f"{name}.{number}.png").write_bytes(png)
    page = evidence_page(one.path.name, one.schedule, pictures)
    (folder / f"{name}.html").write_text(page, encoding="utf-8")
