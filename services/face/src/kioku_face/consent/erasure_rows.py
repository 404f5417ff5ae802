"""Erasures in PostgreSQL: how a row reads, and how one begins."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from uuid_utils import compat as uuids

from kioku_face.consent.erasure import Cause, Erasure, ErasureState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    import asyncpg
    from kioku_rt.db.pool import Connection

SAME_PLACE = 0.3
"""Boxes that overlap more than so are the same place."""
ERASURE_COLUMNS = (
    "owner, erasure_id, person_id, merged_ids, cause, state, actor, faces, vectors, scrub_ticket,"
    " created_at, erased_at, scrubbed_at"
)
_BEGIN = """
INSERT INTO face.erasures
    (owner, erasure_id, person_id, merged_ids, user_id, cause, actor, try_after)
VALUES ($1, $2, $3, $4, $5, $6, $7, clock_timestamp() + $8::interval)
"""
# The places are those of the bytes: the same picture under another asset shows nobody there,
# neither now (its face there goes too, if it is linked to nobody) nor later.
_TAKE = f"""
WITH gone AS (
    DELETE FROM face.faces f WHERE f.owner = $1 AND {{which}}
    RETURNING f.face_id, f.asset_id, f.frame_no, f.box, f.space_id
), placed AS (
    SELECT g.asset_id, g.frame_no, g.box, a.sha256
    FROM gone g JOIN face.assets a ON a.owner = $1 AND a.asset_id = g.asset_id
), twins AS (
    DELETE FROM face.faces f USING placed p, face.assets b
    WHERE b.owner = $1 AND b.sha256 = p.sha256 AND b.asset_id <> p.asset_id
        AND f.owner = $1 AND f.asset_id = b.asset_id AND f.frame_no = p.frame_no
        AND f.person_id IS NULL AND face.overlap(f.box, p.box) > {SAME_PLACE}
    RETURNING f.face_id, f.space_id
), places AS (
    INSERT INTO face.erased_places (owner, sha256, frame_no, box)
    SELECT $1, sha256, frame_no, box FROM placed
), all_gone AS (
    SELECT face_id, space_id FROM gone UNION SELECT face_id, space_id FROM twins
), ids AS (
    INSERT INTO face.erased_faces (owner, erasure_id, face_id) SELECT $1, $2, face_id FROM all_gone
)
SELECT face_id, space_id FROM all_gone ORDER BY face_id
"""  # noqa: S608
# Whoever is looking at those pictures at this moment has read the places already: it is waited for.
_HOLD = """
SELECT FROM face.assets a WHERE a.owner = $1 AND a.asset_id IN (
    SELECT f.asset_id FROM face.faces f WHERE f.owner = $1 AND {which})
ORDER BY a.asset_id FOR SHARE
"""
_OF_PEOPLE = "f.person_id = ANY ({ids}::uuid[])"
# Faces that somebody links at this moment stay: the row is looked at again once it is unlocked.
_OF_NOBODY = "f.face_id = ANY ({ids}::uuid[]) AND f.person_id IS NULL"
_LISTED = "f.face_id = ANY ({ids}::uuid[])"
_REMEMBER = """
INSERT INTO face.erased_faces (owner, erasure_id, face_id)
SELECT $1, $2, id FROM unnest($3::uuid[]) AS id ON CONFLICT DO NOTHING
"""
_COUNT = f"""
UPDATE face.erasures SET faces = $3, had_vectors = $4 WHERE owner = $1 AND erasure_id = $2
RETURNING {ERASURE_COLUMNS}
"""  # noqa: S608


def erasure_of(row: asyncpg.Record) -> Erasure:
    """The erasure that a row with `ERASURE_COLUMNS` holds."""
    facts = dict(row)
    return Erasure(
        **{
            **facts,
            "merged_ids": tuple(facts["merged_ids"]),
            "cause": Cause(facts["cause"]),
            "state": ErasureState(facts["state"]),
        }
    )


async def begin(
    connection: Connection,
    owner: str,
    cause: Cause,
    *,
    people: Sequence[UUID] = (),
    user_id: str = "",
    actor: str,
    lease: timedelta,
) -> UUID:
    """A new erasure, which its maker alone is at until the lease ends; its id.

    Args:
        people: whom it is about, the one who was asked for first; none: nobody known.
    """
    erasure_id: UUID = uuids.uuid7()
    first, merged = (people[0], list(people[1:])) if people else (None, [])
    await connection.execute(_BEGIN, owner, erasure_id, first, merged, user_id, cause, actor, lease)
    return erasure_id


async def take_people(
    connection: Connection, owner: str, erasure_id: UUID, people: Sequence[UUID]
) -> tuple[Erasure, list[UUID]]:
    """Remove every face that is linked to these people; the erasure so far, and their ids."""
    return await _take(connection, _OF_PEOPLE, owner, erasure_id, people)


async def take_unlinked(
    connection: Connection, owner: str, erasure_id: UUID, faces: Sequence[UUID]
) -> tuple[Erasure, list[UUID]]:
    """Remove those of the faces that are linked to nobody; the erasure so far, and their ids."""
    return await _take(connection, _OF_NOBODY, owner, erasure_id, faces)


async def take_listed(
    connection: Connection, owner: str, erasure_id: UUID, faces: Sequence[UUID]
) -> None:
    """Remove the faces, whosever they are, and remember all of the ids, known here or not."""
    await _take(connection, _LISTED, owner, erasure_id, faces)
    await connection.execute(_REMEMBER, owner, erasure_id, list(faces))


async def _take(
    connection: Connection, which: str, owner: str, erasure_id: UUID, ids: Sequence[UUID]
) -> tuple[Erasure, list[UUID]]:
    await connection.execute(_HOLD.format(which=which.format(ids="$2")), owner, list(ids))
    take = _TAKE.format(which=which.format(ids="$3"))
    rows = await connection.fetch(take, owner, erasure_id, list(ids))
    had_vectors = sum(row["space_id"] != "" for row in rows)
    counted = await connection.fetchrow(_COUNT, owner, erasure_id, len(rows), had_vectors)
    assert counted is not None  # noqa: S101 - this transaction began it
    return erasure_of(counted), [row["face_id"] for row in rows]
