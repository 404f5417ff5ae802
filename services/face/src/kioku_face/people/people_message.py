"""People and changes as the messages of `kioku.face.v1`."""

from __future__ import annotations

from kioku.face.v1 import face_pb2
from kioku.face.v1 import people_service_pb2 as messages

from kioku_face.face_message import timestamp
from kioku_face.people.change import Change, Undone
from kioku_face.people.person import Person


def person_message(person: Person) -> face_pb2.Person:
    """A person as their owner sees them."""
    return face_pb2.Person(
        person_id=str(person.person_id),
        collection_id=person.facts.collection_id,
        name=person.facts.name,
        user_id=person.facts.user_id,
        hidden=person.facts.hidden,
        consent_state=face_pb2.ConsentState.Value(f"CONSENT_STATE_{person.consent_state}"),
        face_count=person.face_count,
        version=person.version,
        create_time=timestamp(person.created_at),
        update_time=timestamp(person.updated_at),
    )


def change_message(change: Change) -> messages.Change:
    """A change of people."""
    return messages.Change(
        change_id=str(change.change_id),
        action=change.action,
        person_ids=[str(one) for one in change.person_ids],
        face_count=change.face_count,
        actor=change.actor,
        create_time=timestamp(change.created_at),
        undo_time=timestamp(change.undone_at),
    )


def undone_message(undone: Undone) -> messages.UndoChangeResponse:
    """What was taken back."""
    return messages.UndoChangeResponse(
        people=[person_message(one) for one in undone.people],
        skipped_face_ids=[str(one) for one in undone.skipped],
        change_id=str(undone.change_id),
    )
