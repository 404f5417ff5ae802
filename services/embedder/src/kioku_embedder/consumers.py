"""Promise: every uploaded picture ends as a vector that search was told of, or as a reason.

Bad input is dead at once; a dependency that is down costs no attempt; a failure that may pass is
tried again by the worker, at most five times.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Protocol

from google.protobuf.message import DecodeError
from kioku.assets.v1 import asset_pb2
from kioku.events.v1 import events_pb2
from kioku_rt.errors import DependencyDown, KiokuError
from kioku_rt.events import Ack, Dead, Event, Outcome, Retry, Wait
from kioku_rt.objects import derived_prefix
from kioku_rt.reasons import CATALOGUE, Reason

from kioku_embedder.announcements import Announcer, Subject
from kioku_embedder.backend import Backend
from kioku_embedder.tags.space import is_tags_space
from kioku_embedder.waiting import Priority

UPLOADED = "asset.uploaded"
# Ours to sort out, not the picture's fault: the event stays until the engine can take it.
ENGINE_BUSY = frozenset({Reason.OVERLOADED, Reason.MODEL_UNAVAILABLE})

# Not retryable for a caller, who would ask the same again; here another process may do better.
MAY_PASS = frozenset({Reason.ENGINE_OUT_OF_MEMORY, Reason.INTERNAL, Reason.SPACE_NOT_SERVED})


class Objects(Protocol):
    """The object store, as far as the embedder reads it."""

    async def get(self, key: str, *, max_bytes: int) -> bytes:
        """All bytes of an object; raises KiokuError (OBJECT_MISSING, IMAGE_TOO_LARGE)."""
        ...


@dataclass(frozen=True)
class Task:
    """One asset to embed, whichever event asked for it; `sha256` is empty where not known."""

    subject: Subject
    kind: int
    object_key: str
    sha256: str
    space_id: str


class AssetConsumer:
    """Handles `asset.uploaded` and `embedding.requested`.

    Args:
        objects: where the originals lie.
        embedder: the use case.
        announcer: tells the outcome.
        max_bytes: of an original.
    """

    def __init__(
        self, objects: Objects, embedder: Backend, announcer: Announcer, *, max_bytes: int
    ) -> None:
        self._objects = objects
        self._embedder = embedder
        self._announcer = announcer
        self._max_bytes = max_bytes

    async def handle(self, event: Event) -> Outcome:
        """One delivery; the vector is announced before this returns Ack."""
        task = _task_of(event)
        if task is None:
            return Dead(Reason.EVENT_NOT_DECODABLE, CATALOGUE[Reason.EVENT_NOT_DECODABLE].meaning)
        if task.kind == asset_pb2.ASSET_KIND_VIDEO or is_tags_space(task.space_id):
            return Ack()
        return await as_outcome(lambda: self._embed(task, event.attempt))

    async def on_dead(self, event: Event, dead: Dead) -> None:
        """Tells search why an asset failed; an event nobody can read has no asset to tell of.

        Raises:
            DependencyDown: the event log does not answer.
        """
        task = _task_of(event)
        if task is not None:
            await self._announcer.failed(
                task.subject, dead.reason, dead.message, attempts=event.attempt
            )

    async def _embed(self, task: Task, attempt: int) -> None:
        started = monotonic()
        embedding = await self._embedder.image(
            partial(self._fetch, task),
            space_id=task.space_id,
            priority=Priority.BULK,
            derived=derived_prefix(task.subject.owner, task.subject.asset_id),
        )
        await self._announcer.ready(
            task.subject, embedding, attempts=attempt, seconds=monotonic() - started
        )

    async def _fetch(self, task: Task) -> bytes:
        """The original, as it was when its upload was completed."""
        data = await self._objects.get(task.object_key, max_bytes=self._max_bytes)
        if task.sha256 and await sha256_of(data) != task.sha256:
            raise KiokuError(Reason.CHECKSUM_MISMATCH)
        return data


async def as_outcome(work: Callable[[], Awaitable[None]]) -> Outcome:
    """What came of embedding: done, wait for what is down, try again, or never."""
    try:
        await work()
    except DependencyDown as down:
        return Wait(down.dependency)
    except KiokuError as error:
        if error.reason in ENGINE_BUSY:
            return Wait("engine")
        if CATALOGUE[error.reason].retryable or error.reason in MAY_PASS:
            return Retry(error.reason, error.message)
        return Dead(error.reason, error.message)
    return Ack()


async def sha256_of(data: bytes) -> str:
    """SHA-256 as hex; in a thread, since 64 MiB take tens of milliseconds."""
    return await asyncio.to_thread(lambda: hashlib.sha256(data).hexdigest())


def _task_of(event: Event) -> Task | None:
    """What an event asks for, or None if its payload is not of its subject's type."""
    try:
        if event.subject == UPLOADED:
            return _of_upload(events_pb2.AssetUploaded.FromString(event.payload))
        return _of_request(events_pb2.EmbeddingRequested.FromString(event.payload))
    except (DecodeError, ValueError):
        return None


def _of_upload(message: events_pb2.AssetUploaded) -> Task:
    return Task(_subject(message), message.kind, message.object_key, message.sha256, "")


def _of_request(message: events_pb2.EmbeddingRequested) -> Task:
    return Task(
        _subject(message), message.kind, message.object_key, message.sha256, message.space_id
    )


def _subject(message: events_pb2.AssetUploaded | events_pb2.EmbeddingRequested) -> Subject:
    """Raises ValueError when the event names no asset."""
    if not message.asset_id or not message.object_key:
        raise ValueError("an event without asset or object key")
    return Subject(message.asset_id, message.owner, message.generation)
