"""`python -m kioku_vlm read FILE…`: what pictures announce, without any server."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from enum import IntEnum
from pathlib import Path

from kioku_vlm.calendar.summary import summary
from kioku_vlm.calendar.zones import zone_named
from kioku_vlm.local.files import ReadFile, read_files
from kioku_vlm.local.output import write_calendar, write_evidence, write_json
from kioku_vlm.local.tools import NothingReads, OpenTools
from kioku_vlm.schedule_facts import Circumstances


class Exit(IntEnum):
    """What the command's exit code means; 2, used wrongly, is the parser's."""

    OK = 0
    FAILED = 1
    NOT_CONFIGURED = 78


def read_command(words: Sequence[str], open_tools: OpenTools) -> int:
    """Read the files that the words name, print what they announce, write what was asked for.

    Args:
        words: of the command line, after `read`.
        open_tools: opens what reads, once the words are understood.

    Returns:
        the exit code; 1: a file could not be read or written.

    Raises:
        SystemExit: 2, the words are no command.
    """
    asked = _parser().parse_args(words)
    try:
        found, failed = asyncio.run(_read(asked, open_tools))
    except NothingReads as error:
        return _told([f"Nothing here reads pages: {error}."], Exit.NOT_CONFIGURED)
    for one in found:
        sys.stdout.write(summary(one.path.name, one.schedule) + "\n")
    try:
        _write(asked, found)
    except OSError as error:
        failed.append(f"{error.filename} cannot be written: {error.strerror}.")
    return _told(failed, Exit.FAILED if failed else Exit.OK)


def _told(sentences: Sequence[str], code: Exit) -> int:
    for sentence in sentences:
        sys.stderr.write(sentence + "\n")
    return int(code)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m kioku_vlm read", description="Say what pictures announce; no server needed."
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--ics", type=Path, metavar="OUT", help="write an iCalendar file")
    parser.add_argument("--json", type=Path, metavar="OUT", help="write JSON")
    parser.add_argument("--show", type=Path, metavar="DIR", help="write pages with the evidence")
    parser.add_argument("--zone", type=_zone, default="", help="IANA zone of the local times")
    today = datetime.now().astimezone().date()
    parser.add_argument("--today", type=_day, default=today, help="day of the reading (ISO 8601)")
    parser.add_argument("--locale", default="", help="decides 03/04, for example en-GB")
    return parser


def _zone(name: str) -> str:
    if name and zone_named(name) is None:
        raise argparse.ArgumentTypeError(f"there is no zone {name!r}; an example is Asia/Tokyo")
    return name


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date like 2026-05-01") from None


async def _read(
    asked: argparse.Namespace, open_tools: OpenTools
) -> tuple[list[ReadFile], list[str]]:
    circumstances = Circumstances(asked.today, None, asked.zone, asked.locale)
    async with open_tools() as tools:
        return await read_files(asked.files, tools, circumstances)


def _write(asked: argparse.Namespace, found: Sequence[ReadFile]) -> None:
    """Raises OSError."""
    if asked.ics:
        write_calendar(asked.ics, found, datetime.now(UTC))
    if asked.json:
        write_json(asked.json, found)
    if asked.show:
        write_evidence(asked.show, found)
