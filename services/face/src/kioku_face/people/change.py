"""What a change of people is, and what is left of it when it is taken back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, unique
from uuid import UUID

from kioku_face.people.person import Person


@unique
class Action(StrEnum):
    """What was done."""

    MERGE = "merge"
    ASSIGN = "assign"
    REJECT = "reject"
    NAME = "name"
    ENROLL = "enroll"
    UNDO = "undo"


@dataclass(frozen=True)
class Change:
    """One change; `person_ids` and `face_count` shrink when somebody is erased."""

    change_id: UUID
    action: Action
    person_ids: tuple[UUID, ...]
    face_count: int
    actor: str
    created_at: datetime
    undone_at: datetime | None


@dataclass(frozen=True)
class Linked:
    """A person after a change, and the change."""

    person: Person
    change_id: UUID


@dataclass(frozen=True)
class Undone:
    """What was taken back.

    Args:
        change_id: of the taking back, which is a change as well.
        people: whom the change had touched, as they are now; those who are merged are left out.
        skipped: faces that stay where they are, because they were linked otherwise since, or must
            not be linked back.
    """

    change_id: UUID
    people: tuple[Person, ...]
    skipped: tuple[UUID, ...]
