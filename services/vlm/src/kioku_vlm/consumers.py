"""Events to use cases: decode, call, and say what is to become of the event."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Protocol, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from google.protobuf.message import DecodeError, Message
from kioku.assets.v1 import asset_pb2
from kioku.events.v1 import events_pb2
from kioku_rt.errors import InvalidInput, KiokuError
from kioku_rt.events.outcome import Ack, Dead, Event, Outcome, Wait
from kioku_rt.fields import canonical_uuid
from kioku_rt.reasons import CATALOGUE, Reason
from kioku_rt.rpc.enums import check_enums

from kioku_vlm.metrics import EFFECTS
from kioku_vlm.observing.observation import Claim, Effect, Original
from kioku_vlm.observing.observing import NOT_NOW, Claims, Observing

UPLOADED = "ai"
"""The specification's queue."""
_M = TypeVar("_M", bound=Message)
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
log = structlog.get_logger(__name__)


class Assets(Protocol):
    """Assets that were heard of. Every method raises DependencyDown."""

    async def expect(self, original: Original, today: date) -> UUID | Effect:
        """The observation that is to be read, or KNOWN, GONE: there is nothing to read."""

    async def observation_of(self, owner: str, asset_id: UUID) -> UUID | None:
        """The observation of an asset; None: there is none."""

    async def purge(self, event_id: str, owner: str, asset_id: UUID) -> Effect:
        """Remove all that is held of an asset, leave its tombstone, confirm: once for the event."""


class Consumers:
    """The handlers of this service's consumers of assets.

    Args:
        zone: IANA zone in which the day of an upload is reckoned; empty: UTC.
        grace: seconds for which the backlog leaves a failed attempt to the event log.
    """

    def __init__(
        self, assets: Assets, claims: Claims, observing: Observing, *, zone: str, grace: float
    ) -> None:
        self._assets = assets
        self._claims = claims
        self._observing = observing
        self._today = _days_in(zone)
        self._grace = grace

    async def uploaded(self, event: Event) -> Outcome:
        """Read the picture of `asset.uploaded`; videos are not read."""
        message = _decoded(event, events_pb2.AssetUploaded())
        if isinstance(message, Dead):
            return message
        if message.kind != asset_pb2.ASSET_KIND_IMAGE:
            return _settled(event, Effect.SKIPPED)
        if not _SHA256.fullmatch(message.sha256):
            return Dead(Reason.FIELD_INVALID, "The event's sha256 is no SHA-256 in hex.")
        expected = await self._assets.expect(_original(message), self._today(message))
        if isinstance(expected, Effect):
            return _settled(event, expected)
        claim = await self._claims.take(message.owner, expected)
        if isinstance(claim, Effect):
            return _settled(event, claim)
        return await self._read(event, claim)

    async def deleted(self, event: Event) -> Outcome:
        """Forget the asset of `asset.deleted`, and confirm."""
        message = _decoded(event, events_pb2.AssetDeleted())
        if isinstance(message, Dead):
            return message
        asset_id = UUID(message.asset_id)
        return _settled(event, await self._assets.purge(event.id, message.owner, asset_id))

    async def upload_given_up(self, event: Event, dead: Dead) -> None:
        """The observation says why it could not be read, and can be ordered again."""
        message = _decoded(event, events_pb2.AssetUploaded())
        if isinstance(message, Dead) or message.kind != asset_pb2.ASSET_KIND_IMAGE:
            return
        observation = await self._assets.observation_of(message.owner, UUID(message.asset_id))
        claim = await self._claims.take(message.owner, observation) if observation else None
        if isinstance(claim, Claim):
            await self._observing.fail(claim, dead.reason, dead.message)

    async def _read(self, event: Event, claim: Claim) -> Outcome:
        """An engine that is busy or away costs no attempt; the worker knows the rest."""
        try:
            return _settled(event, await self._observing.observe(claim, retry_delay=self._grace))
        except KiokuError as error:
            if error.reason in NOT_NOW:
                return Wait("engine")
            raise


def _days_in(zone: str) -> Callable[[events_pb2.AssetUploaded], date]:
    """The day of an upload in a zone; of one that tells no time, the day of now."""
    where = ZoneInfo(zone) if zone else UTC

    def day(message: events_pb2.AssetUploaded) -> date:
        if not message.HasField("event_time"):
            return datetime.now(where).date()
        return message.event_time.ToDatetime(UTC).astimezone(where).date()

    return day


def _decoded(event: Event, message: _M) -> _M | Dead:
    """The event's message with sound ids and enums, or why it is none."""
    try:
        message.ParseFromString(event.payload)
        canonical_uuid(getattr(message, "asset_id"), "asset_id")  # noqa: B009 - either of two types
        check_enums(message)
    except DecodeError:
        return Dead(Reason.EVENT_NOT_DECODABLE, CATALOGUE[Reason.EVENT_NOT_DECODABLE].meaning)
    except InvalidInput as error:
        return Dead(error.reason, error.message)
    if not getattr(message, "owner"):  # noqa: B009
        return Dead(Reason.FIELD_MISSING, "The event names no owner.")
    return message


def _original(message: events_pb2.AssetUploaded) -> Original:
    return Original(
        owner=message.owner,
        asset_id=UUID(message.asset_id),
        generation=message.generation,
        object_key=message.object_key,
        sha256=message.sha256,
    )


def _settled(event: Event, effect: Effect) -> Outcome:
    EFFECTS.labels(event.subject, effect.value).inc()
    log.info("event.effect", subject=event.subject, effect=effect.value)
    return Ack()
