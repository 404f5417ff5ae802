"""Promise: a video's bytes lie on the local disk for as long as they are cut, and no longer.

The file has no name: whatever ends this process, the disk has its space back.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Protocol

from kioku_rt.errors import DependencyDown, InvalidInput, KiokuError
from kioku_rt.objects import ObjectInfo
from kioku_rt.reasons import Reason

from kioku_embedder.frames.threads import to_its_end

PIECE = 8 * 2**20
SCRATCH = "scratch disk"


class Originals(Protocol):
    """The object store, as far as originals are read."""

    async def head(self, key: str) -> ObjectInfo | None:
        """What is stored under `key`, or None."""
        ...

    async def get_range(self, key: str, *, start: int, size: int) -> bytes:
        """At most `size` bytes from `start`; raises KiokuError (OBJECT_MISSING)."""
        ...


@asynccontextmanager
async def local_copy(
    originals: Originals, key: str, *, sha256: str, max_bytes: int
) -> AsyncIterator[int]:
    """Descriptor of a nameless file with the object's bytes, read piece by piece.

    Args:
        originals: the store.
        key: of the object.
        sha256: hex digest the bytes must have; empty: not compared.
        max_bytes: of the object.

    Raises:
        KiokuError: OBJECT_MISSING, VIDEO_TOO_LARGE or CHECKSUM_MISMATCH.
        DependencyDown: the store, or the local disk.
    """
    size = await _size(originals, key, max_bytes)
    with _scratch() as file:
        digest = hashlib.sha256()
        for start in range(0, size, PIECE):
            piece = await originals.get_range(key, start=start, size=min(PIECE, size - start))
            await to_its_end(partial(_keep, file.fileno(), piece, digest))
        if sha256 and digest.hexdigest() != sha256:
            raise KiokuError(Reason.CHECKSUM_MISMATCH)
        yield file.fileno()


async def _size(originals: Originals, key: str, max_bytes: int) -> int:
    info = await originals.head(key)
    if info is None:
        raise KiokuError(Reason.OBJECT_MISSING)
    if info.size > max_bytes:
        raise InvalidInput(
            Reason.VIDEO_TOO_LARGE,
            f"The video has {info.size} bytes; the limit is {max_bytes}.",
            metadata={"bytes": str(info.size), "limit": str(max_bytes)},
        )
    return info.size


def _scratch() -> tempfile._TemporaryFileWrapper[bytes]:
    try:
        return tempfile.TemporaryFile(prefix="kioku-video-")  # type: ignore[return-value]
    except OSError:
        raise DependencyDown(SCRATCH) from None


def _keep(fd: int, piece: bytes, digest: hashlib._Hash) -> None:
    digest.update(piece)
    view = memoryview(piece)
    try:
        while view:
            view = view[os.write(fd, view) :]
    except OSError:
        raise DependencyDown(SCRATCH) from None
