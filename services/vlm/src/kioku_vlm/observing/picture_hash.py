"""What a picture looks like in 256 bits: whether brightness rises, from place to place.

The difference hash as Krawetz describes it ("Kind of Like That", The Hacker Factor Blog, 2013), on
16 rows of 17 places. It survives scaling, compression and another file format; a page photographed
anew is another picture.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

SIDE = 16
BITS = SIDE * SIDE
NEAR_BITS = 24
"""Most bits in which two files of one picture differ; see `architecture/observations.md`."""
NEAR_PART = 4
"""Nor more than one in so many of those that either has: a page is mostly white."""
_FLAT_LEVELS = 8
"""Brightness that varies by less than so many of 256 levels has no structure to compare."""


def difference_bits(picture: Image.Image) -> np.ndarray:
    """The hash of an upright RGB picture as 32 bytes; none of a picture without structure.

    Returns:
        uint8, of shape (32,) or (0,).
    """
    grey = picture.convert("L").resize((SIDE + 1, SIDE), Image.Resampling.BOX)
    levels = np.asarray(grey, np.int16)
    if int(levels.max()) - int(levels.min()) < _FLAT_LEVELS:
        return np.zeros(0, np.uint8)
    return np.packbits(levels[:, 1:] > levels[:, :-1])


def is_near(one: int, other: int) -> bool:
    """Whether two hashes are of almost the same picture; SQL asks it in the same words."""
    return (one ^ other).bit_count() <= min(NEAR_BITS, (one | other).bit_count() // NEAR_PART)


def hash_number(bits: np.ndarray) -> int | None:
    """The bytes of a hash as a number, the first bit the highest; None: there is none."""
    return int.from_bytes(bits.tobytes(), "big") if bits.size else None
