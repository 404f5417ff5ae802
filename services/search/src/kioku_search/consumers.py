"""Events to use cases: decode, call, and say what is to become of the event."""

from __future__ import annotations

from typing import TypeVar
from uuid import UUID

import structlog
from google.protobuf.message import DecodeError, Message
from kioku.common.v1 import failure_pb2, space_pb2
from kioku.events.v1 import events_pb2
from kioku_rt.errors import InvalidInput, KiokuError
from kioku_rt.events.outcome import Ack, Dead, Event, Outcome, Retry
from kioku_rt.fields import canonical_uuid
from kioku_rt.reasons import CATALOGUE, Reason
from kioku_rt.rpc.enums import check_enums

from kioku_search.assets.asset import EMBEDDING_STAGE, FRAMES_STAGE, Failure
from kioku_search.assets.deletion import Deletions
from kioku_search.embedder_client import space_of
from kioku_search.metrics import EFFECTS
from kioku_search.vectors.indexing import Effect, Failed, Indexing, Item, Origin, Ready
from kioku_search.videos.cutting import Cutting, FrameRange
from kioku_search.videos.video import VideoFacts

_M = TypeVar("_M", bound=Message)
_Traced = events_pb2.EmbeddingReady | events_pb2.FramesExtracted | events_pb2.AssetFailed
log = structlog.get_logger(__name__)


class Consumers:
    """The handlers of this service's consumers."""

    def __init__(self, indexing: Indexing, cutting: Cutting, deletions: Deletions) -> None:
        self._indexing = indexing
        self._cutting = cutting
        self._deletions = deletions

    async def embedding_ready(self, event: Event) -> Outcome:
        """Store the vectors of `embedding.ready`."""
        message = _decoded(event, events_pb2.EmbeddingReady())
        if isinstance(message, Dead):
            return message
        items = [_item(item) for item in message.items]
        ready = Ready(_origin(event, message), space_of(message.space), items)
        result = await self._indexing.vector_ready(ready)
        if isinstance(result, Failure):
            EFFECTS.labels(event.subject, "refused").inc()
            return Dead(result.reason, result.message)
        return _settled(event, result)

    async def frames_extracted(self, event: Event) -> Outcome:
        """Store the frames of `frames.extracted`."""
        message = _decoded(event, events_pb2.FramesExtracted())
        if isinstance(message, Dead):
            return message
        if message.order_id:  # we ordered it ourselves, of frames that we know
            return Ack()
        try:
            return _settled(event, await self._cutting.extracted(_range(event, message)))
        except KiokuError as error:
            if error.reason is not Reason.OBJECT_MISSING:
                raise
            return Retry(error.reason, "The manifest of the frames is not there.")

    async def asset_failed(self, event: Event) -> Outcome:
        """Note the failure of `asset.failed`."""
        message = _decoded(event, events_pb2.AssetFailed())
        if isinstance(message, Dead):
            return message
        failure = _failure(message.failure)
        failed = Failed(_origin(event, message), message.stage, failure, message.space_id)
        return _settled(event, await self._indexing.stage_failed(failed))

    async def asset_deleted(self, event: Event) -> Outcome:
        """Remove the objects of `asset.deleted`, and confirm."""
        message = _decoded(event, events_pb2.AssetDeleted())
        if isinstance(message, Dead):
            return message
        if await self._deletions.purge(event.id, message.owner, UUID(message.asset_id)):
            return Ack()
        return Dead(Reason.DELETION_NOT_FOUND, "No deletion of this asset was ever ordered.")

    async def asset_purged(self, event: Event) -> Outcome:
        """Note a participant's word of `asset.purged`."""
        message = _decoded(event, events_pb2.AssetPurged())
        if isinstance(message, Dead):
            return message
        known = await self._deletions.confirm(
            event.id, message.owner, UUID(message.asset_id), message.participant, message.removed
        )
        if known:
            return Ack()
        return Dead(Reason.DELETION_NOT_FOUND, "The participant is none of this deletion's.")

    async def embedding_given_up(self, event: Event, dead: Dead) -> None:
        """An `embedding.ready` that will never be stored fails its asset, so that nobody waits."""
        message = _decoded(event, events_pb2.EmbeddingReady())
        if isinstance(message, Dead) or message.space.kind != space_pb2.SPACE_KIND_IMAGE:
            return  # no stage waits for a vector of tags
        failed = Failed(
            _origin(event, message),
            EMBEDDING_STAGE,
            Failure(dead.reason, dead.message),
            message.space.space_id,
        )
        await self._indexing.stage_failed(failed)

    async def frames_given_up(self, event: Event, dead: Dead) -> None:
        """A `frames.extracted` that will never be stored fails its video."""
        message = _decoded(event, events_pb2.FramesExtracted())
        if not isinstance(message, Dead) and not message.order_id:
            failure = Failure(dead.reason, dead.message)
            await self._cutting.given_up(Failed(_origin(event, message), FRAMES_STAGE, failure))


def _decoded(event: Event, message: _M) -> _M | Dead:
    """The event's message with sound ids and enums, or why it is none."""
    try:
        message.ParseFromString(event.payload)
        canonical_uuid(getattr(message, "asset_id"), "asset_id")  # noqa: B009 - any of five types
        check_enums(message)
    except DecodeError:
        return Dead(Reason.EVENT_NOT_DECODABLE, CATALOGUE[Reason.EVENT_NOT_DECODABLE].meaning)
    except InvalidInput as error:
        return Dead(error.reason, error.message)
    return message


def _origin(event: Event, message: _Traced) -> Origin:
    return Origin(
        event_id=event.id,
        owner=message.owner,
        asset_id=UUID(message.asset_id),
        generation=message.generation,
        attempts=message.attempts,
    )


def _range(event: Event, message: events_pb2.FramesExtracted) -> FrameRange:
    facts = message.facts
    return FrameRange(
        origin=_origin(event, message),
        manifest_key=message.manifest_key,
        first=message.first_frame_no,
        count=message.frame_count,
        total=message.total_frames if message.HasField("total_frames") else None,
        facts=VideoFacts(
            facts.duration_ms, facts.width, facts.height, facts.codec, facts.hdr, facts.incomplete
        )
        if message.HasField("facts")
        else None,
    )


def _item(item: events_pb2.EmbeddedItem) -> Item:
    return Item(
        vector=item.vector,
        frame_no=item.frame_no if item.HasField("frame_no") else None,
        time_ms=item.time_ms,
        failure=_failure(item.failure) if item.HasField("failure") else None,
    )


def _failure(said: failure_pb2.Failure) -> Failure:
    """The failure as told; a reason of a newer version than ours is kept as INTERNAL."""
    known = said.reason in CATALOGUE
    return Failure(Reason(said.reason) if known else Reason.INTERNAL, said.message[:512])


def _settled(event: Event, effect: Effect) -> Outcome:
    EFFECTS.labels(event.subject, effect.value).inc()
    log.info("event.effect", subject=event.subject, effect=effect.value)
    if effect is Effect.UNKNOWN:
        return Dead(Reason.ASSET_NOT_FOUND, "There never was such an asset.")
    return Ack()
