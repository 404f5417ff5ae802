"""Entries of consent in PostgreSQL: added under the owner's lock, told of by the same commit."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from google.protobuf.timestamp_pb2 import Timestamp
from kioku.events.v1 import events_pb2
from kioku_rt.events.outbox import enqueue

from kioku_face.consent.consent import Consent, PersonRef, State
from kioku_face.database import SCHEMA
from kioku_face.face_message import timestamp

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    import asyncpg
    from kioku_rt.db.pool import Connection

CONSENT_COLUMNS = "person_id, version, state, text_version, actor, sequence, created_at, expires_at"
# The row's lock is held until the transaction ends, so sequences are in the order of commits.
_NEXT = """
INSERT INTO face.consent_sequences AS s (owner, sequence) VALUES ($1, 1)
ON CONFLICT (owner) DO UPDATE SET sequence = s.sequence + 1 RETURNING sequence
"""
_ADD = f"""
INSERT INTO face.consents
    (owner, person_id, version, state, text_version, actor, sequence, expires_at)
SELECT $1, $2, coalesce(max(version), 0) + 1, $3, $4, $5, $6, $7
FROM face.consents WHERE owner = $1 AND person_id = $2 RETURNING {CONSENT_COLUMNS}
"""  # noqa: S608
_HOLDS = """
INSERT INTO face.consent_states (owner, person_id, version, state, expires_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (owner, person_id) DO UPDATE SET version = $3, state = $4, expires_at = $5
"""
_NEWEST = f"""
SELECT {CONSENT_COLUMNS} FROM face.consents
WHERE owner = $1 AND person_id = $2 ORDER BY version DESC LIMIT 1
"""  # noqa: S608
EVENT_FACES = 10_000
"""Of so many faces an event tells at most, for its size; `EraseFaces` tells of all."""


def consent_of(row: asyncpg.Record) -> Consent:
    """The entry that a row with `CONSENT_COLUMNS` holds."""
    return Consent(
        person_id=row["person_id"],
        version=row["version"],
        state=State(row["state"]),
        text_version=row["text_version"],
        actor=row["actor"],
        sequence=row["sequence"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
    )


async def newest(connection: Connection, owner: str, person_id: UUID) -> Consent | None:
    """What holds; None: they were never asked."""
    row = await connection.fetchrow(_NEWEST, owner, person_id)
    return None if row is None else consent_of(row)


async def add_entry(
    connection: Connection,
    owner: str,
    person_id: UUID,
    state: State,
    *,
    actor: str,
    text_version: str = "",
    expires_at: datetime | None = None,
) -> Consent:
    """Add what holds from now on; every change of the owner's consents waits for this one."""
    sequence = await connection.fetchval(_NEXT, owner)
    row = await connection.fetchrow(
        _ADD, owner, person_id, state, text_version, actor, sequence, expires_at
    )
    assert row is not None  # noqa: S101 - an aggregate has one row
    added = consent_of(row)
    await connection.execute(_HOLDS, owner, person_id, added.version, state, expires_at)
    return added


async def lock_person(connection: Connection, owner: str, person_id: UUID) -> PersonRef | None:
    """The person, whose row nobody changes until the transaction ends."""
    row = await connection.fetchrow(
        "SELECT user_id, merged_into FROM face.people"
        " WHERE owner = $1 AND person_id = $2 FOR UPDATE",
        owner,
        person_id,
    )
    return None if row is None else PersonRef(owner, person_id, row["user_id"], row["merged_into"])


async def announce_consent(
    connection: Connection,
    owner: str,
    consent: Consent,
    user_id: str,
    erased: Sequence[UUID] = (),
) -> None:
    """`consent.changed`, in the caller's transaction."""
    message = events_pb2.ConsentChanged(
        owner=owner,
        consent_sequence=consent.sequence,
        person_id=str(consent.person_id),
        user_id=user_id,
        consented=consent.state is State.GRANTED,
        expire_time=timestamp(consent.expires_at),
        version=consent.version,
        erase_face_ids=[str(face_id) for face_id in erased[:EVENT_FACES]],
        actor=consent.actor,
        event_time=_now(),
    )
    await enqueue(connection, schema=SCHEMA, subject="consent.changed", message=message)


async def announce_deleted(connection: Connection, owner: str, person_id: UUID) -> None:
    """`person.deleted`, once, in the caller's transaction."""
    message = events_pb2.PersonDeleted(owner=owner, person_id=str(person_id), event_time=_now())
    await enqueue(
        connection,
        schema=SCHEMA,
        subject="person.deleted",
        message=message,
        event_id=f"person-deleted-{person_id}",
    )


def _now() -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(datetime.now(UTC))
    return stamp
