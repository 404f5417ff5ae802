"""Promise: every stored frame of a video ends as a vector that search was told of, or as a reason.

One batch of pictures is in memory at a time. A bad frame fails alone; what stops all of them stops
the range, which waits or is tried again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from functools import partial
from time import monotonic
from typing import TypeVar

import structlog
from google.protobuf.message import DecodeError
from kioku.events.v1 import events_pb2
from kioku_rt.errors import DependencyDown, KiokuError
from kioku_rt.events import Ack, Dead, Event, Outcome
from kioku_rt.events.topology import MAX_DELIVER
from kioku_rt.objects import derived_prefix
from kioku_rt.reasons import CATALOGUE, Reason
from kioku_rt.space import Space

from kioku_embedder.announcements import Announcer, Subject
from kioku_embedder.consumers import Objects, sha256_of
from kioku_embedder.messages import failure_message
from kioku_embedder.outcomes import (
    ENGINE_BUSY,
    FOREIGN_SECONDS,
    MAY_PASS,
    Standing,
    age_of,
    as_outcome,
)
from kioku_embedder.spaces import Spaces
from kioku_embedder.waiting import Priority

TASK = "extract_embeddings"
QUEUE = "siglip"
ITEMS = 64
"""Vectors of one event: 64 of 1,152 components are 295 KiB of the 512 an event may have."""
_MANIFEST_BYTES = 2**20
_LOG = structlog.get_logger(__name__)
T = TypeVar("T")


class FrameConsumer:
    """Handles `frames.extracted`.

    Args:
        objects: where manifests and frames lie.
        spaces: the use cases of the spaces that are served.
        announcer: tells the outcome.
        batch_size: frames fetched and embedded at once.
        max_bytes: of a frame.
        foreign_seconds: see `outcomes.Standing`.
    """

    def __init__(
        self,
        objects: Objects,
        spaces: Spaces,
        announcer: Announcer,
        *,
        batch_size: int,
        max_bytes: int,
        foreign_seconds: float = FOREIGN_SECONDS,
    ) -> None:
        self._objects = objects
        self._spaces = spaces
        self._announcer = announcer
        self._batch_size = batch_size
        self._max_bytes = max_bytes
        self._foreign_seconds = foreign_seconds

    async def handle(self, event: Event) -> Outcome:
        """One delivery; all vectors of the range are announced before this returns Ack."""
        message = _message_of(event)
        if message is None:
            return Dead(Reason.EVENT_NOT_DECODABLE, CATALOGUE[Reason.EVENT_NOT_DECODABLE].meaning)
        if not message.frame_count:
            return Ack()
        standing = Standing(
            age_of(message.event_time),
            self._spaces.lives_by(message.space_id),
            self._foreign_seconds,
        )
        return await as_outcome(partial(self._embed, message, event.attempt), standing)

    async def on_dead(self, event: Event, dead: Dead) -> None:
        """Tells search that a range has no vectors.

        Its frames fail one by one, so that the rest of the video counts; a space that nobody here
        serves is the whole asset's failure.

        Raises:
            DependencyDown: the event log does not answer.
        """
        message = _message_of(event)
        if message is None:
            return
        try:
            space = self._spaces.serving(message.space_id).space
        except KiokuError:
            await self._fail_whole(message, dead, event.attempt)
            return
        failure = failure_message(dead.reason, dead.message)
        numbers = range(message.first_frame_no, message.first_frame_no + message.frame_count)
        items = [events_pb2.EmbeddedItem(frame_no=n, failure=failure) for n in numbers]
        for group in _groups(items, ITEMS):
            await self._tell(_subject(message), space, group, event.attempt, 0.0)

    async def _fail_whole(
        self, message: events_pb2.FramesExtracted, dead: Dead, attempts: int
    ) -> None:
        """A message about frames describes their space in full, which nobody here can."""
        await self._announcer.failed(
            _subject(message),
            dead.reason,
            dead.message,
            attempts=attempts,
            space_id=message.space_id,
        )

    async def _embed(self, message: events_pb2.FramesExtracted, attempt: int) -> None:
        space = self._spaces.serving(message.space_id).space
        subject = _subject(message)
        manifest = await self._manifest(message.manifest_key)
        for group in _groups(manifest.frames, ITEMS):
            started = monotonic()
            items: list[events_pb2.EmbeddedItem] = []
            for batch in _groups(group, self._batch_size):
                items += await self._batch(batch, subject, message.space_id, attempt)
            await self._tell(subject, space, items, attempt, monotonic() - started)
        result = {"video_id": subject.asset_id, "frame_count": len(manifest.frames)}
        _LOG.info("task", task=TASK, queue=QUEUE, result=result, first=message.first_frame_no)

    async def _manifest(self, key: str) -> events_pb2.FrameManifest:
        data = await self._objects.get(key, max_bytes=_MANIFEST_BYTES)
        try:
            return events_pb2.FrameManifest.FromString(data)
        except DecodeError:
            raise KiokuError(Reason.EVENT_NOT_DECODABLE) from None

    async def _batch(
        self, frames: Sequence[events_pb2.Frame], subject: Subject, space_id: str, attempt: int
    ) -> list[events_pb2.EmbeddedItem]:
        """One item a frame; raises the first failure that is not its frame's own."""
        work = (self._item(frame, subject, space_id, attempt) for frame in frames)
        done = await asyncio.gather(*work, return_exceptions=True)
        for outcome in done:
            if isinstance(outcome, BaseException):
                raise outcome
        return [outcome for outcome in done if not isinstance(outcome, BaseException)]

    async def _item(
        self, frame: events_pb2.Frame, subject: Subject, space_id: str, attempt: int
    ) -> events_pb2.EmbeddedItem:
        item = events_pb2.EmbeddedItem(frame_no=frame.frame_no, time_ms=frame.time_ms)
        try:
            embedding = await self._spaces.serving(space_id).image(
                partial(self._fetch, frame),
                space_id=space_id,
                priority=Priority.BULK,
                derived=derived_prefix(subject.owner, subject.asset_id),
            )
        except KiokuError as error:
            if not _its_own(error, attempt):
                raise
            item.failure.CopyFrom(failure_message(error.reason, error.message))
        else:
            item.vector = embedding.vector.astype("<f4").tobytes()
        return item

    async def _fetch(self, frame: events_pb2.Frame) -> bytes:
        data = await self._objects.get(frame.object_key, max_bytes=self._max_bytes)
        if await sha256_of(data) != frame.sha256:
            raise KiokuError(Reason.CHECKSUM_MISMATCH)
        return data

    async def _tell(
        self,
        subject: Subject,
        space: Space,
        items: Sequence[events_pb2.EmbeddedItem],
        attempt: int,
        seconds: float,
    ) -> None:
        await self._announcer.frames_ready(subject, space, items, attempts=attempt, seconds=seconds)


def _its_own(error: KiokuError, attempt: int) -> bool:
    """Whether a failure is its frame's alone; what may pass becomes so with the last attempt."""
    if isinstance(error, DependencyDown) or error.reason in ENGINE_BUSY:
        return False
    may_pass = CATALOGUE[error.reason].retryable or error.reason in MAY_PASS
    return not may_pass or attempt >= MAX_DELIVER


def _message_of(event: Event) -> events_pb2.FramesExtracted | None:
    """The event's content, or None when it is not of its type or names no video."""
    try:
        message = events_pb2.FramesExtracted.FromString(event.payload)
    except DecodeError:
        return None
    named = message.asset_id and (message.manifest_key or not message.frame_count)
    return message if named else None


def _subject(message: events_pb2.FramesExtracted) -> Subject:
    return Subject(message.asset_id, message.owner, message.generation, message.order_id)


def _groups(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (items[at : at + size] for at in range(0, len(items), size))
