"""What was seen, in PostgreSQL: faces, their vectors' events and the audit in one transaction.

Implements `Sightings`. Two locks make what is read here hold until it is committed: one on the
asset, which its deletion takes as well, and a shared one on the owner's consents, which whoever
withdraws one takes alone: no face is stored at a place that is being erased.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kioku_rt.auth import Acting, Principal
from kioku_rt.db import first_time

from kioku_face.carry_over import carried, new_face_id, without_erased
from kioku_face.database import SCHEMA, record, unbound
from kioku_face.face import WHOLE, FoundFace
from kioku_face.face_events import announce_vectors
from kioku_face.face_row import box_of, numbers_of
from kioku_face.picture import Effect

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    import asyncpg
    from kioku_rt.db.pool import Connection
    from kioku_rt.reasons import Reason

    from kioku_face.detection import Look
    from kioku_face.picture import Cause, Picture

SERVICE = "face"
_STANDING = """
SELECT EXISTS (SELECT FROM face.asset_tombstones t WHERE t.owner = $1 AND t.asset_id = $2) AS dead,
    EXISTS (SELECT FROM face.processed p WHERE p.consumer = $3 AND p.event_id = $4) AS repeated,
    (SELECT a.generation FROM face.assets a WHERE a.owner = $1 AND a.asset_id = $2) AS generation
