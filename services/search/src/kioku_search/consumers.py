"""Events to use cases: decode, call, and say what is to become of the event."""

from __future__ import annotations

from typing import TypeVar
from uuid import UUID

import structlog
from google.protobuf.message import DecodeError, Message
from kioku.events.v1 import events_pb2
from kioku_rt.errors import InvalidInput
from kioku_rt.events.outcome import Ack, Dead, Event, Outcome
from kioku_rt.reasons import CATALOGUE, Reason
from kioku_rt.rpc.enums import check_enums

from kioku_search.asset import EMBEDDING_STAGE, Failure
from kioku_search.deletion import Deletions
from kioku_search.embedder_client import space_of
from kioku_search.fields import canonical_uuid
from kioku_search.indexing import Effect, Failed, Indexing, Origin, Ready
from kioku_search.metrics import EFFECTS

_M = TypeVar("_M", bound=Message)
log = structlog.get_logger(__name__)


class Consumers:
    """The handlers of this service's consumers."""

    def __init__(self, indexing: Indexing, deletions: Deletions) -> None:
        self._indexing = indexing
        self._deletions = deletions

    async def embedding_ready(self, event: Event) -> Outcome:
        """Store the vector of `embedding.ready`."""
        message = _decoded(event, events_pb2.EmbeddingReady())
        if isinstance(message, Dead):
            return message
        origin = _origin(event, message)
        vectors = [item.vector for item in message.items]
        result = await self._indexing.vector_ready(Ready(origin, space_of(message.space), vectors))
        if isinstance(result, Failure):
            EFFECTS.labels(event.subject, "refused").inc()
            return Dead(result.reason, result.message)
        return _settled(event, result)

    async def asset_failed(self, event: Event) -> Outcome:
        """Note the failure of `asset.failed`."""
        message = _decoded(event, events_pb2.AssetFailed())
        if isinstance(message, Dead):
            return message
        failed = Failed(_origin(event, message), message.stage, _failure(message))
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
        if not isinstance(message, Dead):
            failure = Failure(dead.reason, dead.message)
            await self._indexing.stage_failed(
                Failed(_origin(event, message), EMBEDDING_STAGE, failure)
            )


def _decoded(event: Event, message: _M) -> _M | Dead:
    """The event's message with sound ids and enums, or why it is none."""
    try:
        message.ParseFromString(event.payload)
        canonical_uuid(getattr(message, "asset_id"), "asset_id")  # noqa: B009 - any of four types
        check_enums(message)
    except DecodeError:
        return Dead(Reason.EVENT_NOT_DECODABLE, CATALOGUE[Reason.EVENT_NOT_DECODABLE].meaning)
    except InvalidInput as error:
        return Dead(error.reason, error.message)
    return message


def _origin(event: Event, message: events_pb2.EmbeddingReady | events_pb2.AssetFailed) -> Origin:
    return Origin(
        event_id=event.id,
        owner=message.owner,
        asset_id=UUID(message.asset_id),
        generation=message.generation,
        attempts=message.attempts,
    )


def _failure(message: events_pb2.AssetFailed) -> Failure:
    """The failure as told; a reason of a newer version than ours is kept as INTERNAL."""
    said = message.failure
    known = said.reason in CATALOGUE
    return Failure(Reason(said.reason) if known else Reason.INTERNAL, said.message[:512])


def _settled(event: Event, effect: Effect) -> Outcome:
    EFFECTS.labels(event.subject, effect.value).inc()
    log.info("event.effect", subject=event.subject, effect=effect.value)
    if effect is Effect.UNKNOWN:
        return Dead(Reason.ASSET_NOT_FOUND, "There never was such an asset.")
    return Ack()
