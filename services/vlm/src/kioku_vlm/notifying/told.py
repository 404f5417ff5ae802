"""From `observation.ready` to a delivery: the consumer `vlm-webhook`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol
from uuid import UUID

from google.protobuf.message import DecodeError
from kioku.events.v1 import events_pb2
from kioku_rt.errors import InvalidInput
from kioku_rt.events.outcome import Ack, Dead, Event, Outcome
from kioku_rt.fields import canonical_uuid
from kioku_rt.reasons import CATALOGUE, Reason

CONSUMER = "vlm-webhook"


class Expects(Protocol):
    """Where deliveries are noted."""

    async def expect(
        self, owner: str, observation_id: UUID, version: int, facts: Mapping[str, object]
    ) -> bool:
        """Have the app told of a version, once."""


class Told:
    """The handler of `observation.ready`.

    Args:
        deliveries: where they are noted; None: there is no receiver, and nobody is told.
    """

    def __init__(self, deliveries: Expects | None) -> None:
        self._deliveries = deliveries

    async def ready(self, event: Event) -> Outcome:
        """Note that the app is to hear of it; the same event again changes nothing."""
        message = events_pb2.ObservationReady()
        try:
            message.ParseFromString(event.payload)
            observation_id = canonical_uuid(message.observation_id, "observation_id")
        except DecodeError:
            return Dead(Reason.EVENT_NOT_DECODABLE, CATALOGUE[Reason.EVENT_NOT_DECODABLE].meaning)
        except InvalidInput as error:
            return Dead(error.reason, error.message)
        if not message.owner:
            return Dead(Reason.FIELD_MISSING, "The event names no owner.")
        if self._deliveries is not None:
            await self._deliveries.expect(
                message.owner, observation_id, message.version, facts_of(message)
            )
        return Ack()


def facts_of(message: events_pb2.ObservationReady) -> dict[str, object]:
    """What the app is told besides ids: counts, never words of a document."""
    failed = message.HasField("failure")
    return {
        "asset_ids": list(message.asset_ids),
        "entries": message.entry_count,
        "flagged": message.flagged_count,
        "suspicions": message.suspicion_count,
        "model_version": message.model_version,
        "failure": message.failure.reason if failed else None,
        "event_time": message.event_time.ToJsonString(),
    }
