"""What reads files on this machine, opened when it is first needed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

from kioku_vlm.page import Document
from kioku_vlm.schedule_facts import Circumstances, Schedule

Announce = Callable[[Document, Circumstances], Schedule]


class Reader(Protocol):
    """Reads the lines of a picture or file."""

    async def read(self, data: bytes, content_type: str = "") -> Document:
        """All pages of it. Raises KiokuError for what cannot be read."""


@dataclass(frozen=True)
class Tools:
    """What reads pages, and what finds announcements on them."""

    reader: Reader
    announce: Announce


OpenTools = Callable[[], AbstractAsyncContextManager[Tools]]


class NothingReads(Exception):
    """This installation has nothing that reads pages."""


@asynccontextmanager
async def open_tools() -> AsyncIterator[Tools]:
    """The reader and the rules of this installation.

    Raises:
        NothingReads: the room of the reader, or what it needs, is not installed.
    """
    try:
        reading: Any = import_module("kioku_vlm.reading")
        announce: Announce = import_module("kioku_vlm.rules").announce
        opening: AbstractAsyncContextManager[Reader] = reading.open_reader()
    except (ImportError, AttributeError) as error:
        raise NothingReads(str(error)) from error
    async with opening as reader:
        yield Tools(reader, announce)
