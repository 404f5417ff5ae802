"""Changes in PostgreSQL, and taking them back.  Implements `ChangeStore`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason

from kioku_face.database import owned, record
from kioku_face.people.change import Action, Change, Undone
from kioku_face.people.change_rows import begin, carry_out, note
from kioku_face.people.person_row import LONG_SECONDS, SELECT_PERSON, changing, person_of
from kioku_face.people.undoing_rows import (
    HOLD_CONSENTS,
    LIFT_ADDED,
    PEOPLE,
    PLAN_BACK,
    REJECT_LIFTED,
    RESTORE_PEOPLE,
    SKIPPED,
    UNDONE,
)

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    import asyncpg
    from kioku_rt.db.pool import Connection

    from kioku_face.people.person import Person
    from kioku_face.people.ports import Call

_FIND = "SELECT undone_at FROM face.changes WHERE owner = $1 AND change_id = $2 FOR UPDATE"
_ANYTHING = """
SELECT EXISTS (SELECT FROM face.change_people WHERE owner = $1 AND change_id = $2)
    OR EXISTS (SELECT FROM face.change_faces WHERE owner = $1 AND change_id = $2)
"""
_PAGE = """
SELECT c.change_id, c.action, c.actor, c.created_at, c.undone_at,
    ARRAY(SELECT p.person_id FROM face.change_people p
        WHERE p.owner = c.owner AND p.change_id = c.change_id ORDER BY p.person_id) AS people,
    (SELECT count(*) FROM face.change_faces f
        WHERE f.owner = c.owner AND f.change_id = c.change_id) AS faces
FROM face.changes c
WHERE c.owner = $1
    AND ($2::uuid IS NULL OR EXISTS (SELECT FROM face.change_people p
        WHERE p.owner = c.owner AND p.change_id = c.change_id AND p.person_id = $2))
    AND ($3::timestamptz IS NULL OR (c.created_at, c.change_id) < ($3, $4::uuid))
ORDER BY c.created_at DESC, c.change_id DESC LIMIT $5
"""


class ChangeStore:
    """Changes, in the name of one owner.

    Args:
        pool: of the role `face_api`.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def undo(self, call: Call, change_id: UUID) -> Undone:
        """Restore what it touched, in one audited transaction."""
        async with changing(self._pool, call) as connection:
            await _require_open(connection, call.owner, change_id)
            people = await _held_people(connection, call.owner, change_id)
            new = await begin(connection, call, Action.UNDO, change_id)
            key = (call.owner, new, change_id)
            for step in (RESTORE_PEOPLE, LIFT_ADDED, HOLD_CONSENTS, PLAN_BACK):
                await connection.execute(step, *key, timeout=LONG_SECONDS)
            faces = await carry_out(connection, call, new, [])
            await connection.execute(REJECT_LIFTED, *key)
            await connection.execute(UNDONE, call.owner, change_id)
            skipped = await connection.fetch(SKIPPED, *key)
            for person_id in people:
                await note(connection, call, "change.undo", person_id, new, faces=faces)
            return Undone(
                new,
                await _visible(connection, call.owner, people),
                tuple(row["face_id"] for row in skipped),
            )

    async def page(
        self, call: Call, person_id: UUID | None, limit: int, after: tuple[datetime, UUID] | None
    ) -> list[Change]:
        """At most `limit` changes, the newest first."""
        created, last = after or (None, None)
        subject = str(person_id) if person_id else "*"
        async with owned(self._pool, call.acting) as connection:
            rows = await connection.fetch(_PAGE, call.owner, person_id, created, last, limit)
            await record(
                connection, call.acting, "change.list", subject, request_id=call.request_id
            )
        return [_change_of(row) for row in rows]


async def _require_open(connection: Connection, owner: str, change_id: UUID) -> None:
    row = await connection.fetchrow(_FIND, owner, change_id)
    if row is None:
        raise KiokuError(Reason.CHANGE_NOT_FOUND, field="change_id")
    if row["undone_at"] is not None:
        raise KiokuError(Reason.CHANGE_UNDONE, field="change_id")
    if not await connection.fetchval(_ANYTHING, owner, change_id):
        raise KiokuError(Reason.CHANGE_ERASED, field="change_id")


async def _held_people(connection: Connection, owner: str, change_id: UUID) -> list[UUID]:
    """Whom the change touched, held; refused where they are not as it left them."""
    rows = await connection.fetch(PEOPLE, owner, change_id)
    if not all(row["as_left"] for row in rows):
        raise KiokuError(Reason.CHANGE_OUTDATED, field="change_id")
    return [row["person_id"] for row in rows]


async def _visible(connection: Connection, owner: str, people: list[UUID]) -> tuple[Person, ...]:
    rows = await connection.fetch(
        f"{SELECT_PERSON} AND p.person_id = ANY($2::uuid[]) ORDER BY p.person_id", owner, people
    )
    return tuple(person_of(row) for row in rows)


def _change_of(row: asyncpg.Record) -> Change:
    return Change(
        row["change_id"],
        Action(row["action"]),
        tuple(row["people"]),
        row["faces"],
        row["actor"],
        row["created_at"],
        row["undone_at"],
    )
