"""`python -m kioku_vlm read FILE…`: what pictures announce, without any server."""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Protocol

from kioku_rt.errors import KiokuError
from kioku_rt.images import sniff

from kioku_vlm.calendar.evidence_page import evidence_page
from kioku_vlm.calendar.fingerprint import fingerprint, same_entry
from kioku_vlm.calendar.icalendar import calendar_of
from kioku_vlm.calendar.item import CalendarItem, CalendarManner, uid_of
from kioku_vlm.calendar.marks import marks_of
from kioku_vlm.calendar.page_pictures import page_pictures
from kioku_vlm.calendar.schedule_document import json_text, schedule_document
from kioku_vlm.calendar.sketch import sketch
from kioku_vlm.calendar.summary import summary
from kioku_vlm.calendar.zones import zone_named
from kioku_vlm.page import Document
from kioku_vlm.schedule_facts import Circumstances, Schedule

_PDF = b"%PDF-"


class Reader(Protocol):
    """Reads the lines of a picture or file."""

    async def read(self, data: bytes, content_type: str) -> Document:
        """All pages of it. Raises KiokuError for what cannot be read."""


@dataclass(frozen=True)
class Tools:
    """What reads pages, and what finds announcements on them."""

    reader: Reader
    announce: Callable[[Document, Circumstances], Schedule]


@dataclass(frozen=True)
class ReadFile:
    """One file with what it says."""

    path: Path
    data: bytes
    document: Document
    schedule: Schedule


def read_command(words: Sequence[str], open_tools: Callable[[], Tools]) -> int:
    """Read the files that the words name, print what they announce, write what was asked for.

    Args:
        words: of the command line, after `read`.
        open_tools: opens the reader; called once the words are understood.

    Returns:
        the exit code: 0; 1: a file could not be read or written; 2: used wrongly.
    """
    asked = _parser().parse_args(words)
    circumstances = Circumstances(asked.today, None, asked.zone, asked.locale)
    found, failed = asyncio.run(_read_all(asked.files, open_tools(), circumstances))
    for one in found:
        sys.stdout.write(summary(one.path.name, one.schedule) + "\n")
    for line in failed:
        sys.stderr.write(line + "\n")
    try:
        _write(asked, found)
    except OSError as error:
        sys.stderr.write(f"{error.filename} cannot be written: {error.strerror}\n")
        return 1
    return 1 if failed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m kioku_vlm read", description="Say what pictures announce; no server needed."
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--ics", type=Path, metavar="OUT", help="write an iCalendar file")
    parser.add_argument("--json", type=Path, metavar="OUT", help="write JSON")
    parser.add_argument("--show", type=Path, metavar="DIR", help="write pictures with evidence")
    parser.add_argument("--zone", type=_zone, default="", help="IANA zone of the local times")
    today = datetime.now().astimezone().date()
    parser.add_argument("--today", type=_day, default=today, help="day of the reading (ISO 8601)")
    parser.add_argument("--locale", default="", help="decides 03/04, for example en-GB")
    return parser


def _zone(name: str) -> str:
    if zone_named(name) is None:
        raise argparse.ArgumentTypeError(f"there is no zone {name!r}; an example is Asia/Tokyo")
    return name


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date like 2026-05-01") from None


async def _read_all(
    paths: Iterable[Path], tools: Tools, circumstances: Circumstances
) -> tuple[list[ReadFile], list[str]]:
    """What was read, and a sentence for each file that could not be."""
    found: list[ReadFile] = []
    failed: list[str] = []
    for path in paths:
        try:
            found.append(await _read(path, tools, circumstances))
        except OSError as error:
            failed.append(f"{path} cannot be read: {error.strerror}")
        except KiokuError as error:
            failed.append(f"{path}: {error.message} ({error.reason})")
    return found, failed


async def _read(path: Path, tools: Tools, circumstances: Circumstances) -> ReadFile:
    data = await asyncio.to_thread(path.read_bytes)
    pdf = "application/pdf" if data.startswith(_PDF) else "application/octet-stream"
    document = await tools.reader.read(data, sniff(data) or pdf)
    return ReadFile(path, data, document, tools.announce(document, circumstances))


def _write(asked: argparse.Namespace, found: Sequence[ReadFile]) -> None:
    """Raises OSError."""
    if asked.ics:
        language = next((one.schedule.language for one in found if one.schedule.language), "en")
        manner = CalendarManner(language=language)
        asked.ics.write_bytes(calendar_of(items_of(found), manner).data)
    if asked.json:
        documents = [{"file": one.path.name, **schedule_document(one.schedule)} for one in found]
        asked.json.write_text(json_text(documents), encoding="utf-8")
    if asked.show:
        asked.show.mkdir(parents=True, exist_ok=True)
        for number, one in enumerate(found, 1):
            _show(asked.show, f"{number:02}-{one.path.stem}", one)


def items_of(found: Iterable[ReadFile]) -> list[CalendarItem]:
    """The entries of all files, an event that several announce once, as the first one says it."""
    now = datetime.now(UTC)
    items: list[CalendarItem] = []
    for one in found:
        key = hashlib.sha256(one.data).hexdigest()[:16]
        fresh = [
            CalendarItem(uid_of(key, fingerprint(entry)), entry, now)
            for entry in one.schedule.entries
            if not any(same_entry(entry, other.entry) for other in items)
        ]
        items += fresh
    return items


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
