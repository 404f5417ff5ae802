"""Events to use cases: decode, call, and say what is to become of the event."""

from __future__ import annotations

from typing import Protocol, TypeVar
from uuid import UUID

import structlog
from google.protobuf.message import DecodeError, Message
from kioku.assets.v1 import asset_pb2
from kioku.events.v1 import events_pb2
from kioku_rt.errors import InvalidInput, KiokuError
from kioku_rt.events.outcome import Ack, Dead, Event, Outcome, Retry, Wait
from kioku_rt.fields import canonical_uuid
from kioku_rt.reasons import CATALOGUE, Reason
from kioku_rt.rpc.enums import check_enums

from kioku_face.detection import OURS, Detection
from kioku_face.face import WHOLE
from kioku_face.film import Cut, Films
from kioku_face.metrics import EFFECTS
from kioku_face.picture import Cause, Effect, Kind, Original, Picture

UPLOADED = "face-uploaded"
_M = TypeVar("_M", bound=Message)
log = structlog.get_logger(__name__)


class Assets(Protocol):
    """Assets that were heard of. Every method raises DependencyDown."""

    async def expect_asset(self, original: Original) -> Effect:
        """Note an asset that is to be looked at, unless it is deleted or known as it is newer."""

    async def purge(self, event_id: str, owner: str, asset_id: UUID) -> Effect:
        """Remove all that is held of an asset, leave its tombstone, confirm: once for the event."""


class Consumers:
    """The handlers of this service's consumers of assets."""

    def __init__(self, detection: Detection, films: Films, assets: Assets) -> None:
        self._detection = detection
        self._films = films
        self._assets = assets

    async def uploaded(self, event: Event) -> Outcome:
        """Look at the picture of `asset.uploaded`; of a video, note where its bytes are."""
        message = _decoded(event, events_pb2.AssetUploaded())
        if isinstance(message, Dead):
            return message
        original = _original(message)
        effect = await self._assets.expect_asset(original)
        if effect is Effect.DONE and original.kind is Kind.IMAGE:
            cause = Cause(UPLOADED, event.id, event.attempt)
            try:
                effect = await self._detection.look(whole_picture(original), cause)
            except KiokuError as error:
                return _or_wait(error)
        return _settled(event, effect)

    async def frames_extracted(self, event: Event) -> Outcome:
        """Look at frames of `frames.extracted`."""
        message = _decoded(event, events_pb2.FramesExtracted())
        if isinstance(message, Dead):
            return message
        if message.order_id:  # of frames that are known, for one more space of pictures
            return Ack()
        try:
            effect = await self._films.extracted(_cut(message))
        except KiokuError as error:
            if error.reason is Reason.OBJECT_MISSING:
                return Retry(error.reason, "The manifest of the frames is not there.")
            return _or_wait(error)
        if effect is Effect.UNKNOWN:  # its `asset.uploaded` goes by another consumer
            return Retry(Reason.ASSET_NOT_FOUND, "The video was not heard of, or not yet.")
        return _settled(event, effect)

    async def deleted(self, event: Event) -> Outcome:
        """Forget the asset of `asset.deleted`, and confirm."""
        message = _decoded(event, events_pb2.AssetDeleted())
        if isinstance(message, Dead):
            return message
        asset_id = UUID(message.asset_id)
        return _settled(event, await self._assets.purge(event.id, message.owner, asset_id))

    async def upload_given_up(self, event: Event, dead: Dead) -> None:
        """A picture that has no faces for a reason; no stage of the asset waits for them."""
        message = _decoded(event, events_pb2.AssetUploaded())
        if not isinstance(message, Dead) and message.kind == asset_pb2.ASSET_KIND_IMAGE:
            await self._detection.fail(whole_picture(_original(message)), dead.reason)


def whole_picture(original: Original) -> Picture:
    """The picture that an asset is."""
    return Picture(
        owner=original.owner,
        asset_id=original.asset_id,
        generation=original.generation,
        frame_no=WHOLE,
        time_ms=None,
        object_key=original.object_key,
        sha256=original.sha256,
    )


def _or_wait(error: KiokuError) -> Outcome:
    """An engine that is busy or away costs no attempt; the worker knows the rest.

    Raises:
        KiokuError: the same, if it is no engine's.
    """
    if error.reason in OURS:
        return Wait("engine")
    raise error


def _decoded(event: Event, message: _M) -> _M | Dead:
    """The event's message with sound ids and enums, or why it is none."""
    try:
        message.ParseFromString(event.payload)
        canonical_uuid(getattr(message, "asset_id"), "asset_id")  # noqa: B009 - any of three types
        check_enums(message)
    except DecodeError:
        return Dead(Reason.EVENT_NOT_DECODABLE, CATALOGUE[Reason.EVENT_NOT_DECODABLE].meaning)
    except InvalidInput as error:
        return Dead(error.reason, error.message)
    if not getattr(message, "owner"):  # noqa: B009
        return Dead(Reason.FIELD_MISSING, "The event names no owner.")
    return message


def _original(message: events_pb2.AssetUploaded) -> Original:
    film = message.kind == asset_pb2.ASSET_KIND_VIDEO
    return Original(
        owner=message.owner,
        asset_id=UUID(message.asset_id),
        generation=message.generation,
        kind=Kind.VIDEO if film else Kind.IMAGE,
        object_key=message.object_key,
        sha256=message.sha256,
    )


def _cut(message: events_pb2.FramesExtracted) -> Cut:
    return Cut(
        owner=message.owner,
        asset_id=UUID(message.asset_id),
        generation=message.generation,
        manifest_key=message.manifest_key,
        first=message.first_frame_no,
        count=message.frame_count,
        total=message.total_frames if message.HasField("total_frames") else None,
    )


def _settled(event: Event, effect: Effect) -> Outcome:
    EFFECTS.labels(event.subject, effect.value).inc()
    log.info("event.effect", subject=event.subject, effect=effect.value)
    return Ack()
