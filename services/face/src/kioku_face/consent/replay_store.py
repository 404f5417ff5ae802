"""Forgetting again in PostgreSQL, as the worker.  Implements `ReplayStore`."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from kioku_face.consent.consent import State
from kioku_face.consent.consent_rows import lock_person, newest
from kioku_face.consent.erasure import Cause
from kioku_face.consent.erasure_rows import begin, take_listed
from kioku_face.consent.forgetting_rows import Order, forget
from kioku_face.consent.work_record import record_work
from kioku_face.database import unbound

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    import asyncpg
    from kioku_rt.db.pool import Connection

    from kioku_face.consent.consent import Consent, PersonRef
    from kioku_face.consent.replaying import Ended, Place

ACTOR = "kioku-restore"
_NOBODY = timedelta(0)
_CLOSE = """
INSERT INTO face.erased_places (owner, sha256, frame_no, box)
SELECT $1, $2, $3, $4::real[] WHERE NOT EXISTS (SELECT FROM face.erased_places
    WHERE owner = $1 AND sha256 = $2 AND frame_no = $3 AND box = $4::real[])
"""
_UNKNOWN = """
SELECT id FROM unnest($2::uuid[]) AS id
WHERE NOT EXISTS (SELECT FROM face.erased_faces e WHERE e.owner = $1 AND e.face_id = id)
"""


class ReplayStore:
    """A database that was restored.

    Args:
        pool: of the role `face_worker`.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def close(self, places: Sequence[Place]) -> None:
        """Close those that are open."""
        async with unbound(self._pool) as connection:
            await connection.executemany(
                _CLOSE,
                [(one.owner, one.sha256, one.frame_no, one.box.numbers) for one in places],
            )

    async def end(self, ended: Ended) -> bool:
        """End a consent that stands since before, and remove who was removed; whether it did."""
        async with unbound(self._pool) as connection:
            await connection.execute("SELECT face.hold_people($1)", ended.owner)
            person = await lock_person(connection, ended.owner, ended.person_id)
            if person is None:  # made after the backup, or removed before it
                return False
            before = await newest(connection, ended.owner, ended.person_id)
            if not ended.deleted and not _stands(before, ended):
                return False
            await _forget(connection, ended, person)
        return True

    async def take(self, owner: str, faces: Sequence[UUID]) -> None:
        """Begin the erasure of those of which nothing is known here."""
        async with unbound(self._pool) as connection:
            rows = await connection.fetch(_UNKNOWN, owner, list(faces))
            if not rows:
                return
            erasure_id = await begin(connection, owner, Cause.RESTORED, actor=ACTOR, lease=_NOBODY)
            ids = [row["id"] for row in rows]
            await take_listed(connection, owner, erasure_id, ids)
            await record_work(
                connection, owner, "erasure.replay", erasure_id, actor=ACTOR, faces=len(ids)
            )


def _stands(before: Consent | None, ended: Ended) -> bool:
    """Whether the database knows a consent, and nothing of its end."""
    return before is not None and before.state is State.GRANTED and before.version < ended.version


async def _forget(connection: Connection, ended: Ended, person: PersonRef) -> None:
    order = Order(
        owner=ended.owner,
        people=[ended.person_id],
        user_id=person.user_id,
        state=State.WITHDRAWN,
        cause=Cause.DELETED if ended.deleted else Cause.RESTORED,
        actor=ACTOR,
        lease=_NOBODY,
    )
    await forget(connection, order)
    if ended.deleted:
        await connection.execute(
            "DELETE FROM face.people WHERE owner = $1 AND person_id = $2",
            ended.owner,
            ended.person_id,
        )
    await record_work(
        connection,
        ended.owner,
        "consent.replay",
        ended.person_id,
        actor=ACTOR,
        deleted=ended.deleted,
    )
