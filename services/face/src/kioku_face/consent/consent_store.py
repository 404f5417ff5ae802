"""Consents in PostgreSQL.  Implements `ConsentStore` and `Untold`.

A person is looked for as the worker, because their owner is not known yet when their own user asks;
whatever is read or written then happens in the name of that owner.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason

from kioku_face.consent.authority import acting_for, check_may_grant
from kioku_face.consent.consent import Consent, PersonRef, State
from kioku_face.consent.consent_rows import (
    CONSENT_COLUMNS,
    add_entry,
    announce_consent,
    consent_of,
    lock_person,
)
from kioku_face.consent.telling import Change
from kioku_face.database import owned, record, unbound
from kioku_face.vectors import Matchable

if TYPE_CHECKING:
    from uuid import UUID

    import asyncpg
    from kioku_rt.auth import Principal

    from kioku_face.consent.granting import Grant

_FIND = """
SELECT owner, person_id, user_id, merged_into FROM face.people
WHERE person_id = $1 AND ($2 OR $3 IN (owner, user_id)) ORDER BY owner = $3 DESC LIMIT 1
"""
_PENDING = """
SELECT EXISTS (SELECT FROM face.erasures WHERE owner = $1 AND state = 'PENDING'
    AND (person_id = $2 OR $2 = ANY (merged_ids)))
"""
_HISTORY = f"""
SELECT {CONSENT_COLUMNS} FROM face.consents
WHERE owner = $1 AND person_id = $2 AND ($3::bigint IS NULL OR version < $3)
ORDER BY version DESC LIMIT $4
"""  # noqa: S608
_CHANGES = """
SELECT c.sequence, c.person_id, c.version, c.state, c.expires_at, coalesce(p.user_id, '') AS user_id
FROM face.consents c LEFT JOIN face.people p USING (owner, person_id)
WHERE c.owner = $1
    AND c.sequence > (SELECT told FROM face.consent_sequences WHERE owner = $1)
ORDER BY c.sequence LIMIT $2
"""


class ConsentStore:
    """Who agreed to what.

    Args:
        api: pool of the role `face_api`.
        worker: pool of the role `face_worker`.
    """

    def __init__(self, api: asyncpg.Pool, worker: asyncpg.Pool) -> None:
        self._api = api
        self._worker = worker

    async def find(self, principal: Principal, person_id: UUID) -> PersonRef | None:
        """The person, if the caller owns them, is them, or is a service."""
        async with unbound(self._worker) as connection:
            row = await connection.fetchrow(_FIND, person_id, principal.service, principal.subject)
        return None if row is None else PersonRef(**dict(row))

    async def grant(self, principal: Principal, person: PersonRef, grant: Grant) -> Consent | None:
        """Record it; None where there is no such person any more."""
        acting = acting_for(principal, person.owner)
        async with owned(self._api, acting) as connection:
            now = await lock_person(connection, person.owner, person.person_id)
            if now is None or now.merged_into is not None:
                return None
            check_may_grant(principal, now)
            if await connection.fetchval(_PENDING, now.owner, now.person_id):
                raise KiokuError(Reason.ERASURE_PENDING, retry_after=1.0)
            consent = await add_entry(
                connection,
                now.owner,
                now.person_id,
                State.GRANTED,
                actor=principal.subject,
                text_version=grant.text_version,
                expires_at=grant.expires_at,
            )
            await announce_consent(connection, now.owner, consent, now.user_id)
            await record(
                connection,
                acting,
                "consent.grant",
                str(now.person_id),
                request_id=grant.request_id,
                version=consent.version,
                text_version=grant.text_version,
            )
        return consent

    async def history(
        self, principal: Principal, owner: str, person_id: UUID, limit: int, before: int | None
    ) -> list[Consent]:
        """At most `limit` entries, the newest first, of versions below `before`."""
        acting = acting_for(principal, owner)
        async with owned(self._api, acting) as connection:
            await record(connection, acting, "consent.list", str(person_id))
            rows = await connection.fetch(_HISTORY, owner, person_id, before, limit)
        return [consent_of(row) for row in rows]

    async def changes(self, owner: str, limit: int) -> list[Change]:
        """Entries after the last one that `search` was told of, the oldest first."""
        async with unbound(self._worker) as connection:
            rows = await connection.fetch(_CHANGES, owner, limit)
        return [_change_of(row) for row in rows]

    async def told(self, owner: str, sequence: int) -> None:
        """Remember that it knows of all up to this one."""
        async with unbound(self._worker) as connection:
            await connection.execute(
                "UPDATE face.consent_sequences SET told = $2 WHERE owner = $1 AND told < $2",
                owner,
                sequence,
            )

    async def owners(self, limit: int) -> list[str]:
        """Owners with entries that it was not told of."""
        async with unbound(self._worker) as connection:
            rows = await connection.fetch(
                "SELECT owner FROM face.consent_sequences WHERE told < sequence LIMIT $1", limit
            )
        return [row["owner"] for row in rows]


def _change_of(row: asyncpg.Record) -> Change:
    return Change(
        row["sequence"],
        Matchable(
            person_id=row["person_id"],
            user_id=row["user_id"],
            consented=State(row["state"]) is State.GRANTED,
            expires_at=row["expires_at"],
            version=row["version"],
        ),
    )
