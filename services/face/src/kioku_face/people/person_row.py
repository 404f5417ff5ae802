"""Rows of people, read as values, and how a transaction that changes them begins."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import asyncpg
from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason

from kioku_face.database import owned
from kioku_face.people.person import ConsentState, Facts, Person

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from uuid import UUID

    from kioku_rt.db.pool import Connection

    from kioku_face.people.ports import Call

SELECT_PERSON = """
SELECT p.person_id, p.name, p.user_id, p.collection_id, p.hidden, p.version, p.created_at,
    p.updated_at,
    CASE WHEN c.state = 'GRANTED' AND c.expires_at <= clock_timestamp() THEN 'EXPIRED'
        ELSE coalesce(c.state, 'UNSPECIFIED') END AS consent_state,
    (SELECT count(*) FROM face.faces f
        WHERE f.owner = p.owner AND f.person_id = p.person_id) AS face_count
FROM face.people p LEFT JOIN face.consent_states c USING (owner, person_id)
WHERE p.owner = $1 AND p.merged_into IS NULL
"""
_LOCK = """
SELECT person_id, user_id FROM face.people
WHERE owner = $1 AND person_id = ANY($2::uuid[]) AND merged_into IS NULL
ORDER BY person_id FOR NO KEY UPDATE
"""
LONG_SECONDS = 20.0
"""For a statement that changes all faces of somebody; tens of thousands take some seconds."""
_LONG = "SET LOCAL statement_timeout = '20s'"
_REFUSALS = {"KF001": Reason.CONSENT_MISSING, "KF002": Reason.PERSON_NOT_FOUND}
"""SQLSTATEs of `face.check_link`, which triggers call for every new link."""
_ONE_OF_A_PICTURE = "faces_one_of_a_picture"


@asynccontextmanager
async def changing(pool: asyncpg.Pool, call: Call) -> AsyncIterator[Connection]:
    """A transaction that changes people or links of an owner, alone with them.

    Raises:
        KiokuError: CONSENT_MISSING, PERSON_NOT_FOUND, FACES_SAME_PICTURE: what the database itself
            refuses.
    """
    try:
        async with owned(pool, call.acting) as connection:
            await connection.execute("SELECT face.hold_people($1)", call.owner)
            await connection.execute(_LONG)
            yield connection
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name != _ONE_OF_A_PICTURE:
            raise
        raise KiokuError(Reason.FACES_SAME_PICTURE) from error
    except asyncpg.PostgresError as error:
        reason = _REFUSALS.get(error.sqlstate or "")
        if reason is None:
            raise
        raise KiokuError(reason, field="person_id") from error


async def lock_people(connection: Connection, owner: str, **ids: UUID) -> dict[UUID, str]:
    """The users of people, held until the transaction ends.

    Args:
        ids: by the request's field.

    Raises:
        KiokuError: PERSON_NOT_FOUND for the first that is not there, or merged.
    """
    rows = await connection.fetch(_LOCK, owner, list(ids.values()))
    users = {row["person_id"]: row["user_id"] for row in rows}
    for field, person_id in ids.items():
        if person_id not in users:
            raise KiokuError(Reason.PERSON_NOT_FOUND, field=field)
    return users


async def hold_consent(connection: Connection, owner: str, person_id: UUID) -> bool:
    """Whether somebody's consent stands; it cannot be taken back before the transaction ends."""
    stands: bool = await connection.fetchval("SELECT face.hold_consent($1, $2)", owner, person_id)
    return stands


async def require_consent(connection: Connection, owner: str, person_id: UUID) -> None:
    """Hold somebody's consent.  Raises KiokuError CONSENT_MISSING."""
    if not await hold_consent(connection, owner, person_id):
        raise KiokuError(Reason.CONSENT_MISSING, field="person_id")


async def visible_person(connection: Connection, owner: str, person_id: UUID) -> Person | None:
    """The person, unless merged or not there."""
    row = await connection.fetchrow(f"{SELECT_PERSON} AND p.person_id = $2", owner, person_id)
    return person_of(row) if row else None


async def present_person(connection: Connection, owner: str, person_id: UUID) -> Person:
    """The person.  Raises KiokuError PERSON_NOT_FOUND."""
    person = await visible_person(connection, owner, person_id)
    if person is None:
        raise KiokuError(Reason.PERSON_NOT_FOUND, field="person_id")
    return person


def person_of(row: asyncpg.Record) -> Person:
    """The person that a row of `SELECT_PERSON` holds."""
    return Person(
        row["person_id"],
        Facts(row["name"], row["user_id"], row["collection_id"], row["hidden"]),
        ConsentState(row["consent_state"]),
        row["face_count"],
        row["version"],
        row["created_at"],
        row["updated_at"],
    )
