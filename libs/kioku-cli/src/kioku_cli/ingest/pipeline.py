"""Uploads pictures in parallel and waits for each to be READY or FAILED; may be run again at will.

A picture's request id is a digest of its owner, its bytes and its name, so that the stack itself
remembers what it has: a second run, or one after a crash, announces everything again and sends only
what is missing. Memory is bounded: at most `workers` files in hand and `window` assets waited for.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from kioku_cli.ingest.files import Medium, Skipped, find
from kioku_cli.ingest.gateway import Announced, Gateway, PutRefused, Standing, Upload
from kioku_cli.ingest.report import Report
from kioku_cli.refusal import Refusal

_NAMESPACE = uuid.UUID("5b1c6f3e-6d7a-5c0b-9a43-0f4b8a7d2c11")
_BLOCK = 2**20


@dataclass(frozen=True)
class Manner:
    """How an ingest is done; times in seconds."""

    owner: str
    tags: Sequence[str] = ()
    workers: int = 8
    window: int = 1000
    """Assets that may be uploaded and not settled yet, while the upload goes on."""
    wait: bool = True
    patience: float = 600.0
    """Give up waiting when nothing at all has settled for so long; the slowest retry and the
    slowest repair are shorter."""
    away: float = 120.0
    """How long the object store may be away in the middle of an upload."""
    put_tries: int = 3
    """How often it may refuse one upload."""
    again: float = 1.0
    poll: float = 0.2
    looks: int = 16
    """Assets looked at in one round."""
    paid: bool = False
    """Whether a provider's price for their vectors has been confirmed."""


def request_id_of(owner: str, sha256: str, filename: str) -> str:
    """The id under which these bytes, by this name, are this owner's: always the same."""
    return str(uuid.uuid5(_NAMESPACE, f"{owner}\x00{sha256}\x00{filename}"))


