"""Promise: who asks what is held of them is told all of it, and that they asked is on record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from kioku_rt.auth import Principal

from kioku_face.audit.entry import Entry
from kioku_face.consent.authority import sees
from kioku_face.consent.consent import Consent, PersonRef, person_not_found
from kioku_face.consent.forgetting import People
from kioku_face.face import Face
from kioku_face.people.person import Person


@dataclass(frozen=True)
class Held:
    """Everything that is held of a person; vectors are told to exist, not given."""

    person: Person
    consents: Sequence[Consent]
    faces: Sequence[Face]
    audit: Sequence[Entry]


class ExportStore(Protocol):
    """Reading everything."""

    async def held(self, principal: Principal, person: PersonRef, request_id: str) -> Held | None:
        """What is held; None where there is no such person any more."""


class Export:
    """ExportPerson."""

    def __init__(self, people: People, store: ExportStore) -> None:
        self._people = people
        self._store = store

    async def held(self, principal: Principal, person_id: UUID, request_id: str) -> Held:
        """What is held of a person, for their owner, themselves, or a service that asks for them.

        Raises:
            KiokuError: PERSON_NOT_FOUND.
        """
        person = await self._people.find(principal, person_id)
        if person is None or not sees(principal, person):
            raise person_not_found()
        held = await self._store.held(principal, person, request_id)
        if held is None:
            raise person_not_found()
        return held
