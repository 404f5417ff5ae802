"""How a change is written down: first what is to become of each face, then that is made so.

Every change goes this way, also the taking back of one, so that whatever is done can be undone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from uuid_utils import compat as uuids

from kioku_face.database import record
from kioku_face.people.person_row import LONG_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from uuid import UUID

    from kioku_rt.db.pool import Connection

    from kioku_face.people.change import Action
    from kioku_face.people.ports import Call

_BEGIN = """
INSERT INTO face.changes (owner, change_id, action, actor, undoes) VALUES ($1, $2, $3, $4, $5)
"""
PLAN = """
INSERT INTO face.change_faces (owner, change_id, face_id, person_before, source_before,
    anonymous_before, grouped_before, person_after, source_after, anonymous_after, grouped_after)
SELECT f.owner, $2::uuid, f.face_id, f.person_id, f.link_source, f.anonymous_id, f.grouped,
"""
"""The beginning of a plan; then come four columns of what is to be, and which faces `f`."""
# What somebody links is compared anew: faces like it may be theirs as well.
LINKED_BY_SOMEBODY = "$3::uuid, 'PERSON', NULL::uuid, false"
_CARRY_OUT = """
UPDATE face.faces f SET person_id = c.person_after, link_source = c.source_after,
    anonymous_id = c.anonymous_after, grouped = c.grouped_after, updated_at = clock_timestamp()
FROM face.change_faces c
WHERE c.owner = $1 AND c.change_id = $2 AND f.owner = c.owner AND f.face_id = c.face_id
"""
_TOUCHED = """
INSERT INTO face.change_people (owner, change_id, person_id)
SELECT $1::text, $2::uuid, x.person_id FROM (
    SELECT unnest($3::uuid[]) AS person_id
    UNION SELECT c.person_before FROM face.change_faces c WHERE c.owner = $1 AND c.change_id = $2
    UNION SELECT c.person_after FROM face.change_faces c WHERE c.owner = $1 AND c.change_id = $2) x
WHERE x.person_id IS NOT NULL
ON CONFLICT (owner, change_id, person_id) DO NOTHING
"""
_REJECT = """
WITH added AS (
    INSERT INTO face.rejections (owner, face_id, person_id)
    SELECT $1::text, x.face_id, $4::uuid FROM unnest($3::uuid[]) AS x (face_id)
    ON CONFLICT (owner, face_id, person_id) DO NOTHING RETURNING face_id, person_id, created_at)
INSERT INTO face.change_rejections (owner, change_id, face_id, person_id, added, rejected_at)
SELECT $1::text, $2::uuid, face_id, person_id, true, created_at FROM added
"""
_LIFT = """
WITH lifted AS (
    DELETE FROM face.rejections r
    WHERE r.owner = $1 AND r.person_id = $4 AND r.face_id = ANY($3::uuid[])
    RETURNING face_id, person_id, created_at)
INSERT INTO face.change_rejections (owner, change_id, face_id, person_id, added, rejected_at)
SELECT $1::text, $2::uuid, face_id, person_id, false, created_at FROM lifted
"""


async def begin(
    connection: Connection, call: Call, action: Action, undoes: UUID | None = None
) -> UUID:
    """A new change without anything in it."""
    change_id: UUID = uuids.uuid7()
    actor = call.acting.principal.subject
    await connection.execute(_BEGIN, call.owner, change_id, action, actor, undoes)
    return change_id


async def carry_out(
    connection: Connection, call: Call, change_id: UUID, people: Iterable[UUID]
) -> int:
    """Make the faces what the change says they are to be; how many there are.

    Args:
        people: whom it touches, besides those whom its faces name.
    """
    await connection.execute(_TOUCHED, call.owner, change_id, list(people))
    done = await connection.execute(_CARRY_OUT, call.owner, change_id, timeout=LONG_SECONDS)
    return int(done.split()[-1])


async def reject(
    connection: Connection, call: Call, change_id: UUID, faces: Sequence[UUID], person_id: UUID
) -> None:
    """Remember that the faces are not the person's."""
    await connection.execute(_REJECT, call.owner, change_id, list(faces), person_id)


async def lift(
    connection: Connection, call: Call, change_id: UUID, faces: Sequence[UUID], person_id: UUID
) -> None:
    """Forget that the faces were said not to be the person's."""
    await connection.execute(_LIFT, call.owner, change_id, list(faces), person_id)


async def note(
    connection: Connection,
    call: Call,
    action: str,
    subject: UUID,
    change_id: UUID,
    **details: Any,
) -> None:
    """Audit a change of somebody."""
    await record(
        connection,
        call.acting,
        action,
        str(subject),
        request_id=call.request_id,
        change_id=str(change_id),
        **details,
    )
