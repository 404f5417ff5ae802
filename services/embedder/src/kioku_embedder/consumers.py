"""Promise: every uploaded picture ends as a vector that search was told of, or as a reason.

Bad input is dead at once; a dependency that is down costs no attempt; a failure that may pass is
tried again by the worker, at most five times. An upload that is wanted in several spaces is
embedded in one that is served here, and asked for anew in each of the others, so that none waits
for another or fails with it.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Protocol

from google.protobuf.message import DecodeError
from kioku.assets.v1 import asset_pb2
from kioku.events.v1 import events_pb2
from kioku_rt.errors import KiokuError
from kioku_rt.events import Ack, Dead, Event, Outcome
from kioku_rt.objects import derived_prefix
from kioku_rt.reasons import CATALOGUE, Reason

from kioku_embedder.announcements import Announcer, Subject
from kioku_embedder.outcomes import FOREIGN_SECONDS, Standing, age_of, as_outcome
from kioku_embedder.spaces import Spaces
from kioku_embedder.tags.space import is_tags_space
from kioku_embedder.waiting import Priority
from kioku_embedder.wanted import wanted_spaces

UPLOADED = "asset.uploaded"


class Objects(Protocol):
    """The object store, as far as the embedder reads it."""

    async def get(self, key: str, *, max_bytes: int) -> bytes:
        """All bytes of an object; raises KiokuError (OBJECT_MISSING, IMAGE_TOO_LARGE)."""
        ...


@dataclass(frozen=True)
class Task:
    """One asset to embed in one space, whichever event asked for it.

    Args:
        subject, kind, object_key: the asset.
        sha256: of the original; empty where not known.
        space_id: empty for the default one.
        age: seconds since it was asked for; None where not known.
    """

    subject: Subject
    kind: int
    object_key: str
    sha256: str
    space_id: str
    age: float | None


class AssetConsumer:
    """Handles `asset.uploaded` and `embedding.requested`.

    Args:
        objects: where the originals lie.
        spaces: the use cases of the spaces that are served.
        announcer: tells the outcome.
        max_bytes: of an original.
        foreign_seconds: see `outcomes.Standing`.
    """

    def __init__(
        self,
        objects: Objects,
        spaces: Spaces,
        announcer: Announcer,
        *,
        max_bytes: int,
        foreign_seconds: float = FOREIGN_SECONDS,
    ) -> None:
        self._objects = objects
        self._spaces = spaces
        self._announcer = announcer
        self._max_bytes = max_bytes
        self._foreign_seconds = foreign_seconds

    async def handle(self, event: Event) -> Outcome:
        """One delivery; the vector is announced before this returns Ack."""
        task = self._task_of(event)
        if task is None:
            return Dead(Reason.EVENT_NOT_DECODABLE, CATALOGUE[Reason.EVENT_NOT_DECODABLE].meaning)
        if task.kind == asset_pb2.ASSET_KIND_VIDEO or is_tags_space(task.space_id):
            return Ack()
        standing = Standing(task.age, self._spaces.lives_by(task.space_id), self._foreign_seconds)
        return await as_outcome(partial(self._embed, event, task), standing)

    async def on_dead(self, event: Event, dead: Dead) -> None:
        """Tells search why an asset failed; an event nobody can read has no asset to tell of.

        Raises:
            DependencyDown: the event log does not answer.
        """
        task = self._task_of(event)
        if task is not None:
            await self._announcer.failed(
                task.subject,
                dead.reason,
                dead.message,
                attempts=event.attempt,
                space_id=task.space_id,
            )

    def _task_of(self, event: Event) -> Task | None:
        """What an event asks for, or None if its payload is not of its subject's type."""
        try:
            if event.subject == UPLOADED:
                upload = events_pb2.AssetUploaded.FromString(event.payload)
                return _task(upload, self._spaces.own_of(wanted_spaces(upload)))
            request = events_pb2.EmbeddingRequested.FromString(event.payload)
            return _task(request, request.space_id)
        except (DecodeError, ValueError):
            return None

    async def _embed(self, event: Event, task: Task) -> None:
        if event.subject == UPLOADED:
            await self._ask_for_others(events_pb2.AssetUploaded.FromString(event.payload))
        started = monotonic()
        embedding = await self._spaces.serving(task.space_id).image(
            partial(self._fetch, task),
            space_id=task.space_id,
            priority=Priority.BULK,
            derived=derived_prefix(task.subject.owner, task.subject.asset_id),
        )
        await self._announcer.ready(
            task.subject, embedding, attempts=event.attempt, seconds=monotonic() - started
        )

    async def _ask_for_others(self, upload: events_pb2.AssetUploaded) -> None:
        """First of all, so that the other spaces do not depend on how our own one ends."""
        named = wanted_spaces(upload)
        own = self._spaces.own_of(named)
        for space_id in named:
            if space_id != own:
                await self._announcer.requested(upload, space_id)

    async def _fetch(self, task: Task) -> bytes:
        """The original, as it was when its upload was completed."""
        data = await self._objects.get(task.object_key, max_bytes=self._max_bytes)
        if task.sha256 and await sha256_of(data) != task.sha256:
            raise KiokuError(Reason.CHECKSUM_MISMATCH)
        return data


async def sha256_of(data: bytes) -> str:
    """SHA-256 as hex; in a thread, since 64 MiB take tens of milliseconds."""
    return await asyncio.to_thread(lambda: hashlib.sha256(data).hexdigest())


def _task(message: events_pb2.AssetUploaded | events_pb2.EmbeddingRequested, space_id: str) -> Task:
    """Raises ValueError when the event names no asset."""
    return Task(
        _subject(message),
        message.kind,
        message.object_key,
        message.sha256,
        space_id,
        age_of(message.event_time),
    )


def _subject(message: events_pb2.AssetUploaded | events_pb2.EmbeddingRequested) -> Subject:
    """Raises ValueError when the event names no asset."""
    if not message.asset_id or not message.object_key:
        raise ValueError("an event without asset or object key")
    order = message.order_id if isinstance(message, events_pb2.EmbeddingRequested) else ""
    return Subject(message.asset_id, message.owner, message.generation, order)
