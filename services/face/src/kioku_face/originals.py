"""The bytes of a picture, as they were when its upload was completed, or as its frame was cut."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Protocol

from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason

from kioku_face.picture import Picture


class Objects(Protocol):
    """The object store, as far as faces are looked for in it."""

    async def get(self, key: str, *, max_bytes: int) -> bytes:
        """All bytes of an object; raises KiokuError (OBJECT_MISSING, IMAGE_TOO_LARGE)."""
        ...


class Originals:
    """Fetches pictures.

    Args:
        max_bytes: of one of them.
    """

    def __init__(self, objects: Objects, *, max_bytes: int) -> None:
        self._objects = objects
        self._max_bytes = max_bytes

    async def bytes_of(self, picture: Picture) -> bytes:
        """The file.

        Raises:
            KiokuError: OBJECT_MISSING, CHECKSUM_MISMATCH.
            InvalidInput: IMAGE_TOO_LARGE.
            DependencyDown: the object store does not answer.
        """
        data = await self._objects.get(picture.object_key, max_bytes=self._max_bytes)
        if picture.sha256 and await asyncio.to_thread(_sha256, data) != picture.sha256:
            raise KiokuError(Reason.CHECKSUM_MISMATCH)
        return data


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
