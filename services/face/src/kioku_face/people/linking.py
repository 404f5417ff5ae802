"""Promise: whatever is said of whose a face is can be taken back, and is as it was before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kioku_rt.errors import InvalidInput
from kioku_rt.page_token import PageTokens, scope_of
from kioku_rt.reasons import Reason

from kioku_face.people.change import Change, Linked, Undone
from kioku_face.people.ports import Call, ChangeStore, LinkStore

MOST_FACES = 1000


@dataclass(frozen=True)
class ChangePage:
    """Changes, the newest first, and the token of the next page (empty: this was the last)."""

    changes: tuple[Change, ...]
    next_page_token: str


class Linking:
    """AssignFaces, RejectFace, NameAnonymousPerson, MergePeople, UndoChange and ListChanges."""

    def __init__(self, links: LinkStore, changes: ChangeStore, tokens: PageTokens) -> None:
        self._links = links
        self._changes = changes
        self._tokens = tokens

    async def assign(self, call: Call, person_id: UUID, face_ids: Sequence[UUID]) -> Linked:
        """Link the faces, all or none.

        Args:
            face_ids: 1 to 1000; named twice counts once.

        Raises:
            InvalidInput: FIELD_MISSING, FIELD_INVALID.
            KiokuError: PERSON_NOT_FOUND, FACE_NOT_FOUND, CONSENT_MISSING, FACES_SAME_PICTURE.
        """
        if not face_ids:
            raise InvalidInput(Reason.FIELD_MISSING, "Name a face.", field="face_ids")
        if len(face_ids) > MOST_FACES:
            raise InvalidInput(
                Reason.FIELD_INVALID,
                f"There are {len(face_ids)} faces; the limit is {MOST_FACES}.",
                field="face_ids",
                metadata={"faces": str(len(face_ids)), "limit": str(MOST_FACES)},
            )
        return await self._links.assign(call, person_id, sorted(set(face_ids)))

    async def reject(self, call: Call, person_id: UUID, face_id: UUID) -> UUID:
        """Say that the face is not theirs; the change.

        Raises:
            KiokuError: PERSON_NOT_FOUND, FACE_NOT_FOUND.
        """
        return await self._links.reject(call, person_id, face_id)

    async def name(self, call: Call, anonymous_id: UUID, person_id: UUID) -> Linked:
        """Say who somebody unknown is.

        Raises:
            KiokuError: ANONYMOUS_NOT_FOUND, PERSON_NOT_FOUND, CONSENT_MISSING, FACES_SAME_PICTURE.
        """
        return await self._links.name(call, anonymous_id, person_id)

    async def merge(self, call: Call, person_id: UUID, into: UUID) -> Linked:
        """Make two people one.

        Raises:
            InvalidInput: FIELD_INVALID for a person and themselves.
            KiokuError: PERSON_NOT_FOUND, CONSENT_MISSING, FACES_SAME_PICTURE, PEOPLE_OF_TWO_USERS.
        """
        if person_id == into:
            raise InvalidInput(
                Reason.FIELD_INVALID,
                "A person cannot be merged into themselves.",
                field="into_person_id",
            )
        return await self._links.merge(call, person_id, into)

    async def undo(self, call: Call, change_id: UUID) -> Undone:
        """Take a change back.

        Raises:
            KiokuError: CHANGE_NOT_FOUND, CHANGE_UNDONE, CHANGE_OUTDATED, CHANGE_ERASED.
        """
        return await self._changes.undo(call, change_id)

    async def page(self, call: Call, person_id: UUID | None, size: int, token: str) -> ChangePage:
        """A page of changes, the newest first.

        Args:
            person_id: only those that touched this person; None: all.

        Raises:
            InvalidInput: PAGE_TOKEN_INVALID.
        """
        scope = scope_of("changes", call.owner, person_id)
        after = None
        if token:
            created, change_id = self._tokens.read(scope, token)
            after = (datetime.fromisoformat(created), UUID(change_id))
        rows = await self._changes.page(call, person_id, size + 1, after)
        shown = tuple(rows[:size])
        if len(rows) <= size:
            return ChangePage(shown, "")
        last = shown[-1]
        position = [last.created_at.isoformat(), str(last.change_id)]
        return ChangePage(shown, self._tokens.sign(scope, position))
