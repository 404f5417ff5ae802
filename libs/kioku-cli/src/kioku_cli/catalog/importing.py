"""Uploads a catalogue with its tags, and notices when it can be searched by them.

The tags are searchable as soon as their vectors are stored, which needs no model; what is seen
follows when the model has looked at each picture.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Any

import httpx
from kioku.common.v1 import space_pb2

from kioku_cli import answers
from kioku_cli.catalog.tags import Tagging
from kioku_cli.data import DataFolder
from kioku_cli.estimate import require_confirmation
from kioku_cli.ingest.gateway import StackGateway
from kioku_cli.ingest.pipeline import Ingest, Manner
from kioku_cli.ingest.report import Report
from kioku_cli.session import Session

_LOOK_SECONDS = 0.1
_STALL_SECONDS = 30.0


@unique
class Wait(StrEnum):
    """What an import waits for."""

    NONE = "none"
    TAGS = "tags"
    VISUAL = "visual"


@dataclass(frozen=True)
class Imported:
    """What an import did.

    Attributes:
        report: of the uploads.
        by_tags: pictures of the owner that can be found by tags; None where nobody waited.
        tags_seconds: from the beginning until all of this run's could; None if that was not seen.
    """

    report: Report
    by_tags: int | None
    tags_seconds: float | None

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return self.report.as_dict() | {"by_tags": self.by_tags, "tags_seconds": self.tags_seconds}


async def import_catalogue(
    folder: DataFolder,
    tagging: Tagging,
    manner: Manner,
    wait: Wait,
    changed: Callable[[Report], None],
) -> Imported:
    """Upload every picture with its tags, and wait as told."""
    tags = {picture.path: picture.tags for picture in tagging.pictures}
    limits = httpx.Limits(max_connections=manner.workers)
    async with (
        Session(folder, manner.owner) as session,
        httpx.AsyncClient(limits=limits, trust_env=False) as http,
    ):
        await require_confirmation(session, tags, confirmed=manner.paid)
        before = await _by_tags(session)
        gateway = StackGateway(session, http)
        ingest = Ingest(gateway, manner, changed=changed, tags_of=tags.__getitem__)
        if wait is Wait.NONE:
            return Imported(await ingest.run(tags), None, None)
        running = asyncio.create_task(ingest.run(tags))
        began = time.monotonic()
        await ingest.uploaded()
        untagged = sum(not words for words in tags.values())
        new = max(0, ingest.report.uploaded - untagged)
        count, reached = await _until(session, before + new)
        seconds = reached - began if reached else None
        return Imported(await running, count, seconds)


async def _until(session: Session, wanted: int) -> tuple[int, float | None]:
    """How many are searchable by tags, and when they became `wanted`; None if that stalls."""
    count, moved = -1, time.monotonic()
    while time.monotonic() - moved < _STALL_SECONDS:
        seen = await _by_tags(session)
        if seen >= wanted:
            return seen, time.monotonic()
        if seen > count:
            count, moved = seen, time.monotonic()
        await asyncio.sleep(_LOOK_SECONDS)
    return count, None


async def _by_tags(session: Session) -> int:
    counts = await answers.stats(session)
    return sum(
        row.vectors
        for row in counts.spaces
        if row.space.kind == space_pb2.SPACE_KIND_TAG and row.state == "active"
    )
