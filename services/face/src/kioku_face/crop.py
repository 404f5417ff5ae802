"""Promise: a face can be seen, cut anew out of its picture; no cut-out is ever kept."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

import numpy as np
import numpy.typing as npt
from kioku_rt.auth.principal import Acting
from kioku_rt.errors import KiokuError
from kioku_rt.images import DecodedImage, encode_jpeg
from kioku_rt.reasons import Reason
from PIL import Image

from kioku_face.face import Box
from kioku_face.originals import Originals
from kioku_face.picture import Picture

MARGIN = 0.3
"""Room around the face on each side, in parts of its longer side."""
Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Spot:
    """Where a face is seen; `picture` None: it was enrolled from one that is not kept."""

    picture: Picture | None
    box: Box


class Spots(Protocol):
    """Reading where a face is, audited in the same transaction."""

    async def spot(self, acting: Acting, face_id: UUID) -> Spot | None:
        """Where the face is; None if there is no such face of this owner."""


class Decoder(Protocol):
    """Bytes to pixels, off the event loop."""

    async def decode(self, data: bytes) -> DecodedImage:
        """Raises InvalidInput (IMAGE_*) or DependencyDown."""
        ...


class Crops:
    """GetFaceCrop.

    Args:
        at_once: pictures in memory at once; further calls wait.
    """

    def __init__(
        self, spots: Spots, originals: Originals, decoder: Decoder, *, at_once: int
    ) -> None:
        self._spots = spots
        self._originals = originals
        self._decoder = decoder
        self._room = asyncio.Semaphore(at_once)

    async def crop(self, acting: Acting, face_id: UUID, size: int) -> bytes:
        """A square JPEG of `size` pixels with some room around the face.

        Raises:
            KiokuError: FACE_NOT_FOUND; OBJECT_MISSING when its picture is not kept.
            DependencyDown: database, object store or decoder do not answer.
        """
        spot = await self._spots.spot(acting, face_id)
        if spot is None:
            raise KiokuError(Reason.FACE_NOT_FOUND, field="face_id")
        if spot.picture is None:
            raise KiokuError(
                Reason.OBJECT_MISSING, "The picture that this face was enrolled from is not kept."
            )
        async with self._room:
            decoded = await self._decoder.decode(await self._originals.bytes_of(spot.picture))
            return await asyncio.to_thread(_jpeg, decoded.pixels, spot.box, size)


def square_around(box: Box, width: int, height: int) -> tuple[int, int, int, int]:
    """Left, top, right and lower edge, in pixels, of a square with room around the box.

    It is moved into the picture where it fits, and may reach beyond it where it does not.
    """
    side = max(box.width * width, box.height * height) * (1 + 2 * MARGIN)
    side = max(1.0, min(side, max(width, height)))
    left = _inside((box.left + box.width / 2) * width - side / 2, side, width)
    top = _inside((box.top + box.height / 2) * height - side / 2, side, height)
    whole = max(1, round(side))
    return round(left), round(top), round(left) + whole, round(top) + whole


def _inside(start: float, side: float, length: int) -> float:
    """A start that keeps `side` within `length`; where it is too long, in the middle."""
    if side >= length:
        return (length - side) / 2
    return min(max(start, 0.0), length - side)


def _jpeg(pixels: Pixels, box: Box, size: int) -> bytes:
    height, width = pixels.shape[:2]
    cut = Image.fromarray(pixels).crop(square_around(box, width, height))
    square = cut.resize((size, size), Image.Resampling.LANCZOS)
    return encode_jpeg(np.asarray(square))
