"""Making faces known, in PostgreSQL.  Implements `EnrolmentStore`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason
from uuid_utils import compat as uuids

from kioku_face.database import owned, record
from kioku_face.face import WHOLE, LinkSource
from kioku_face.face_row import FACE_COLUMNS, box_of, face_of, numbers_of
from kioku_face.people.change import Action
from kioku_face.people.enrolment_event import announce_vector
from kioku_face.people.link_store import link_faces, lock_faces
from kioku_face.people.person_row import changing, lock_people, present_person, require_consent
from kioku_face.people.ports import Enrolled

if TYPE_CHECKING:
    from uuid import UUID

    import asyncpg
    from kioku_rt.db.pool import Connection

    from kioku_face.face import Box, Face
    from kioku_face.people.person import Person
    from kioku_face.people.ports import Call, Enrolment

SAME_PLACE = 0.3
"""Intersection over union above which a face is where an erased one was."""
_FACE = f"SELECT {FACE_COLUMNS} FROM face.faces WHERE owner = $1 AND"  # noqa: S608 - a constant
_ERASED = """
SELECT box FROM face.erased_places WHERE owner = $1 AND sha256 = $2 AND frame_no = $3
"""
_INSERT = """
INSERT INTO face.faces (owner, face_id, generation, box, landmarks, detection_score, quality,
    pixels, sharpness, yaw, pitch, roll, space_id, request_id)
VALUES ($1, $2, 1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
"""


class EnrolmentStore:
    """Enrolments, in the name of one owner.

    Args:
        pool: of the role `face_api`.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def enrolled_by(self, call: Call, person_id: UUID, request_id: UUID) -> Enrolled | None:
        """The face that this request made known, and its person; None: it did not yet."""
        async with owned(self._pool, call.acting) as connection:
            await _note(connection, call, "face.find_enrolled", person_id)
            return await _made_before(connection, call.owner, person_id, request_id)

    async def require(self, call: Call, person_id: UUID) -> Person:
        """The person, who has to have agreed."""
        async with owned(self._pool, call.acting) as connection:
            await _note(connection, call, "face.look_to_enroll", person_id)
            person = await present_person(connection, call.owner, person_id)
            await require_consent(connection, call.owner, person_id)
        return person

    async def refused(self, call: Call, person_id: UUID, reason: Reason) -> None:
        """Record that a picture was looked at and not taken."""
        async with owned(self._pool, call.acting) as connection:
            await _note(connection, call, "face.enroll", person_id, reason)

    async def enroll_picture(self, call: Call, person_id: UUID, new: Enrolment) -> Enrolled:
        """Link a new face, and announce its vector."""
        async with changing(self._pool, call) as connection:
            await lock_people(connection, call.owner, person_id=person_id)
            await require_consent(connection, call.owner, person_id)
            if new.request_id is not None:
                made = await _made_before(connection, call.owner, person_id, new.request_id)
                if made is not None:
                    return made
            await _refuse_erased(connection, call.owner, new.sha256, new.found.box)
            face_id = await _insert(connection, call.owner, new)
            await announce_vector(connection, call.owner, face_id, new)
            return await _enrolled(connection, call, person_id, face_id)

    async def enroll_face(self, call: Call, person_id: UUID, face_id: UUID) -> Enrolled:
        """Link a face that was found, if it is good."""
        async with changing(self._pool, call) as connection:
            await lock_people(connection, call.owner, person_id=person_id)
            await require_consent(connection, call.owner, person_id)
            await lock_faces(connection, call.owner, [face_id])
            face = await _face(connection, call.owner, face_id)
            _refuse_poor(face)
            if (face.person_id, face.link_source) == (person_id, LinkSource.PERSON):
                await _note(connection, call, "face.enroll", person_id)
                return Enrolled(face, await present_person(connection, call.owner, person_id))
            return await _enrolled(connection, call, person_id, face_id)


async def _made_before(
    connection: Connection, owner: str, person_id: UUID, request_id: UUID
) -> Enrolled | None:
    row = await connection.fetchrow(f"{_FACE} request_id = $2", owner, request_id)
    if row is None:
        return None
    if row["person_id"] != person_id:
        raise KiokuError(Reason.REQUEST_ID_REUSED, field="request_id")
    return Enrolled(face_of(row), await present_person(connection, owner, person_id))


async def _enrolled(connection: Connection, call: Call, person_id: UUID, face_id: UUID) -> Enrolled:
    linked = await link_faces(connection, call, Action.ENROLL, person_id, [face_id])
    return Enrolled(await _face(connection, call.owner, face_id), linked.person)


async def _face(connection: Connection, owner: str, face_id: UUID) -> Face:
    row = await connection.fetchrow(f"{_FACE} face_id = $2", owner, face_id)
    if row is None:
        raise KiokuError(Reason.FACE_NOT_FOUND, field="face_id")
    return face_of(row)


def _refuse_poor(face: Face) -> None:
    for flaw in face.quality.flaws:
        raise KiokuError(Reason(flaw), field="face_id")
    if not face.space_id:
        raise KiokuError(Reason.FACE_UNSURE, field="face_id")


async def _refuse_erased(connection: Connection, owner: str, sha256: str, box: Box) -> None:
    """No face comes again from where somebody was who took their consent back."""
    rows = await connection.fetch(_ERASED, owner, sha256, WHOLE)
    if any(box_of(row["box"]).overlap(box) > SAME_PLACE for row in rows):
        raise KiokuError(Reason.FACE_ERASED, field="image")


async def _insert(connection: Connection, owner: str, new: Enrolment) -> UUID:
    face_id: UUID = uuids.uuid7()
    found, quality = new.found, new.found.quality
    await connection.execute(
        _INSERT,
        owner,
        face_id,
        found.box.numbers,
        numbers_of(found.landmarks),
        found.detection_score,
        quality.score,
        quality.pixels,
        quality.sharpness,
        quality.yaw,
        quality.pitch,
        quality.roll,
        new.space.space_id,
        new.request_id,
    )
    return face_id


async def _note(
    connection: Connection, call: Call, action: str, person_id: UUID, refused: str = ""
) -> None:
    await record(
        connection,
        call.acting,
        action,
        str(person_id),
        outcome="refused" if refused else "ok",
        reason=refused,
        request_id=call.request_id,
    )
