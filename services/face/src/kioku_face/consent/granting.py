"""Promise: a consent is recorded once, by whoever may give it, and its history is never changed.

`search` is told in the call, because people expect to be found once they agreed; if it is away, the
job tells it. A consent is not taken while the erasure of an earlier one is under way: what that
removes must not be what was enrolled since.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

import structlog
from kioku_rt.auth import Principal
from kioku_rt.errors import KiokuError
from kioku_rt.page_token import PageTokens, scope_of

from kioku_face.consent.authority import sees
from kioku_face.consent.consent import Consent, ConsentRules, PersonRef, person_not_found
from kioku_face.consent.telling import Telling

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Grant:
    """What somebody agreed to: the text they read, and when it ends by itself."""

    text_version: str
    expires_at: datetime | None
    request_id: str


@dataclass(frozen=True)
class History:
    """Entries, the newest first, and the token of the next page."""

    consents: tuple[Consent, ...]
    next_page_token: str


class ConsentStore(Protocol):
    """Finding people and recording what they agreed to."""

    async def find(self, principal: Principal, person_id: UUID) -> PersonRef | None:
        """The person, if the caller owns them, is them, or is a service."""

    async def grant(self, principal: Principal, person: PersonRef, grant: Grant) -> Consent | None:
        """Record it; None where there is no such person any more.

        Raises:
            KiokuError: CONSENT_NOT_YOURS, ERASURE_PENDING.
        """

    async def history(
        self, principal: Principal, owner: str, person_id: UUID, limit: int, before: int | None
    ) -> Sequence[Consent]:
        """At most `limit` entries, the newest first, of versions below `before`."""


class Granting:
    """GrantConsent and ListConsents."""

    def __init__(
        self, store: ConsentStore, telling: Telling, tokens: PageTokens, rules: ConsentRules
    ) -> None:
        self._store = store
        self._telling = telling
        self._tokens = tokens
        self._wait = rules.wait.total_seconds()

    async def grant(self, principal: Principal, person_id: UUID, grant: Grant) -> Consent:
        """Record a consent.

        Raises:
            KiokuError: PERSON_NOT_FOUND, CONSENT_NOT_YOURS, ERASURE_PENDING.
        """
        person = await self._store.find(principal, person_id)
        if person is None or not sees(principal, person):
            raise person_not_found()
        consent = await self._store.grant(principal, person, grant)
        if consent is None:
            raise person_not_found()
        await self._tell(person.owner)
        return consent

    async def _tell(self, owner: str) -> None:
        try:
            async with asyncio.timeout(self._wait):
                await self._telling.tell(owner)
        except (KiokuError, TimeoutError) as error:
            log.warning("consent.untold", cause=type(error).__name__)

    async def history(
        self, principal: Principal, person_id: UUID, size: int, token: str
    ) -> History:
        """A page of a person's entries. It outlives the person, for their owner.

        Raises:
            InvalidInput: PAGE_TOKEN_INVALID.
            KiokuError: PERSON_NOT_FOUND.
        """
        scope = scope_of("consents", principal.subject, str(person_id))
        before = int(self._tokens.read(scope, token)[0]) if token else None
        person = await self._store.find(principal, person_id)
        if person is not None and not sees(principal, person):
            raise person_not_found()
        owner = principal.subject if person is None else person.owner
        rows = await self._store.history(principal, owner, person_id, size + 1, before)
        if person is None and not rows:
            raise person_not_found()
        shown = tuple(rows[:size])
        more = len(rows) > size
        return History(shown, self._tokens.sign(scope, [shown[-1].version]) if more else "")
