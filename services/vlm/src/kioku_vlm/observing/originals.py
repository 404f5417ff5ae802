"""The bytes of an observation, as they were when the upload was completed."""

from __future__ import annotations

from typing import Protocol

from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason

from kioku_vlm.observing.digest import sha256_of
from kioku_vlm.observing.observation import Claim


class Objects(Protocol):
    """The object store, as far as pictures are read from it."""

    async def get(self, key: str, *, max_bytes: int) -> bytes:
        """All bytes of an object; raises KiokuError (OBJECT_MISSING, IMAGE_TOO_LARGE)."""
        ...


class Originals:
    """Fetches files.

    Args:
        max_bytes: of one of them.
    """

    def __init__(self, objects: Objects, *, max_bytes: int) -> None:
        self._objects = objects
        self._max_bytes = max_bytes

    async def bytes_of(self, claim: Claim) -> bytes:
        """The file: from the request, or from the first asset that still has it.

        Raises:
            KiokuError: OBJECT_MISSING, CHECKSUM_MISMATCH.
            InvalidInput: IMAGE_TOO_LARGE.
            DependencyDown: the object store does not answer.
        """
        if claim.sent is not None:
            return claim.sent
        missing = KiokuError(Reason.OBJECT_MISSING)
        for key in claim.keys:
            try:
                return await self._checked(key, claim.sha256)
            except KiokuError as error:
                if error.reason is not Reason.OBJECT_MISSING:
                    raise
                missing = error
        raise missing

    async def _checked(self, key: str, sha256: str) -> bytes:
        data = await self._objects.get(key, max_bytes=self._max_bytes)
        if await sha256_of(data) != sha256:
            raise KiokuError(Reason.CHECKSUM_MISMATCH)
        return data
