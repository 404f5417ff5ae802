"""Erasures on their way, as the worker.  Implements `ErasureStore`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kioku_face.consent.consent_rows import announce_deleted
from kioku_face.consent.erasure import Cause, Erasure
from kioku_face.consent.erasure_rows import ERASURE_COLUMNS, erasure_of
from kioku_face.consent.work_record import record_work
from kioku_face.database import unbound

if TYPE_CHECKING:
    from datetime import datetime, timedelta
    from uuid import UUID

    import asyncpg
    from kioku_rt.db.pool import Connection

    from kioku_face.vectors import Erased

_CLAIM = f"""
UPDATE face.erasures SET try_after = clock_timestamp() + $2::interval
WHERE (owner, erasure_id) IN (
    SELECT owner, erasure_id FROM face.erasures
    WHERE state = 'PENDING' AND try_after < clock_timestamp()
    ORDER BY try_after LIMIT $1 FOR UPDATE SKIP LOCKED)
RETURNING {ERASURE_COLUMNS}
"""  # noqa: S608
# The event may have had `search` remove them before the call did, which then counts none.
_ERASED = f"""
UPDATE face.erasures SET state = 'ERASED', vectors = greatest($3, had_vectors), scrub_ticket = $4,
    erased_at = clock_timestamp()
WHERE owner = $1 AND erasure_id = $2 AND state = 'PENDING' RETURNING {ERASURE_COLUMNS}
"""  # noqa: S608
_LET_GO = """
UPDATE face.erasures SET try_after = clock_timestamp() + $3::interval
WHERE owner = $1 AND erasure_id = $2 AND state = 'PENDING'
"""
_FIND = f"SELECT {ERASURE_COLUMNS} FROM face.erasures WHERE owner = $1 AND erasure_id = $2"  # noqa: S608
_UNSCRUBBED = f"""
SELECT {ERASURE_COLUMNS} FROM face.erasures WHERE state = 'ERASED' ORDER BY erased_at LIMIT $1
"""  # noqa: S608
_SCRUBBED = """
UPDATE face.erasures SET state = 'SCRUBBED', scrubbed_at = $3
WHERE owner = $1 AND erasure_id = $2 AND state = 'ERASED' RETURNING erasure_id
"""


class ErasureStore:
    """Erasures until they are finished.

    Args:
        pool: of the role `face_worker`.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def claim(self, limit: int, lease: timedelta) -> list[Erasure]:
        """PENDING ones that nobody is at, for the caller alone until the lease ends."""
        async with unbound(self._pool) as connection:
            rows = await connection.fetch(_CLAIM, limit, lease)
        return [erasure_of(row) for row in rows]

    async def faces(self, erasure: Erasure) -> list[UUID]:
        """The faces that went with it."""
        async with unbound(self._pool) as connection:
            rows = await connection.fetch(
                "SELECT face_id FROM face.erased_faces WHERE owner = $1 AND erasure_id = $2"
                " ORDER BY face_id",
                erasure.owner,
                erasure.erasure_id,
            )
        return [row["face_id"] for row in rows]

    async def erased(self, erasure: Erasure, done: Erased) -> Erasure:
        """Note that `search` confirmed, once; the erasure as it is."""
        key = (erasure.owner, erasure.erasure_id)
        async with unbound(self._pool) as connection:
            row = await connection.fetchrow(_ERASED, *key, done.vectors, done.scrub_ticket)
            if row is not None:
                await _confirmed(connection, erasure_of(row))
            else:
                row = await connection.fetchrow(_FIND, *key)
                assert row is not None  # noqa: S101 - erasures are never removed
        return erasure_of(row)

    async def let_go(self, erasure: Erasure, again: timedelta) -> None:
        """Have it tried again after that time."""
        async with unbound(self._pool) as connection:
            await connection.execute(_LET_GO, erasure.owner, erasure.erasure_id, again)

    async def unscrubbed(self, limit: int) -> list[Erasure]:
        """ERASED ones, the oldest first."""
        async with unbound(self._pool) as connection:
            rows = await connection.fetch(_UNSCRUBBED, limit)
        return [erasure_of(row) for row in rows]

    async def scrubbed(self, erasure: Erasure, at: datetime) -> None:
        """Note that the files were rewritten, once."""
        async with unbound(self._pool) as connection:
            noted = await connection.fetchval(_SCRUBBED, erasure.owner, erasure.erasure_id, at)
            if noted is not None:
                await _note(connection, erasure, "erasure.scrub")


async def _confirmed(connection: Connection, erasure: Erasure) -> None:
    """Audit it; of a person who was removed it is now true that nothing is held."""
    await _note(connection, erasure, "erasure.confirm", vectors=erasure.vectors)
    if erasure.cause is Cause.DELETED:
        for person_id in erasure.people:
            await announce_deleted(connection, erasure.owner, person_id)


async def _note(connection: Connection, erasure: Erasure, action: str, **details: Any) -> None:
    person = {"person_id": str(erasure.person_id)} if erasure.person_id else {}
    await record_work(connection, erasure.owner, action, erasure.erasure_id, **person, **details)
