"""Consents, erasures and exports as the messages of `kioku.face.v1`."""

from __future__ import annotations

from kioku.face.v1 import consent_service_pb2 as messages
from kioku.face.v1 import face_pb2

from kioku_face.audit.entry_message import entry_message
from kioku_face.consent.consent import SCOPE, Consent, State
from kioku_face.consent.erasure import Erasure, ErasureState
from kioku_face.consent.export import Held
from kioku_face.face_message import face_message, timestamp
from kioku_face.people.people_message import person_message

_STATES = {
    State.GRANTED: face_pb2.CONSENT_STATE_GRANTED,
    State.WITHDRAWN: face_pb2.CONSENT_STATE_WITHDRAWN,
    State.EXPIRED: face_pb2.CONSENT_STATE_EXPIRED,
}
_ERASURES = {
    ErasureState.PENDING: messages.ERASURE_STATE_PENDING,
    ErasureState.ERASED: messages.ERASURE_STATE_ERASED,
    ErasureState.SCRUBBED: messages.ERASURE_STATE_SCRUBBED,
}


def consent_message(consent: Consent) -> messages.Consent:
    """One entry."""
    return messages.Consent(
        version=consent.version,
        state=_STATES[consent.state],
        scope=SCOPE,
        text_version=consent.text_version,
        actor=consent.actor,
        create_time=timestamp(consent.created_at),
        expire_time=timestamp(consent.expires_at),
    )


def erasure_message(erasure: Erasure) -> messages.Erasure:
    """How far an erasure is."""
    return messages.Erasure(
        erasure_id=str(erasure.erasure_id),
        person_id="" if erasure.person_id is None else str(erasure.person_id),
        state=_ERASURES[erasure.state],
        faces=erasure.faces,
        vectors=erasure.vectors,
        create_time=timestamp(erasure.created_at),
        erase_time=timestamp(erasure.erased_at),
        scrub_time=timestamp(erasure.scrubbed_at),
    )


def export_message(held: Held) -> messages.ExportPersonResponse:
    """Everything that is held of a person."""
    return messages.ExportPersonResponse(
        person=person_message(held.person),
        consents=[consent_message(one) for one in held.consents],
        faces=[face_message(one) for one in held.faces],
        audit=[entry_message(one) for one in held.audit],
    )
