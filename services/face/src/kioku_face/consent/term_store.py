"""What has come to its end, in PostgreSQL, as the worker.  Implements `TermStore`."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from kioku_face.consent.consent import SERVICE, State
from kioku_face.consent.consent_rows import lock_person
from kioku_face.consent.erasure import Cause, Erasure
from kioku_face.consent.erasure_rows import begin, take_unlinked
from kioku_face.consent.forgetting_rows import Order, forget
from kioku_face.consent.work_record import record_work
from kioku_face.database import unbound

if TYPE_CHECKING:
    from uuid import UUID

    import asyncpg

_NOBODY = timedelta(0)
_OVER = """
SELECT owner, person_id FROM face.consent_states
WHERE state = 'GRANTED' AND expires_at <= clock_timestamp() ORDER BY expires_at LIMIT $1
"""
_STILL_OVER = """
SELECT EXISTS (SELECT FROM face.consent_states WHERE owner = $1 AND person_id = $2
    AND state = 'GRANTED' AND expires_at <= clock_timestamp())
"""
# Somebody unknown is kept as long as the youngest of their faces.
_OLD = """
f.person_id IS NULL AND f.created_at < clock_timestamp() - {kept}::interval
    AND (f.anonymous_id IS NULL OR NOT EXISTS (SELECT FROM face.faces n WHERE n.owner = f.owner
        AND n.anonymous_id = f.anonymous_id
        AND n.created_at >= clock_timestamp() - {kept}::interval))
"""
_OWNERS = f"SELECT DISTINCT f.owner FROM face.faces f WHERE {_OLD.format(kept='$1')} LIMIT $2"  # noqa: S608
_FACES = f"""
SELECT f.face_id FROM face.faces f WHERE f.owner = $1 AND {_OLD.format(kept="$2")}
ORDER BY f.created_at LIMIT $3
"""  # noqa: S608


class TermStore:
    """What has come to its end.

    Args:
        pool: of the role `face_worker`.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def over(self, limit: int) -> list[tuple[str, UUID]]:
        """Owner and person of consents whose time is over."""
        async with unbound(self._pool) as connection:
            rows = await connection.fetch(_OVER, limit)
        return [(row["owner"], row["person_id"]) for row in rows]

    async def expire(self, owner: str, person_id: UUID) -> bool:
        """Begin the erasure, if the consent is over still; the job carries it out."""
        async with unbound(self._pool) as connection:
            await connection.execute("SELECT face.hold_people($1)", owner)
            person = await lock_person(connection, owner, person_id)
            if not await connection.fetchval(_STILL_OVER, owner, person_id):
                return False
            order = Order(
                owner=owner,
                people=[person_id],
                user_id="" if person is None else person.user_id,
                state=State.EXPIRED,
                cause=Cause.EXPIRED,
                actor=SERVICE,
                lease=_NOBODY,
            )
            gone = await forget(connection, order)
            await record_work(
                connection, owner, "consent.expire", person_id, **_facts(gone.erasure)
            )
        return True

    async def crowded(self, kept: timedelta, limit: int) -> list[str]:
        """Owners of faces of nobody known that were kept long enough."""
        async with unbound(self._pool) as connection:
            rows = await connection.fetch(_OWNERS, kept, limit)
        return [row["owner"] for row in rows]

    async def forget_unknown(self, owner: str, kept: timedelta, limit: int) -> int:
        """Begin the erasure of at most so many of them; of how many."""
        async with unbound(self._pool) as connection:
            await connection.execute("SELECT face.hold_people($1)", owner)
            rows = await connection.fetch(_FACES, owner, kept, limit)
            if not rows:
                return 0
            erasure_id = await begin(
                connection, owner, Cause.RETENTION, actor=SERVICE, lease=_NOBODY
            )
            faces = [row["face_id"] for row in rows]
            erasure, _ = await take_unlinked(connection, owner, erasure_id, faces)
            await record_work(connection, owner, "face.expire", erasure_id, **_facts(erasure))
        return erasure.faces


def _facts(erasure: Erasure) -> dict[str, Any]:
    return {"erasure_id": str(erasure.erasure_id), "faces": erasure.faces}