"""
_LOOKED_AT = """
UPDATE face.{table} SET pack = $3, state = $4, reason = $5, looks = looks + 1, updated_at = now()
WHERE owner = $1 AND asset_id = $2{more} RETURNING looks
"""
_LOOKED_AT_ASSET = _LOOKED_AT.format(table="assets", more="")
_LOOKED_AT_FRAME = _LOOKED_AT.format(table="frames", more=" AND frame_no = $6")
_KNOW_CONSENTS = "INSERT INTO face.consent_sequences VALUES ($1, 0) ON CONFLICT DO NOTHING"
_SHARE_CONSENTS = "SELECT FROM face.consent_sequences WHERE owner = $1 FOR SHARE"
_KNOWN = """
SELECT face_id, box, link_source FROM face.faces
WHERE owner = $1 AND asset_id = $2 AND frame_no = $3 ORDER BY face_id FOR UPDATE
"""
_ERASED = """
SELECT box FROM face.erased_places e JOIN face.assets a USING (owner, sha256)
WHERE a.owner = $1 AND a.asset_id = $2 AND e.frame_no = $3
"""
_PUT = """
INSERT INTO face.faces AS f (owner, face_id, asset_id, frame_no, time_ms, generation, box,
    landmarks, detection_score, quality, pixels, sharpness, yaw, pitch, roll, flaws, space_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
ON CONFLICT (owner, face_id) DO UPDATE SET generation = excluded.generation, box = excluded.box,
    landmarks = excluded.landmarks, detection_score = excluded.detection_score,
    quality = excluded.quality, pixels = excluded.pixels, sharpness = excluded.sharpness,
    yaw = excluded.yaw, pitch = excluded.pitch, roll = excluded.roll, flaws = excluded.flaws,
    space_id = excluded.space_id, grouped = f.grouped AND f.space_id = excluded.space_id,
    link_version = f.link_version + (f.person_id IS NOT NULL)::integer,
    checked_at = now(), updated_at = now()
"""
# A face that somebody linked by hand stays their word, though no pack of now finds it.
_DROP = """
WITH gone AS (
    DELETE FROM face.faces WHERE owner = $1 AND face_id = ANY($2::uuid[])
    RETURNING face_id, space_id
), queued AS (
    INSERT INTO face.vanished (owner, face_id) SELECT $1, face_id FROM gone WHERE space_id <> ''
    ON CONFLICT DO NOTHING
) SELECT count(*) FROM gone
"""


@dataclass(frozen=True)
class _Stored:
    """Faces as they are stored now, each with its id, and how they compare with those before."""

    faces: Sequence[tuple[UUID, FoundFace]]
    new: int
    removed: int
    erased: int


async def lock_asset(connection: Connection, owner: str, asset_id: UUID) -> None:
    """Until the transaction ends, nobody else writes what is found in the asset, or deletes it."""
    await connection.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('face asset ' || $1 || ' ' || $2, 0))",
        owner,
        str(asset_id),
    )


def worker(owner: str, token_id: str = "") -> Acting:
    """This service at work for an owner, for the audit."""
    return Acting(owner, Principal(SERVICE, True, frozenset(), token_id), on_behalf=True)


class SightingStore:
    """Faces of pictures; `pool` is of the role `face_worker`."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def standing(self, picture: Picture, cause: Cause | None) -> Effect:
        """DONE while a look at the picture would be stored, else why it would not."""
        async with unbound(self._pool) as connection:
            return await _standing(connection, picture, cause)

    async def put(self, picture: Picture, look: Look, cause: Cause | None) -> Effect:
        """Store the faces, tell of their vectors and audit it, in one transaction."""
        async with unbound(self._pool) as connection:
            standing = await _begin(connection, picture, cause)
            if standing is not Effect.DONE:
                return standing
            look_no = await _looked_at(connection, picture, look.pack, "DONE", "")
            stored = await _store(connection, picture, look, look_no)
            attempts = cause.attempts if cause else 1
            await announce_vectors(
                connection, picture, look, stored.faces, look_no=look_no, attempts=attempts
            )
            await _record_look(connection, picture, look, cause, stored)
        return Effect.DONE

    async def fail(self, picture: Picture, pack: str, reason: Reason) -> None:
        """Note and audit that no faces can be found in the picture by that pack."""
        async with unbound(self._pool) as connection:
            await lock_asset(connection, picture.owner, picture.asset_id)
            if await _standing(connection, picture, None) is not Effect.DONE:
                return
            await _looked_at(connection, picture, pack, "FAILED", reason)
            await record(
                connection,
                worker(picture.owner),
                "face.find",
                str(picture.asset_id),
                outcome="failed",
                reason=reason,
                frame_no=picture.frame_no,
                pack=pack,
            )


async def _begin(connection: Connection, picture: Picture, cause: Cause | None) -> Effect:
    """Lock what must not change until the end, and say whether there is anything to store."""
    await lock_asset(connection, picture.owner, picture.asset_id)
    standing = await _standing(connection, picture, cause)
    if standing is not Effect.DONE:
        return standing
    if cause is not None:
        await first_time(
            connection, schema=SCHEMA, consumer=cause.consumer, event_id=cause.event_id
        )
    await connection.execute(_KNOW_CONSENTS, picture.owner)
    await connection.execute(_SHARE_CONSENTS, picture.owner)
    return Effect.DONE


async def _record_look(
    connection: Connection, picture: Picture, look: Look, cause: Cause | None, stored: _Stored
) -> None:
    await record(
        connection,
        worker(picture.owner, cause.event_id if cause else ""),
        "face.find",
        str(picture.asset_id),
        frame_no=picture.frame_no,
        pack=look.pack,
        faces=len(stored.faces),
        new=stored.new,
        removed=stored.removed,
        erased_places=stored.erased,
    )


async def _standing(connection: Connection, picture: Picture, cause: Cause | None) -> Effect:
    consumer, event_id = (cause.consumer, cause.event_id) if cause else ("", "")
    row = await connection.fetchrow(_STANDING, picture.owner, picture.asset_id, consumer, event_id)
    assert row is not None  # noqa: S101 - a SELECT without FROM
    if row["dead"]:
        return Effect.GONE
    if row["generation"] is None:
        return Effect.UNKNOWN
    if row["generation"] > picture.generation:
        return Effect.STALE
    return Effect.REPEATED if row["repeated"] else Effect.DONE


async def _looked_at(
    connection: Connection, picture: Picture, pack: str, state: str, reason: str
) -> int:
    """Note the look; its number."""
    arguments = (picture.owner, picture.asset_id, pack, state, reason)
    number: int | None
    if picture.frame_no == WHOLE:
        number = await connection.fetchval(_LOOKED_AT_ASSET, *arguments)
    else:
        number = await connection.fetchval(_LOOKED_AT_FRAME, *arguments, picture.frame_no)
    return number or 0


async def _store(connection: Connection, picture: Picture, look: Look, look_no: int) -> _Stored:
    where = (picture.owner, picture.asset_id, picture.frame_no)
    erased = [box_of(row["box"]) for row in await connection.fetch(_ERASED, *where)]
    rows = await connection.fetch(_KNOWN, *where)
    found = without_erased(look.found.faces, erased)
    ids = carried([(row["face_id"], box_of(row["box"])) for row in rows], found)
    faces = [
        (known or new_face_id(picture, look_no, number, face.box), face)
        for number, (known, face) in enumerate(zip(ids, found, strict=True))
    ]
    await connection.executemany(_PUT, [_columns(picture, look, *one) for one in faces])
    gone = [
        row["face_id"]
        for row in rows
        if row["face_id"] not in ids and row["link_source"] != "PERSON"
    ]
    removed = await connection.fetchval(_DROP, picture.owner, gone)
    return _Stored(faces, ids.count(None), removed, len(look.found.faces) - len(found))


def _columns(picture: Picture, look: Look, face_id: UUID, face: FoundFace) -> tuple[object, ...]:
    quality = face.quality
    return (
        picture.owner,
        face_id,
        picture.asset_id,
        picture.frame_no,
        picture.time_ms,
        picture.generation,
        face.box.numbers,
        numbers_of(face.landmarks),
        face.detection_score,
        quality.score,
        quality.pixels,
        quality.sharpness,
        quality.yaw,
        quality.pitch,
        quality.roll,
        list(quality.flaws),
        look.space.space_id if face.vector is not None else "",
    )
