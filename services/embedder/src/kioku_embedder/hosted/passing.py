"""Promise: what a provider sees of a picture is a small copy without its file's other contents.

The copy is the upright picture of at most 1024 pixels, as JPEG: no place, date, camera or embedded
preview leaves with it. It travels inside the request, or by a short-lived signed URL of an object
that is removed when the provider has answered; whatever a crash leaves lies under the asset's own
prefix and goes with the asset.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Protocol
from uuid import uuid4

import structlog
from kioku_rt.errors import DependencyDown
from kioku_rt.images import encode_jpeg
from kioku_rt.objects import SignedUrl

from kioku_embedder.preprocessing import Pixels

TYPE = "image/jpeg"
QUALITY = 95
_log = structlog.get_logger(__name__)


class PassingObjects(Protocol):
    """The object store, as far as copies on their way need it."""

    async def put(self, key: str, data: bytes, content_type: str) -> None:
        """Raises DependencyDown."""
        ...

    async def sign_get(self, key: str) -> SignedUrl:
        """Raises DependencyDown."""
        ...

    async def delete(self, keys: Sequence[str]) -> None:
        """Raises DependencyDown."""
        ...


class Passage:
    """Gives a picture an address that a provider can read.

    Args:
        objects: where copies lie meanwhile; None: they always travel inside the request.
    """

    def __init__(self, objects: PassingObjects | None) -> None:
        self._objects = objects

    @asynccontextmanager
    async def address(self, pixels: Pixels, derived: str) -> AsyncIterator[str]:
        """A data URI, or a signed URL where there are a store and a prefix.

        Args:
            pixels: upright sRGB, (height, width, 3) uint8.
            derived: as in `Backend.image`.

        Raises:
            DependencyDown: the store does not answer.
        """
        copy = await asyncio.to_thread(encode_jpeg, pixels, QUALITY)
        if self._objects is None or not derived:
            yield f"data:{TYPE};base64,{base64.b64encode(copy).decode()}"
            return
        key = f"{derived}passing/{uuid4().hex}.jpg"
        await self._objects.put(key, copy, TYPE)
        try:
            yield (await self._objects.sign_get(key)).url
        finally:
            await _remove(self._objects, key)


async def _remove(objects: PassingObjects, key: str) -> None:
    try:
        await asyncio.shield(objects.delete([key]))
    except DependencyDown:
        _log.warning("passing_copy_left", key=key)  # goes with the asset
