"""Promise: what the embedder tells the event log, said once however often it is sent.

An event's id is made from what it says (asset, space or stage, generation), so a second delivery
of the cause publishes a duplicate that the log, and behind it search, recognise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID, uuid5

from google.protobuf.timestamp_pb2 import Timestamp
from kioku.events.v1 import events_pb2
from kioku_rt.reasons import Reason
from kioku_rt.space import Space
from kioku_rt.space_message import space_message
from kioku_rt.telemetry import inject

from kioku_embedder.backend import Embedding
from kioku_embedder.messages import failure_message

READY = "embedding.ready"
REQUESTED = "embedding.requested"
FAILED = "asset.failed"
STAGE = "embedding"
KIND_HEADER = "Kioku-Kind"
_NAMESPACE = UUID("6b696f6b-752d-5e6d-a265-646465720001")


class Publisher(Protocol):
    """The event log, as far as the embedder writes to it."""

    async def publish(
        self,
        subject: str,
        payload: bytes,
        *,
        event_id: str,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Returns when the event is stored; raises DependencyDown."""
        ...


@dataclass(frozen=True)
class Subject:
    """Which asset an event is about, in which of its lives, and by which order ("": the first)."""

    asset_id: str
    owner: str
    generation: int
    order_id: str = ""


class Announcer:
    """Publishes what can come of an asset."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher

    async def ready(
        self, subject: Subject, embedding: Embedding, *, attempts: int, seconds: float
    ) -> None:
        """Tells that an asset has its vector; returns when the log has stored it.

        Raises:
            DependencyDown: the event log does not answer.
        """
        space = space_message(embedding.space)
        message = events_pb2.EmbeddingReady(
            asset_id=subject.asset_id,
            owner=subject.owner,
            space=space,
            items=[events_pb2.EmbeddedItem(vector=embedding.vector.astype("<f4").tobytes())],
            generation=subject.generation,
            attempts=attempts,
            duration_ms=seconds * 1000,
            event_time=event_time(),
        )
        await self._publisher.publish(
            READY,
            message.SerializeToString(),
            event_id=event_id(READY, subject, space.space_id),
            headers=event_headers(embedding.space.kind),
        )

    async def frames_ready(
        self,
        subject: Subject,
        space: Space,
        items: Sequence[events_pb2.EmbeddedItem],
        *,
        attempts: int,
        seconds: float,
    ) -> None:
        """Tells what became of frames that follow each other, at most 64, at least one.

        Raises:
            DependencyDown: the event log does not answer.
        """
        message = events_pb2.EmbeddingReady(
            asset_id=subject.asset_id,
            owner=subject.owner,
            space=space_message(space),
            items=items,
            generation=subject.generation,
            attempts=attempts,
            duration_ms=seconds * 1000,
            event_time=event_time(),
        )
        await self._publisher.publish(
            READY,
            message.SerializeToString(),
            event_id=event_id(READY, subject, f"{space.space_id}/{items[0].frame_no}"),
            headers=event_headers(space.kind),
        )

    async def requested(self, upload: events_pb2.AssetUploaded, space_id: str) -> None:
        """Asks for the vector of an upload in one more space, as work of its own.

        Raises:
            DependencyDown: the event log does not answer.
        """
        message = events_pb2.EmbeddingRequested(
            asset_id=upload.asset_id,
            owner=upload.owner,
            kind=upload.kind,
            object_key=upload.object_key,
            content_type=upload.content_type,
            space_id=space_id,
            generation=upload.generation,
            event_time=event_time(),
            sha256=upload.sha256,
            tags=upload.tags,
            filename=upload.filename,
        )
        subject = Subject(upload.asset_id, upload.owner, upload.generation)
        await self._publisher.publish(
            REQUESTED,
            message.SerializeToString(),
            event_id=event_id(REQUESTED, subject, space_id),
            headers=event_headers("image"),
        )

    async def failed(
        self,
        subject: Subject,
        reason: Reason,
        message: str,
        *,
        attempts: int,
        stage: str = STAGE,
        space_id: str = "",
    ) -> None:
        """Tells that a stage of an asset failed for good; returns when the log has stored it.

        `space_id` is the space that the cause named, if the failure is that space's alone.

        Raises:
            DependencyDown: the event log does not answer.
        """
        event = events_pb2.AssetFailed(
            asset_id=subject.asset_id,
            owner=subject.owner,
            stage=stage,
            failure=failure_message(reason, message),
            generation=subject.generation,
            attempts=attempts,
            event_time=event_time(),
            space_id=space_id,
        )
        about = f"{stage}/{space_id}" if space_id else stage
        await self._publisher.publish(
            FAILED,
            event.SerializeToString(),
            event_id=event_id(FAILED, subject, about),
            headers=event_headers("image"),
        )


def event_id(kind: str, subject: Subject, about: str) -> str:
    """The id of an event: a UUID made from its meaning."""
    order = f"/{subject.order_id}" if subject.order_id else ""
    meaning = f"{kind}/{subject.asset_id}/{about}/{subject.generation}{order}"
    return str(uuid5(_NAMESPACE, meaning))


def event_headers(kind: str) -> dict[str, str]:
    """The kind of the vectors, for whoever filters by it, and the trace to go on with."""
    headers = {KIND_HEADER: kind}
    inject(headers)
    return headers


def event_time() -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(datetime.now(UTC))
    return stamp
