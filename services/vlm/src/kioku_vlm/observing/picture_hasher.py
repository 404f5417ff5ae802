"""Hashes pictures in a decoder child.  Implements `Hasher`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kioku_rt.errors import InvalidInput

from kioku_vlm.observing.picture_hash import hash_number

if TYPE_CHECKING:
    from kioku_rt.images import DecodePool


class PictureHasher:
    """Tells pictures by their looks.

    Args:
        pool: its children apply `difference_bits`.
    """

    def __init__(self, pool: DecodePool) -> None:
        self._pool = pool

    async def hash_of(self, data: bytes) -> int | None:
        """A perceptual hash of 256 bits; None: it is no picture, or one without structure."""
        try:
            decoded = await self._pool.decode(data)
        except InvalidInput:  # what the file is worth is for the reader to say
            return None
        return hash_number(decoded.pixels)
