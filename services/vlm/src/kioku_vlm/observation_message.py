"""Observations, links and deliveries as the messages of `kioku.vlm.v1`."""

from __future__ import annotations

from collections.abc import Sequence

from kioku.common.v1 import failure_pb2
from kioku.vlm.v1 import observation_pb2 as messages
from kioku.vlm.v1 import schedule_service_pb2 as services
from kioku_rt.reasons import CATALOGUE, Reason

from kioku_vlm.entry_message import (
    box_message,
    entry_message,
    evidence_message,
    timestamp,
)
from kioku_vlm.linking.linking import Link
from kioku_vlm.notifying.told_again import DeliveryRow
from kioku_vlm.observing.observation import Failure, Observation, Reading, State
from kioku_vlm.people.member import Member
from kioku_vlm.schedule_facts import Suspicion

READY, PENDING, FAILED = "ready", "observation-pending", "observation-failed"
"""The words of the specification, and one for what cannot be read."""
RETRY_SECONDS = 2.0
_STATUS = {State.READY: READY, State.PENDING: PENDING, State.FAILED: FAILED}
_STATES = {
    state: messages.ObservationState.Value(f"OBSERVATION_STATE_{state.value}") for state in State
}


def observation_message(
    observation: Observation, members: Sequence[Member] = ()
) -> messages.Observation:
    """An observation as its owner sees it."""
    return messages.Observation(
        observation_id=str(observation.observation_id),
        state=_STATES[observation.state],
        asset_ids=[str(asset_id) for asset_id in observation.asset_ids],
        observation_hash=observation.observation_hash,
        version=observation.version,
        language=observation.language,
        abstained=observation.abstained,
        entries=[entry_message(entry) for entry in observation.entries],
        suspicions=[_suspicion(one) for one in observation.suspicions],
        member_candidates=[member_message(member) for member in members],
        near_of=str(observation.near_of or ""),
        readings=[_reading(reading) for reading in observation.readings],
        failure=_failure(observation.failure),
        attempts=observation.attempts,
        create_time=timestamp(observation.created_at),
        update_time=timestamp(observation.updated_at),
    )


def extract_message(
    observation: Observation, members: Sequence[Member]
) -> services.ExtractScheduleResponse:
    """What a picture announces, as far as that is known."""
    status = _STATUS[observation.state]
    return services.ExtractScheduleResponse(
        status=status,
        observation_id=str(observation.observation_id),
        events=[entry_message(entry) for entry in observation.entries if not entry.dismissed],
        member_candidates=[member_message(member) for member in members],
        language=observation.language,
        abstained=observation.abstained,
        suspicions=[_suspicion(one) for one in observation.suspicions],
        retry_after_seconds=RETRY_SECONDS if status == PENDING else 0.0,
        failure=_failure(observation.failure),
        version=observation.version,
    )


def member_message(member: Member) -> messages.MemberCandidate:
    """Somebody who may be on the picture."""
    return messages.MemberCandidate(
        face_id=str(member.face_id),
        box=box_message(member.box),
        person_id=str(member.person_id or ""),
        user_id=member.user_id,
        name=member.name,
        anonymous_id=str(member.anonymous_id or ""),
        score=member.score,
        confidence=member.confidence,
        description=member.description,
    )


def link_message(link: Link) -> messages.Link:
    """A link to a document of the app."""
    return messages.Link(
        link_id=str(link.link_id),
        observation_id=str(link.observation_id),
        entry_id=str(link.entry_id or ""),
        document_path=link.document_path,
        actor=link.actor,
        create_time=timestamp(link.created_at),
    )


def delivery_message(row: DeliveryRow) -> messages.Delivery:
    """A webhook call."""
    reason = row.failure
    failure = Failure(reason, CATALOGUE[Reason(reason)].meaning) if reason else None
    return messages.Delivery(
        delivery_id=str(row.delivery_id),
        observation_id=str(row.observation_id),
        version=row.version,
        state=messages.DeliveryState.Value(f"DELIVERY_STATE_{row.state.value}"),
        attempts=row.attempts,
        http_status=row.http_status,
        failure=_failure(failure),
        next_time=timestamp(row.next_at),
        create_time=timestamp(row.created_at),
        update_time=timestamp(row.updated_at),
    )


def _reading(reading: Reading) -> messages.Reading:
    engine, timing = reading.engine, reading.timing
    return messages.Reading(
        version=reading.version,
        state=_STATES[reading.state],
        model_version=engine.model_version,
        prompt_version=engine.prompt_version,
        schema_version=engine.schema_version,
        reader_version=engine.reader_version,
        fetch_ms=timing.fetch_ms,
        read_ms=timing.read_ms,
        extract_ms=timing.extract_ms,
        failure=_failure(reading.failure),
        read_time=timestamp(reading.read_at),
    )


def _suspicion(suspicion: Suspicion) -> messages.Suspicion:
    return messages.Suspicion(
        reason=suspicion.reason, evidence=evidence_message(suspicion.evidence)
    )


def _failure(failure: Failure | None) -> failure_pb2.Failure | None:
    if failure is None:
        return None
    return failure_pb2.Failure(reason=failure.reason, message=failure.message)
