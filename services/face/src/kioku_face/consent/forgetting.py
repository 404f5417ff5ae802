"""Promise: when a withdrawal returns, nothing matches the person, and what was held is going.

One transaction of this service ends the consent, removes faces and links, and leaves tombstones.
`search` is then asked to remove the vectors, and waited for; if it is away the withdrawal stands,
`search` refuses the owner's questions until it has heard of it, and the job goes on.
"""

from __future__ import annotations

import asyncio
from typing import Protocol
from uuid import UUID

import structlog
from kioku_rt.auth import Acting, Principal
from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason

from kioku_face.consent.authority import sees
from kioku_face.consent.consent import ConsentRules, PersonRef, person_not_found
from kioku_face.consent.erasing import Erasing
from kioku_face.consent.erasure import Erasure, ErasureState, Withdrawn
from kioku_face.people.ports import Removal

log = structlog.get_logger(__name__)


class People(Protocol):
    """Finding the person a call is about."""

    async def find(self, principal: Principal, person_id: UUID) -> PersonRef | None:
        """The person, if the caller owns them, is them, or is a service."""


class ForgettingStore(Protocol):
    """The transactions that forget; each is audited."""

    async def withdraw(
        self, principal: Principal, person: PersonRef, purpose: str, request_id: str
    ) -> Withdrawn | None:
        """Take a consent back; None where there is no such person any more."""

    async def remove(self, acting: Acting, person_id: UUID, request_id: str) -> Erasure | None:
        """The same, and the person is gone; None where there is none."""

    async def find_erasure(
        self, principal: Principal, erasure_id: UUID, request_id: str
    ) -> Erasure | None:
        """The erasure, if the caller owns it, is its subject, or is a service."""


class Forgetting:
    """WithdrawConsent, GetErasure, and the removal of people (port `Withdrawal`)."""

    def __init__(
        self, people: People, store: ForgettingStore, erasing: Erasing, rules: ConsentRules
    ) -> None:
        self._people = people
        self._store = store
        self._erasing = erasing
        self._wait = rules.wait.total_seconds()

    async def withdraw(
        self, principal: Principal, person_id: UUID, purpose: str, request_id: str
    ) -> Withdrawn:
        """Take a consent back, and erase.

        Raises:
            KiokuError: PERSON_NOT_FOUND.
        """
        person = await self._people.find(principal, person_id)
        if person is None or not sees(principal, person):
            raise person_not_found()
        withdrawn = await self._store.withdraw(principal, person, purpose, request_id)
        if withdrawn is None:
            raise person_not_found()
        if not withdrawn.begun:
            return withdrawn
        erasure = await self._carry_out(withdrawn.erasure)
        return Withdrawn(withdrawn.consent, erasure, begun=True)

    async def remove(self, acting: Acting, person_id: UUID, *, request_id: str) -> Removal:
        """Take the consent back for good, erase, and remove the person.

        Raises:
            KiokuError: PERSON_NOT_FOUND.
        """
        begun = await self._store.remove(acting, person_id, request_id)
        if begun is None:
            raise person_not_found()
        erasure = await self._carry_out(begun)
        return Removal(erasure.erasure_id, done=erasure.state is not ErasureState.PENDING)

    async def erasure(self, principal: Principal, erasure_id: UUID, request_id: str) -> Erasure:
        """How far an erasure is.

        Raises:
            KiokuError: ERASURE_NOT_FOUND.
        """
        found = await self._store.find_erasure(principal, erasure_id, request_id)
        if found is None:
            raise KiokuError(Reason.ERASURE_NOT_FOUND, field="erasure_id")
        return found

    async def _carry_out(self, erasure: Erasure) -> Erasure:
        """Ask `search`, and wait so long; the erasure as it then is."""
        try:
            async with asyncio.timeout(self._wait):
                return await self._erasing.carry_out(erasure)
        except (KiokuError, TimeoutError) as error:
            log.warning("erasure.waits", cause=type(error).__name__)
            await self._erasing.let_go(erasure)
            return erasure
