"""Whose a face may be, as PostgreSQL knows it; every look is audited.  Implements `MatchStore`."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason

from kioku_face.database import owned, record
from kioku_face.face_row import FACE_COLUMNS, face_of
from kioku_face.matching.calibration_store import newest
from kioku_face.matching.match import Asked, Somebody

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import asyncpg
    from kioku_rt.auth.principal import Acting
    from kioku_rt.db.pool import Connection

    from kioku_face.face import Face
    from kioku_face.matching.match import Question

MOST_FACES = 1024
"""Of one asset; a video may have many more."""
_SEQUENCE = "SELECT sequence FROM face.consent_sequences WHERE owner = $1"
# A box is left, top, width, height.
_OF_ASSET = f"""
SELECT {FACE_COLUMNS} FROM face.faces WHERE owner = $1 AND asset_id = $2
ORDER BY box[3] * box[4] DESC, face_id LIMIT {MOST_FACES}
"""  # noqa: S608 - constants
_ONE = f"SELECT {FACE_COLUMNS} FROM face.faces WHERE owner = $1 AND face_id = $2"  # noqa: S608
_ASSET = "SELECT state, reason FROM face.assets WHERE owner = $1 AND asset_id = $2"
_AGREEING = """
FROM face.consent_states c JOIN face.people p USING (owner, person_id)
WHERE c.owner = $1 AND c.state = 'GRANTED' AND p.merged_into IS NULL
    AND (c.expires_at IS NULL OR c.expires_at > clock_timestamp())
"""
_ANYBODY = f"SELECT EXISTS (SELECT {_AGREEING})"
_OF_COLLECTION = f"SELECT p.person_id {_AGREEING} AND p.collection_id = $2"
# Whatever `search` said: the face is there, it is linked to that person now, and they agree now.
_AGREED = """
SELECT f.face_id, p.person_id, p.user_id, p.name
FROM face.faces f JOIN face.people p ON p.owner = f.owner AND p.person_id = f.person_id
WHERE f.owner = $1 AND f.face_id = ANY($2) AND p.merged_into IS NULL
    AND face.has_consented(p.owner, p.person_id) AND ($3 = '' OR p.collection_id = $3)
"""
_REJECTED = """
SELECT face_id, person_id FROM face.rejections WHERE owner = $1 AND face_id = ANY($2)
"""


class MatchStore:
    """Reads what a match needs.

    Args:
        pool: of the role `face_api`.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def ask(
        self, acting: Acting, question: Question, space_id: str, found: int | None
    ) -> Asked:
        """What is to be known before `search` is asked; the question is audited with it."""
        async with owned(self._pool, acting) as connection:
            faces = await _faces(connection, acting.owner, question)
            people = await _people(connection, acting.owner, question.collection_id)
            asked = Asked(
                sequence=await connection.fetchval(_SEQUENCE, acting.owner) or 0,
                faces=faces,
                people=people,
                rejected=await _rejected(connection, acting.owner, faces),
                anybody=await connection.fetchval(_ANYBODY, acting.owner),
                calibration=await newest(connection, space_id),
            )
            await record(
                connection,
                acting,
                "face.match",
                question.subject,
                purpose=question.purpose,
                request_id=question.request_id,
                faces=len(faces) if found is None else found,
                space_id=space_id,
            )
        return asked

    async def agreed(
        self, acting: Acting, question: Question, faces: Sequence[UUID]
    ) -> Mapping[UUID, Somebody]:
        """Whose these faces are now, of people who agree now; each who is named is audited."""
        async with owned(self._pool, acting) as connection:
            rows = await connection.fetch(_AGREED, acting.owner, faces, question.collection_id)
            for person_id in dict.fromkeys(row["person_id"] for row in rows):
                await record(
                    connection,
                    acting,
                    "person.match",
                    str(person_id),
                    purpose=question.purpose,
                    request_id=question.request_id,
                    asked=question.subject,
                )
        return {
            row["face_id"]: Somebody(row["person_id"], row["user_id"], row["name"]) for row in rows
        }


async def _faces(connection: Connection, owner: str, question: Question) -> Sequence[Face]:
    if question.asset_id is not None:
        await _require_asset(connection, owner, question.asset_id)
        rows = await connection.fetch(_OF_ASSET, owner, question.asset_id)
        return [face_of(row) for row in rows]
    if question.face_id is not None:
        row = await connection.fetchrow(_ONE, owner, question.face_id)
        if row is None:
            raise KiokuError(Reason.FACE_NOT_FOUND, field="face_id")
        return [face_of(row)]
    return []


async def _require_asset(connection: Connection, owner: str, asset_id: UUID) -> None:
    """Refuse an asset that was not looked at."""
    row = await connection.fetchrow(_ASSET, owner, asset_id)
    if row is None:
        raise KiokuError(Reason.ASSET_NOT_FOUND, field="asset_id")
    if row["state"] != "DONE":
        raise KiokuError(
            Reason.ASSET_NOT_READY,
            "The faces of this asset are not found yet."
            if row["state"] == "PENDING"
            else "The faces of this asset could not be looked for.",
            field="asset_id",
            metadata={"state": row["state"], "reason": row["reason"]},
        )


async def _people(connection: Connection, owner: str, collection_id: str) -> Sequence[UUID]:
    if not collection_id:
        return []
    rows = await connection.fetch(_OF_COLLECTION, owner, collection_id)
    return [row["person_id"] for row in rows]


async def _rejected(
    connection: Connection, owner: str, faces: Sequence[Face]
) -> frozenset[tuple[UUID, UUID]]:
    if not faces:
        return frozenset()
    rows = await connection.fetch(_REJECTED, owner, [face.face_id for face in faces])
    return frozenset((row["face_id"], row["person_id"]) for row in rows)
