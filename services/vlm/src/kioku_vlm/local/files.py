"""Files that are read here, and the entries of all of them."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from kioku_rt.errors import KiokuError
from kioku_rt.images import SNIFF_BYTES, sniff

from kioku_vlm.calendar.fingerprint import fingerprint, same_entry
from kioku_vlm.calendar.item import CalendarItem, uid_of
from kioku_vlm.local.tools import Tools
from kioku_vlm.observing.taken import taken_day
from kioku_vlm.page import Document
from kioku_vlm.schedule_facts import Circumstances, Schedule

_DIGITS = 32


@dataclass(frozen=True)
class ReadFile:
    """One file with what it says."""

    path: Path
    data: bytes
    document: Document
    schedule: Schedule

    @property
    def digest(self) -> str:
        """Hex digits that name its bytes."""
        return hashlib.sha256(self.data).hexdigest()[:_DIGITS]


async def read_files(
    paths: Iterable[Path], tools: Tools, circumstances: Circumstances
) -> tuple[list[ReadFile], list[str]]:
    """What was read, and a sentence for each file that could not be."""
    found: list[ReadFile] = []
    failed: list[str] = []
    for path in paths:
        try:
            found.append(await _read(path, tools, circumstances))
        except OSError as error:
            failed.append(f"{path} cannot be read: {error.strerror}.")
        except KiokuError as error:
            failed.append(f"{path}: {error.message} ({error.reason})")
    return found, failed


async def _read(path: Path, tools: Tools, circumstances: Circumstances) -> ReadFile:
    data = await asyncio.to_thread(path.read_bytes)
    document = await tools.reader.read(data, sniff(data[:SNIFF_BYTES]) or "")
    told = replace(circumstances, taken=circumstances.taken or taken_day(data))
    return ReadFile(path, data, document, tools.announce(document, told))


def items_of(found: Iterable[ReadFile], now: datetime) -> list[CalendarItem]:
    """The entries of all files; an event that several announce comes once, as the first says it."""
    items: list[CalendarItem] = []
    for one in found:
        items += [
            CalendarItem(uid_of(one.digest, fingerprint(entry)), entry, now)
            for entry in one.schedule.entries
            if not any(same_entry(entry, other.entry) for other in items)
        ]
    return items
