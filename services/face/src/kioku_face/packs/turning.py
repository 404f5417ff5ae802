"""Promise: what was seen in a turned picture lies where it is in the picture itself."""

from __future__ import annotations

from typing import Final

import numpy as np

from kioku_face.face import Floats
from kioku_face.packs.candidates import Candidates

QUARTERS: Final = (1, 3, 2)
"""Quarter turns counter-clockwise, as `numpy.rot90` counts them; upside down is the rarest."""


def turned_back(found: Candidates, quarters: int, width: int, height: int) -> Candidates:
    """Candidates of `numpy.rot90(picture, quarters)` in pixels of `picture`.

    Args:
        width, height: of `picture`.
    """
    corners = _back(found.boxes.reshape(-1, 2, 2), quarters, width, height)
    boxes = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
    return Candidates(boxes, found.scores, _back(found.points, quarters, width, height))


def _back(points: Floats, quarters: int, width: int, height: int) -> Floats:
    x, y = points[..., 0], points[..., 1]
    placed = {1: (width - y, x), 2: (width - x, height - y), 3: (y, height - x)}[quarters]
    return np.stack(placed, axis=-1).astype(np.float32)
