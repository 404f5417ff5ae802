"""Promise: a link leads to a document that the app named, and goes with what it is a link of."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from kioku_rt.auth.principal import Acting
from kioku_rt.errors import InvalidInput, KiokuError
from kioku_rt.page_token import PageTokens, scope_of
from kioku_rt.reasons import Reason

MOST_BYTES = 1500
_RESERVED = re.compile(r"\.\.?|__.*__")


@dataclass(frozen=True)
class Link:
    """A document of the app that an observation became, or one entry of it."""

    link_id: UUID
    observation_id: UUID
    entry_id: UUID | None
    document_path: str
    actor: str
    created_at: datetime


@dataclass(frozen=True)
class LinkPage:
    """Links, the oldest first, and the token of the next page (empty: this was the last)."""

    links: tuple[Link, ...]
    next_page_token: str


@dataclass(frozen=True)
class Of:
    """Whose links: of an observation, or to a document."""

    observation_id: UUID | None
    document_path: str


class LinkStore(Protocol):
    """Links in the name of one owner, audited in the transaction that makes them."""

    async def link(
        self, acting: Acting, observation_id: UUID, entry_id: UUID | None, document_path: str
    ) -> Link | None:
        """The link, made where there is none; None: there is no such observation or entry."""

    async def unlink(self, acting: Acting, observation_id: UUID, link_id: UUID) -> None:
        """Remove a link, if there is one."""

    async def page(self, acting: Acting, of: Of, limit: int, after: UUID | None) -> list[Link]:
        """At most `limit` links, the oldest first."""


class Linking:
    """LinkObservation, UnlinkObservation and ListLinks."""

    def __init__(self, store: LinkStore, tokens: PageTokens) -> None:
        self._store = store
        self._tokens = tokens

    async def link(
        self, acting: Acting, observation_id: UUID, entry_id: UUID | None, document_path: str
    ) -> Link:
        """Note which document it became. The same link again is the same.

        Raises:
            InvalidInput: FIELD_INVALID.
            KiokuError: OBSERVATION_NOT_FOUND, ENTRY_NOT_FOUND.
        """
        path = checked_path(document_path)
        link = await self._store.link(acting, observation_id, entry_id, path)
        if link is None:
            reason = Reason.ENTRY_NOT_FOUND if entry_id else Reason.OBSERVATION_NOT_FOUND
            raise KiokuError(reason, field="entry_id" if entry_id else "observation_id")
        return link

    async def unlink(self, acting: Acting, observation_id: UUID, link_id: UUID) -> None:
        """Remove a link; one that is not there is removed."""
        await self._store.unlink(acting, observation_id, link_id)

    async def page(self, acting: Acting, of: Of, size: int, token: str) -> LinkPage:
        """A page of links.

        Raises:
            InvalidInput: PAGE_TOKEN_INVALID.
        """
        scope = scope_of("links", acting.owner, str(of.observation_id), of.document_path)
        after = UUID(self._tokens.read(scope, token)[0]) if token else None
        rows = await self._store.page(acting, of, size + 1, after)
        shown = tuple(rows[:size])
        if len(rows) <= size:
            return LinkPage(shown, "")
        return LinkPage(shown, self._tokens.sign(scope, [str(shown[-1].link_id)]))


def checked_path(path: str) -> str:
    """A document's path, Firestore style: collection and document in turn.

    Raises:
        InvalidInput: FIELD_INVALID.
    """
    segments = path.split("/")
    sound = (
        len(segments) % 2 == 0
        and all(segments)
        and not any(_RESERVED.fullmatch(segment) for segment in segments)
        and path.isprintable()
        and len(path.encode()) <= MOST_BYTES
    )
    if not sound:
        raise InvalidInput(
            Reason.FIELD_INVALID,
            "The path must name a document: an even number of segments, none of them empty,"
            f" reserved (`.`, `..`, `__…__`) or unprintable, at most {MOST_BYTES} bytes in all.",
            field="document_path",
        )
    return path