def sha256_of(path: Path) -> str:
    """The file's SHA-256, read in blocks. Raises OSError."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


class Ingest:
    """One run.

    Args:
        gateway: the stack.
        manner: how.
        changed: called whenever the report has changed.
        tags_of: tags of one file, besides those of all.
    """

    def __init__(
        self,
        gateway: Gateway,
        manner: Manner,
        *,
        changed: Callable[[Report], None] = lambda _report: None,
        tags_of: Callable[[Path], Sequence[str]] = lambda _path: (),
    ) -> None:
        self._gateway = gateway
        self._manner = manner
        self._changed = changed
        self._tags_of = tags_of
        self._report = Report()
        self._waiting: deque[tuple[str, Path]] = deque()
        self._room = asyncio.Semaphore(manner.window)
        self._seen: set[uuid.UUID] = set()
        self._uploading = True
        self._all_sent = asyncio.Event()

    @property
    def report(self) -> Report:
        """What was done so far."""
        return self._report

    async def uploaded(self) -> None:
        """Return when nothing is left to upload."""
        await self._all_sent.wait()

    async def run(self, paths: Iterable[Path]) -> Report:
        """Bring every picture below the paths in; the final report."""
        files = find(paths)
        async with asyncio.TaskGroup() as tasks:
            waiter = tasks.create_task(self._settle())
            async with asyncio.TaskGroup() as uploads:
                for _ in range(self._manner.workers):
                    uploads.create_task(self._work(files))
            self._report.upload_seconds = time.monotonic() - self._report.began
            self._uploading = False
            self._all_sent.set()
            await waiter
        self._report.pending += len(self._waiting)
        self._report.seconds = time.monotonic() - self._report.began
        return self._report

    async def _work(self, files: Iterable[Medium | Skipped]) -> None:
        # All workers take from one iterator; it never awaits, so nobody takes the same file.
        for file in files:
            self._report.found += 1
            if isinstance(file, Skipped):
                self._report.skipped[file.why] += 1
            else:
                await self._room.acquire()
                await self._bring(file)
            self._changed(self._report)

    async def _bring(self, medium: Medium) -> None:
        try:
            standing = await self._upload(medium)
        except Refusal as refusal:
            self._report.fail(medium.path, refusal.reason, refusal.message)
            standing = None
        except OSError as error:
            why = f"The file cannot be read: {error.strerror}."
            self._report.fail(medium.path, "FILE_UNREADABLE", why)
            standing = None
        if standing is None:
            self._room.release()
        elif standing.settled or not self._manner.wait:
            self._settled(standing, medium.path)
        else:
            self._waiting.append((standing.asset_id, medium.path))

    async def _upload(self, medium: Medium) -> Standing | None:
        """Where the picture stands once its bytes are there; None: it is a duplicate."""
        sha256 = await asyncio.to_thread(sha256_of, medium.path)
        request_id = request_id_of(self._manner.owner, sha256, medium.path.name)
        if uuid.UUID(request_id) in self._seen:
            self._report.duplicates += 1
            return None
        self._seen.add(uuid.UUID(request_id))
        upload = Upload(
            request_id,
            medium.path.name,
            medium.media_type,
            medium.size,
            sha256,
            (*self._manner.tags, *self._tags_of(medium.path)),
        )
        announced = await self._gateway.announce(upload)
        if not announced.url:
            self._report.known += 1
            return announced.standing
        announced = await self._put(medium, upload, announced)
        self._report.uploaded += 1
        self._report.uploaded_bytes += medium.size
        return await self._gateway.complete(announced.standing.asset_id)

    async def _put(self, medium: Medium, upload: Upload, announced: Announced) -> Announced:
        """PUT the bytes, with a fresh URL for each further try. Raises Refusal after the last."""
        refusals, deadline = 0, time.monotonic() + self._manner.away
        while announced.url:
            try:
                await self._gateway.put(medium.path, announced, medium.size)
            except PutRefused as refused:
                refusals += not refused.passing
                if refusals == self._manner.put_tries or time.monotonic() > deadline:
                    text = f"The upload did not succeed: {refused}."
                    raise Refusal(text, reason="UPLOAD_REFUSED") from refused
                await asyncio.sleep(self._manner.again)
                announced = await self._gateway.announce(upload)
            else:
                break
        return announced

    async def _settle(self) -> None:
        """Look at what is waited for, oldest first, until all is settled or nothing moves."""
        moved = time.monotonic()
        while self._uploading or self._waiting:
            settled = await self._look_round()
            if settled or self._uploading:
                moved = time.monotonic()
            if time.monotonic() - moved > self._manner.patience:
                return
            if settled < self._manner.looks // 2:
                await asyncio.sleep(self._manner.poll)

    async def _look_round(self) -> int:
        """Look at some assets; those that are not settled go to the end of the queue."""
        some = [self._waiting.popleft() for _ in range(min(self._manner.looks, len(self._waiting)))]
        standings = await asyncio.gather(*(self._look(asset_id) for asset_id, _ in some))
        settled = 0
        for (asset_id, path), standing in zip(some, standings, strict=True):
            if standing.settled:
                settled += 1
                self._settled(standing, path)
            else:
                self._waiting.append((asset_id, path))
        return settled

    async def _look(self, asset_id: str) -> Standing:
        try:
            return await self._gateway.look(asset_id)
        except Refusal as refusal:
            if refusal.reason == "ASSET_NOT_FOUND":
                return Standing(asset_id, "FAILED", refusal.reason, refusal.message)
            # The services may be restarting: what is waited for is looked at again later.
            return Standing(asset_id, "PROCESSING")

    def _settled(self, standing: Standing, path: Path) -> None:
        self._room.release()
        if standing.state == "READY":
            self._report.ready += 1
        elif standing.state == "FAILED":
            self._report.fail(path, standing.reason, standing.message, standing.asset_id)
        else:
            self._report.pending += 1
        self._changed(self._report)
