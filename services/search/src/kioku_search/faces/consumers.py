"""Events about faces to use cases, and the end of what they carry.

An `embedding.ready` with vectors of faces is removed from the event log, its bytes overwritten, as
soon as it had its effect, whatever that was; its dead letter names the faces and carries no vector.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import Protocol
from uuid import UUID

import structlog
from google.protobuf.message import DecodeError
from kioku.common.v1 import space_pb2
from kioku.events.v1 import events_pb2
from kioku_rt.auth.principal import acceptable_subject
from kioku_rt.errors import InvalidInput
from kioku_rt.events.outcome import Ack, Dead, Event, Handler, OnDead, Outcome
from kioku_rt.fields import canonical_uuid, checked_time
from kioku_rt.reasons import CATALOGUE, Reason
from kioku_rt.rpc.enums import check_enums

from kioku_search.embedder_client import space_of
from kioku_search.faces.face import ConsentChange, Matchable
from kioku_search.faces.keeping import ConsentStore
from kioku_search.faces.storing import FaceItem, FaceOrigin, FaceStoring
from kioku_search.metrics import EFFECTS
from kioku_search.vectors.indexing import Effect

log = structlog.get_logger(__name__)


class EventEraser(Protocol):
    """Whoever can remove an event from where it is stored."""

    async def erase(self, event: Event) -> bool:
        """Overwrite it; False if it was gone.  Raises DependencyDown."""


class FaceConsumers:
    """The handlers of events about faces."""

    def __init__(self, storing: FaceStoring, consents: ConsentStore, events: EventEraser) -> None:
        self._storing = storing
        self._consents = consents
        self._events = events

    async def vectors_ready(self, event: Event) -> Outcome:
        """Store the vectors of an `embedding.ready`, then remove it."""
        message = events_pb2.EmbeddingReady.FromString(event.payload)
        try:
            check_enums(message)
            origin = _origin(event, message)
            items = [_item(item) for item in message.items]
            effect = await self._storing.ready(origin, space_of(message.space), items)
        except InvalidInput as error:
            EFFECTS.labels(event.subject, "refused").inc()
            return Dead(error.reason, error.message)
        EFFECTS.labels(event.subject, effect.value).inc()
        log.info("event.effect", subject=event.subject, effect=effect.value)
        if effect is Effect.UNKNOWN:
            return Dead(Reason.ASSET_NOT_FOUND, "There never was such an asset.")
        await self._events.erase(event)
        return Ack()

    async def given_up(self, event: Event, _dead: Dead) -> None:
        """Remove an `embedding.ready` that will never be stored."""
        await self._events.erase(event)

    async def consent_changed(self, event: Event) -> Outcome:
        """Do what `consent.changed` says."""
        message = events_pb2.ConsentChanged()
        try:
            message.ParseFromString(event.payload)
            change = _change(event, message)
        except DecodeError:
            return Dead(Reason.EVENT_NOT_DECODABLE, CATALOGUE[Reason.EVENT_NOT_DECODABLE].meaning)
        except InvalidInput as error:
            return Dead(error.reason, error.message)
        done = await self._consents.change(change)
        EFFECTS.labels(event.subject, (Effect.DONE if done else Effect.AGAIN).value).inc()
        return Ack()


def of_faces(event: Event) -> bool:
    """Whether an `embedding.ready` carries vectors of faces."""
    try:
        message = events_pb2.EmbeddingReady.FromString(event.payload)
    except DecodeError:
        return False
    return bool(message.space.kind == space_pb2.SPACE_KIND_FACE)


def routed(faces: Handler, others: Handler) -> Handler:
    """One handler of `embedding.ready` for both."""

    async def handle(event: Event) -> Outcome:
        return await (faces if of_faces(event) else others)(event)

    return handle


def routed_dead(faces: OnDead, others: OnDead) -> OnDead:
    """The same for events that are given up."""

    async def handle(event: Event, dead: Dead) -> None:
        told: Callable[[Event, Dead], Awaitable[None]] = faces if of_faces(event) else others
        await told(event, dead)

    return handle


def without_vectors(event: Event) -> bytes:
    """What a dead letter may hold of an `embedding.ready`: no vector of a face."""
    if not of_faces(event):
        return event.payload
    message = events_pb2.EmbeddingReady.FromString(event.payload)
    for item in message.items:
        item.ClearField("vector")
    return message.SerializeToString()


def _origin(event: Event, message: events_pb2.EmbeddingReady) -> FaceOrigin:
    asset_id = canonical_uuid(message.asset_id, "asset_id") if message.asset_id else None
    return FaceOrigin(event.id, _owner(message.owner), asset_id, message.generation)


def _item(item: events_pb2.EmbeddedItem) -> FaceItem:
    frame_no = item.frame_no if item.HasField("frame_no") else None
    return FaceItem(item.face_id, frame_no, item.vector)


def _change(event: Event, message: events_pb2.ConsentChanged) -> ConsentChange:
    return ConsentChange(
        event_id=event.id,
        owner=_owner(message.owner),
        actor=message.actor[:255],
        sequence=message.consent_sequence,
        person=Matchable(
            person_id=canonical_uuid(message.person_id, "person_id"),
            user_id=message.user_id[:255],
            consented=message.consented,
            expires_at=_expiry(message),
            version=message.version,
        ),
        erase=_ids(message.erase_face_ids),
    )


def _ids(values: Iterable[str]) -> list[UUID]:
    return [canonical_uuid(one, "erase_face_ids") for one in values]


def _expiry(message: events_pb2.ConsentChanged) -> datetime | None:
    if not message.HasField("expire_time"):
        return None
    return checked_time(message.expire_time.seconds, message.expire_time.nanos, "expire_time")


def _owner(owner: str) -> str:
    if not acceptable_subject(owner):
        raise InvalidInput(Reason.FIELD_INVALID, "That is no owner's name.", field="owner")
    return owner
