"""What the use cases of people stand on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from kioku_rt.auth.principal import Acting
from kioku_rt.reasons import Reason
from kioku_rt.space import Space

from kioku_face.face import Face, FoundFace
from kioku_face.people.change import Change, Linked, Undone
from kioku_face.people.person import Facts, Person, Update


@dataclass(frozen=True)
class Call:
    """For whom something is done, and the request's name; both are in the audit."""

    acting: Acting
    request_id: str

    @property
    def owner(self) -> str:
        """Whose people these are."""
        return self.acting.owner


@dataclass(frozen=True)
class PeopleFilter:
    """Which people a list shows; an empty collection or prefix means any."""

    collection_id: str = ""
    show_hidden: bool = False
    name_prefix: str = ""


@dataclass(frozen=True)
class Enrolment:
    """The one good face of a picture that is not kept.

    Args:
        sha256: of the picture's bytes, hex.
        space: of the face's vector.
        request_id: under which it is done once; None: as often as it is asked.
    """

    found: FoundFace
    sha256: str
    space: Space
    request_id: UUID | None


@dataclass(frozen=True)
class Enrolled:
    """A face that is known now, and whose it is."""

    face: Face
    person: Person


@dataclass(frozen=True)
class Removal:
    """How far somebody's removal is: its erasure, and whether everything is erased already."""

    erasure_id: UUID
    done: bool


class Withdrawal(Protocol):
    """Removing somebody: consent taken back, everything erased, the person gone."""

    async def remove(self, acting: Acting, person_id: UUID, *, request_id: str) -> Removal:
        """Withdraw for good: as a withdrawal of consent (also of a person who never agreed), and
        the person's row is gone, with the rows of those who were merged into them.

        Raises:
            KiokuError: PERSON_NOT_FOUND.
        """


class PeopleStore(Protocol):
    """People, each method one audited transaction in the name of one owner."""

    async def create(self, call: Call, facts: Facts, request_id: UUID | None) -> Person | None:
        """The new person, or the one that this request id made; None: that one is gone."""

    async def find(self, call: Call, person_id: UUID) -> Person | None:
        """The person, unless another owner's, merged, or not there."""

    async def page(
        self, call: Call, wanted: PeopleFilter, limit: int, after: UUID | None
    ) -> list[Person]:
        """At most `limit` people in order of name, beginning after the one named.

        Raises:
            KiokuError: PAGE_TOKEN_EXPIRED when that one is gone.
        """

    async def update(self, call: Call, person_id: UUID, update: Update) -> Person | None:
        """The person afterwards; None: there is no such person.

        Raises:
            KiokuError: VERSION_OUTDATED, CONSENT_NOT_THEIRS.
        """


class EnrolmentStore(Protocol):
    """Making faces known, each method one audited transaction."""

    async def enrolled_by(self, call: Call, person_id: UUID, request_id: UUID) -> Enrolled | None:
        """The face that this request made known, and its person; None: it did not yet.

        Raises:
            KiokuError: REQUEST_ID_REUSED if it was another person's.
        """

    async def require(self, call: Call, person_id: UUID) -> Person:
        """The person. Raises KiokuError PERSON_NOT_FOUND, CONSENT_MISSING."""

    async def refused(self, call: Call, person_id: UUID, reason: Reason) -> None:
        """Record that a picture was looked at and not taken."""

    async def enroll_picture(self, call: Call, person_id: UUID, new: Enrolment) -> Enrolled:
        """Link a new face, and announce its vector.

        Raises:
            KiokuError: PERSON_NOT_FOUND, CONSENT_MISSING, FACE_ERASED, REQUEST_ID_REUSED.
        """

    async def enroll_face(self, call: Call, person_id: UUID, face_id: UUID) -> Enrolled:
        """Link a face that was found, if it is good.

        Raises:
            KiokuError: PERSON_NOT_FOUND, FACE_NOT_FOUND, CONSENT_MISSING, FACES_SAME_PICTURE, or
                the face's flaw.
        """


class LinkStore(Protocol):
    """Whose faces are whose; each method one audited transaction, kept as a change."""

    async def assign(self, call: Call, person_id: UUID, face_ids: Sequence[UUID]) -> Linked:
        """Link all of the faces, or none.

        Raises:
            KiokuError: PERSON_NOT_FOUND, FACE_NOT_FOUND, CONSENT_MISSING, FACES_SAME_PICTURE.
        """

    async def reject(self, call: Call, person_id: UUID, face_id: UUID) -> UUID:
        """Unlink the face for good; the change.

        Raises:
            KiokuError: PERSON_NOT_FOUND, FACE_NOT_FOUND.
        """

    async def name(self, call: Call, anonymous_id: UUID, person_id: UUID) -> Linked:
        """Link all faces of somebody unknown.

        Raises:
            KiokuError: ANONYMOUS_NOT_FOUND, and as `assign`.
        """

    async def merge(self, call: Call, person_id: UUID, into: UUID) -> Linked:
        """The first becomes the second.

        Raises:
            KiokuError: PERSON_NOT_FOUND, CONSENT_MISSING, FACES_SAME_PICTURE,
                PEOPLE_OF_TWO_USERS.
        """


class ChangeStore(Protocol):
    """Changes, and taking them back."""

    async def undo(self, call: Call, change_id: UUID) -> Undone:
        """Restore what it touched, in one audited transaction.

        Raises:
            KiokuError: CHANGE_NOT_FOUND, CHANGE_UNDONE, CHANGE_OUTDATED, CHANGE_ERASED.
        """

    async def page(
        self, call: Call, person_id: UUID | None, limit: int, after: tuple[datetime, UUID] | None
    ) -> list[Change]:
        """At most `limit` changes, the newest first."""
