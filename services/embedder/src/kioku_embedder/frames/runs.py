"""Promise: of pictures that a person could not tell apart only the first is kept.

Compared are 32 x 32 miniatures, with the last one kept and not with the one before, so that a slow
change adds up and is seen. The colours count too: a cut between equally bright scenes is one.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kioku_embedder.frames.picture import Pixels

MEAN = 1.5
"""Mean absolute difference, of 255, up to which two miniatures may be alike: coding noise."""
MOST = 24
"""Largest difference of one of their values: something small that came or went."""


def difference(left: Pixels, right: Pixels) -> float:
    """Mean absolute difference of two miniatures, 0 to 1."""
    return float(_apart(left, right).mean()) / 255


def alike(left: Pixels, right: Pixels) -> bool:
    """Whether two miniatures, uint8 (32, 32, 3), show the same."""
    apart = _apart(left, right)
    return bool(apart.mean() <= MEAN and apart.max() <= MOST)


def _apart(left: Pixels, right: Pixels) -> npt.NDArray[np.int16]:
    return np.abs(left.astype(np.int16) - right.astype(np.int16))
