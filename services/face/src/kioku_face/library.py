"""Promise: an owner sees the faces of their pictures and people, and nothing of anybody else's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum, unique
from typing import Protocol
from uuid import UUID

from kioku_rt.auth.principal import Acting
from kioku_rt.errors import KiokuError
from kioku_rt.page_token import PageTokens, scope_of
from kioku_rt.reasons import Reason

from kioku_face.face import Face


@unique
class Of(StrEnum):
    """Whose faces a list shows."""

    ASSET = "asset_id"
    PERSON = "person_id"
    ANONYMOUS = "anonymous_id"


@dataclass(frozen=True)
class Wanted:
    """Faces of one asset, person, or somebody unknown."""

    of: Of
    id: UUID


@dataclass(frozen=True)
class Place:
    """Where a page of faces begins: after this face."""

    quality: float
    face_id: UUID


@dataclass(frozen=True)
class FacePage:
    """Faces, the best first, and the token of the next page (empty: this was the last)."""

    faces: tuple[Face, ...]
    next_page_token: str


@dataclass(frozen=True)
class Anonymous:
    """Faces that look alike and are linked to nobody."""

    anonymous_id: UUID
    face_count: int
    cover_face_id: UUID
    created_at: datetime
    newest_at: datetime


@dataclass(frozen=True)
class AnonymousPage:
    """Unknown people, each with when it ends; those with most faces first."""

    people: tuple[tuple[Anonymous, datetime], ...]
    next_page_token: str


class LibraryStore(Protocol):
    """Reading faces in the name of one owner, audited in the transaction that reads."""

    async def faces(
        self, acting: Acting, wanted: Wanted, limit: int, after: Place | None
    ) -> list[Face] | None:
        """At most `limit` faces; None if there is no such asset or person."""

    async def anonymous(
        self, acting: Acting, min_faces: int, limit: int, after: tuple[int, UUID] | None
    ) -> list[Anonymous]:
        """At most `limit` unknown people with at least so many faces."""


class Library:
    """ListFaces and ListAnonymousPeople.

    Args:
        retention: how long an anonymous id lives without a new face.
    """

    def __init__(self, store: LibraryStore, tokens: PageTokens, retention: timedelta) -> None:
        self._store = store
        self._tokens = tokens
        self._retention = retention

    async def faces(self, acting: Acting, wanted: Wanted, size: int, token: str) -> FacePage:
        """A page of faces.

        Raises:
            InvalidInput: PAGE_TOKEN_INVALID.
            KiokuError: ASSET_NOT_FOUND, PERSON_NOT_FOUND.
        """
        scope = scope_of("faces", acting.owner, wanted.of.value, str(wanted.id))
        after = None
        if token:
            quality, face_id = self._tokens.read(scope, token)
            after = Place(quality, UUID(face_id))
        rows = await self._store.faces(acting, wanted, size + 1, after)
        if rows is None:
            raise _not_found(wanted)
        shown = tuple(rows[:size])
        if len(rows) <= size:
            return FacePage(shown, "")
        last = shown[-1]
        return FacePage(shown, self._tokens.sign(scope, [last.quality.score, str(last.face_id)]))

    async def anonymous(
        self, acting: Acting, min_faces: int, size: int, token: str
    ) -> AnonymousPage:
        """A page of unknown people.

        Raises:
            InvalidInput: PAGE_TOKEN_INVALID.
        """
        scope = scope_of("anonymous", acting.owner, min_faces)
        after = None
        if token:
            count, anonymous_id = self._tokens.read(scope, token)
            after = (count, UUID(anonymous_id))
        rows = await self._store.anonymous(acting, min_faces, size + 1, after)
        shown = self._with_ends(rows[:size])
        if len(rows) <= size:
            return AnonymousPage(shown, "")
        last = rows[size - 1]
        position = [last.face_count, str(last.anonymous_id)]
        return AnonymousPage(shown, self._tokens.sign(scope, position))

    def _with_ends(self, people: Sequence[Anonymous]) -> tuple[tuple[Anonymous, datetime], ...]:
        return tuple((one, one.newest_at + self._retention) for one in people)


def _not_found(wanted: Wanted) -> KiokuError:
    reason = Reason.ASSET_NOT_FOUND if wanted.of is Of.ASSET else Reason.PERSON_NOT_FOUND
    return KiokuError(reason, field=wanted.of.value)
