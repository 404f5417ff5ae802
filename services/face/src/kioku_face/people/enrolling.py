"""Promise: a person becomes known by one good face of theirs, and only if they agreed to it."""

from __future__ import annotations

import asyncio
import hashlib
from uuid import UUID

from kioku_rt.errors import InvalidInput
from kioku_rt.reasons import Reason

from kioku_face.face import FoundFace
from kioku_face.packs.engine import FaceFinder, Found
from kioku_face.people.ports import Call, Enrolled, Enrolment, EnrolmentStore

_FIELD = "image"


class Enrolling:
    """EnrollFace."""

    def __init__(self, store: EnrolmentStore, finder: FaceFinder) -> None:
        self._store = store
        self._finder = finder

    async def face(self, call: Call, person_id: UUID, face_id: UUID) -> Enrolled:
        """Make a face of an asset known; asked again, nothing changes.

        Raises:
            KiokuError: PERSON_NOT_FOUND, FACE_NOT_FOUND, CONSENT_MISSING, FACES_SAME_PICTURE, or
                the face's flaw.
        """
        return await self._store.enroll_face(call, person_id, face_id)

    async def picture(
        self, call: Call, person_id: UUID, image: bytes, request_id: UUID | None
    ) -> Enrolled:
        """Make the one face of a picture known; the picture is not kept.

        Args:
            image: a file, at most 16 MiB.
            request_id: asked again with the same, the same face is given.

        Raises:
            InvalidInput: FACE_NONE, FACE_SEVERAL, the face's flaw, or an IMAGE_* reason.
            KiokuError: PERSON_NOT_FOUND, CONSENT_MISSING, FACE_ERASED, REQUEST_ID_REUSED,
                OVERLOADED.
        """
        if request_id is not None:
            known = await self._store.enrolled_by(call, person_id, request_id)
            if known is not None:
                return known
        await self._store.require(call, person_id)
        found = await self._only_face(call, person_id, image)
        digest = await asyncio.to_thread(lambda: hashlib.sha256(image).hexdigest())
        new = Enrolment(found, digest, self._finder.space, request_id)
        return await self._store.enroll_picture(call, person_id, new)

    async def _only_face(self, call: Call, person_id: UUID, image: bytes) -> FoundFace:
        """The face, or the recorded refusal."""
        try:
            return good_face(await self._finder.faces_in(image, urgent=True))
        except InvalidInput as refusal:
            await self._store.refused(call, person_id, refusal.reason)
            raise


def good_face(found: Found) -> FoundFace:
    """The one face of a picture.

    Raises:
        InvalidInput: FACE_NONE, FACE_SEVERAL, or the first flaw of the only one.
    """
    if not found.faces:
        raise InvalidInput(Reason.FACE_NONE, field=_FIELD)
    if len(found.faces) > 1:
        number = str(len(found.faces))
        raise InvalidInput(
            Reason.FACE_SEVERAL,
            f"The picture shows {number} faces; cut it to one.",
            field=_FIELD,
            metadata={"faces": number},
        )
    (face,) = found.faces
    if face.quality.flaws:
        raise InvalidInput(Reason(face.quality.flaws[0]), field=_FIELD)
    if face.vector is None:
        raise InvalidInput(Reason.FACE_UNSURE, field=_FIELD)
    return face
