"""Withdrawals and removals in PostgreSQL, one audited transaction each.

Implements `ForgettingStore`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kioku_face.consent.authority import acting_for, sees
from kioku_face.consent.consent import PersonRef, State
from kioku_face.consent.consent_rows import lock_person
from kioku_face.consent.erasure import Cause, Erasure, Withdrawn
from kioku_face.consent.erasure_rows import ERASURE_COLUMNS, erasure_of
from kioku_face.consent.forgetting_rows import Order, already, family, forget
from kioku_face.database import owned, record, unbound

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta
    from uuid import UUID

    import asyncpg
    from kioku_rt.auth import Acting, Principal
    from kioku_rt.db.pool import Connection

_FIND = f"""
SELECT {ERASURE_COLUMNS} FROM face.erasures
WHERE erasure_id = $1 AND ($2 OR owner = $3 OR user_id = $3)
"""  # noqa: S608


class ForgettingStore:
    """What forgets.

    Args:
        api: pool of the role `face_api`.
        worker: pool of the role `face_worker`.
        lease: how long whoever began an erasure is alone with it.
    """

    def __init__(self, api: asyncpg.Pool, worker: asyncpg.Pool, lease: timedelta) -> None:
        self._api = api
        self._worker = worker
        self._lease = lease

    async def withdraw(
        self, principal: Principal, person: PersonRef, purpose: str, request_id: str
    ) -> Withdrawn | None:
        """Take a consent back; None where there is no such person any more."""
        acting = acting_for(principal, person.owner)
        async with owned(self._api, acting) as connection:
            now = await _hold(connection, person.owner, person.person_id)
            if now is None or not sees(principal, now):
                return None
            people = await family(connection, now)
            withdrawn = await already(connection, now.owner, people)
            if withdrawn is None:
                order = self._order(now, people, Cause.WITHDRAWN, principal.subject)
                withdrawn = await forget(connection, order)
            await record(
                connection,
                acting,
                "consent.withdraw",
                str(now.person_id),
                purpose=purpose,
                request_id=request_id,
                version=withdrawn.consent.version,
                erasure_id=str(withdrawn.erasure.erasure_id),
                faces=withdrawn.erasure.faces,
            )
        return withdrawn

    async def remove(self, acting: Acting, person_id: UUID, request_id: str) -> Erasure | None:
        """The same, and the person is gone; None where there is none."""
        async with owned(self._api, acting) as connection:
            now = await _hold(connection, acting.owner, person_id)
            if now is None or now.merged_into is not None:
                return None
            people = await family(connection, now)
            order = self._order(now, people, Cause.DELETED, acting.principal.subject)
            gone = await forget(connection, order)
            await connection.execute(  # and with them who had become them
                "DELETE FROM face.people WHERE owner = $1 AND person_id = $2",
                acting.owner,
                person_id,
            )
            await record(
                connection,
                acting,
                "person.delete",
                str(person_id),
                request_id=request_id,
                erasure_id=str(gone.erasure.erasure_id),
                faces=gone.erasure.faces,
            )
        return gone.erasure

    async def find_erasure(
        self, principal: Principal, erasure_id: UUID, request_id: str
    ) -> Erasure | None:
        """The erasure, if the caller owns it, is its subject, or is a service."""
        async with unbound(self._worker) as connection:
            row = await connection.fetchrow(_FIND, erasure_id, principal.service, principal.subject)
            if row is None:
                return None
            acting = acting_for(principal, row["owner"])
            await record(connection, acting, "erasure.get", str(erasure_id), request_id=request_id)
        return erasure_of(row)

    def _order(self, person: PersonRef, people: Sequence[UUID], cause: Cause, actor: str) -> Order:
        return Order(
            owner=person.owner,
            people=people,
            user_id=person.user_id,
            state=State.WITHDRAWN,
            cause=cause,
            actor=actor,
            lease=self._lease,
        )


async def _hold(connection: Connection, owner: str, person_id: UUID) -> PersonRef | None:
    """The person, with nobody changing the owner's people until the transaction ends."""
    await connection.execute("SELECT face.hold_people($1)", owner)
    return await lock_person(connection, owner, person_id)
