"""Whose faces are whose, in PostgreSQL.  Implements `LinkStore`.

Rows are locked in one order everywhere: the owner's people as a whole, a person, their consent,
faces.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason

from kioku_face.people.change import Action, Linked
from kioku_face.people.change_rows import (
    LINKED_BY_SOMEBODY,
    PLAN,
    begin,
    carry_out,
    lift,
    note,
    reject,
)
from kioku_face.people.person_row import (
    LONG_SECONDS,
    changing,
    hold_consent,
    lock_people,
    present_person,
    require_consent,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    import asyncpg
    from kioku_rt.db.pool import Connection

    from kioku_face.people.ports import Call

_LOCK_FACES = """
SELECT face_id FROM face.faces WHERE owner = $1 AND face_id = ANY($2::uuid[])
ORDER BY face_id FOR NO KEY UPDATE
"""
_LOCK_UNKNOWN = """
SELECT face_id FROM face.faces WHERE owner = $1 AND anonymous_id = $2
ORDER BY face_id FOR NO KEY UPDATE
"""
_LOCK_OF_PERSON = """
SELECT face_id FROM face.faces WHERE owner = $1 AND person_id = $2
ORDER BY face_id FOR NO KEY UPDATE
"""
_ASSIGN = f"""
{PLAN} {LINKED_BY_SOMEBODY} FROM face.faces f
WHERE f.owner = $1 AND f.face_id = ANY($4::uuid[])
    AND (f.person_id, f.link_source) IS DISTINCT FROM ($3, 'PERSON')
"""
_UNLINK = f"""
{PLAN} NULL::uuid, NULL, NULL::uuid, false FROM face.faces f
WHERE f.owner = $1 AND f.face_id = $4 AND f.person_id = $3
"""
# Who linked it stays: what looks like the one looks like the other, and no more.
_MOVE = f"""
{PLAN} $3::uuid, f.link_source, NULL::uuid, f.grouped FROM face.faces f
WHERE f.owner = $1 AND f.person_id = $4
"""
_GONE = """
INSERT INTO face.change_people (owner, change_id, person_id, merged_before, merged_after)
VALUES ($1, $2, $3, NULL, $4)
"""
_BECOME = """
UPDATE face.people SET merged_into = $3, version = version + 1, updated_at = clock_timestamp()
WHERE owner = $1 AND person_id = $2
"""
_REJECTED = """
SELECT r.face_id FROM face.rejections r JOIN face.faces f USING (owner, face_id)
WHERE r.owner = $1 AND r.person_id = $2 AND f.person_id IS DISTINCT FROM $3
"""


class LinkStore:
    """Links, in the name of one owner.

    Args:
        pool: of the role `face_api`.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def assign(self, call: Call, person_id: UUID, face_ids: Sequence[UUID]) -> Linked:
        """Link all of the faces, or none."""
        async with changing(self._pool, call) as connection:
            await lock_people(connection, call.owner, person_id=person_id)
            await require_consent(connection, call.owner, person_id)
            await lock_faces(connection, call.owner, face_ids)
            return await link_faces(connection, call, Action.ASSIGN, person_id, face_ids)

    async def reject(self, call: Call, person_id: UUID, face_id: UUID) -> UUID:
        """Unlink the face for good; the change."""
        async with changing(self._pool, call) as connection:
            await lock_people(connection, call.owner, person_id=person_id)
            await lock_faces(connection, call.owner, [face_id])
            change_id = await begin(connection, call, Action.REJECT)
            await connection.execute(_UNLINK, call.owner, change_id, person_id, face_id)
            await reject(connection, call, change_id, [face_id], person_id)
            faces = await carry_out(connection, call, change_id, [person_id])
            await note(connection, call, "face.reject", person_id, change_id, faces=faces)
        return change_id

    async def name(self, call: Call, anonymous_id: UUID, person_id: UUID) -> Linked:
        """Link all faces of somebody unknown."""
        async with changing(self._pool, call) as connection:
            await lock_people(connection, call.owner, person_id=person_id)
            await require_consent(connection, call.owner, person_id)
            rows = await connection.fetch(_LOCK_UNKNOWN, call.owner, anonymous_id)
            if not rows:
                raise KiokuError(Reason.ANONYMOUS_NOT_FOUND, field="anonymous_id")
            faces = [row["face_id"] for row in rows]
            return await link_faces(connection, call, Action.NAME, person_id, faces)

    async def merge(self, call: Call, person_id: UUID, into: UUID) -> Linked:
        """The first becomes the second."""
        async with changing(self._pool, call) as connection:
            moved = await _lock_to_merge(connection, call.owner, person_id, into)
            change_id = await begin(connection, call, Action.MERGE)
            key = (call.owner, change_id, into, person_id)
            await connection.execute(_MOVE, *key, timeout=LONG_SECONDS)
            await _carry_rejections(connection, call, change_id, moved, (person_id, into))
            await connection.execute(_GONE, call.owner, change_id, person_id, into)
            await connection.execute(_BECOME, call.owner, person_id, into)
            faces = await carry_out(connection, call, change_id, [into])
            for one in (person_id, into):
                details = {"into": str(into), "faces": faces}
                await note(connection, call, "person.merge", one, change_id, **details)
            return Linked(await present_person(connection, call.owner, into), change_id)


async def _lock_to_merge(
    connection: Connection, owner: str, person_id: UUID, into: UUID
) -> list[UUID]:
    """The faces of the first, everything of both held; refused where they are not to be one."""
    users = await lock_people(connection, owner, person_id=person_id, into_person_id=into)
    if users[person_id] not in ("", users[into]):
        raise KiokuError(Reason.PEOPLE_OF_TWO_USERS, field="into_person_id")
    consents = await hold_consent(connection, owner, into)
    rows = await connection.fetch(_LOCK_OF_PERSON, owner, person_id)
    if rows and not consents:
        raise KiokuError(Reason.CONSENT_MISSING, field="into_person_id")
    return [row["face_id"] for row in rows]


async def _carry_rejections(
    connection: Connection,
    call: Call,
    change_id: UUID,
    moved: Sequence[UUID],
    people: tuple[UUID, UUID],
) -> None:
    """Who is not the one is not the other either; but the faces of the one are the other's now."""
    person_id, into = people
    await lift(connection, call, change_id, moved, into)
    others = await connection.fetch(_REJECTED, call.owner, person_id, into)
    await reject(connection, call, change_id, [row["face_id"] for row in others], into)


async def lock_faces(connection: Connection, owner: str, face_ids: Sequence[UUID]) -> None:
    """Hold the faces until the transaction ends.

    Raises:
        KiokuError: FACE_NOT_FOUND, naming the first that is not there.
    """
    rows = await connection.fetch(_LOCK_FACES, owner, list(face_ids))
    there = {row["face_id"] for row in rows}
    for face_id in face_ids:
        if face_id not in there:
            raise KiokuError(
                Reason.FACE_NOT_FOUND, field="face_id", metadata={"face_id": str(face_id)}
            )


async def link_faces(
    connection: Connection, call: Call, action: Action, person_id: UUID, faces: Sequence[UUID]
) -> Linked:
    """Link faces that are held to a person who agreed; whoever says so knows better than before."""
    change_id = await begin(connection, call, action)
    await connection.execute(_ASSIGN, call.owner, change_id, person_id, list(faces))
    await lift(connection, call, change_id, faces, person_id)
    number = await carry_out(connection, call, change_id, [person_id])
    await note(connection, call, f"face.{action}", person_id, change_id, faces=number)
    return Linked(await present_person(connection, call.owner, person_id), change_id)
