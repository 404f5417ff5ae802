"""Promise: a face is cut out as ArcFace models learnt it: upright, five points where they belong.

The crop is that of `insightface.utils.face_align.norm_crop`, number for number (a test compares).
The transformation is computed here because insightface's own asks a function of scikit-image that
is deprecated and warns from every thread.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from kioku_face.face import Floats
from kioku_face.packs.engine import Pixels

Doubles = npt.NDArray[np.float64]
RULE: Final = "arcface-5-points-similarity-bilinear"
"""Name of this alignment in the digest of a space."""

# Where ArcFace's training set has the points in 112 x 112 pixels (Deng et al., ArcFace, 2019).
TEMPLATE: Final[Doubles] = np.array(
    [
        [38.2946, 51.6963],
        [73.5318, 51.5014],
        [56.0252, 71.7366],
        [41.5493, 92.3655],
        [70.7299, 92.2041],
    ],
    np.float64,
)
_SIDE = 112
_WIDE_SIDE = 128  # graphs of 128 or 256 see a margin of 8 pixels left and right
_SMALLEST = 1e-6


def template(side: int) -> Doubles:
    """The points in a crop of `side` pixels, float64 (5, 2); a multiple of 112 or 128."""
    margin, base = (0.0, _SIDE) if side % _SIDE == 0 else (8.0, _WIDE_SIDE)
    placed: Doubles = (TEMPLATE + np.array([margin, 0.0])) * (side / base)
    return placed


def similarity(points: Floats, target: Doubles) -> Doubles | None:
    """The turn, scale and shift that bring points nearest to a target, by least squares.

    Umeyama, "Least-squares estimation of transformation parameters between two point patterns",
    1991, in the plane, where complex numbers say it in one division; no reflection.

    Args:
        points: float32 (5, 2), pixels.
        target: float64 (5, 2), pixels.

    Returns:
        float64 (2, 3); None where the points lie on one spot or are not numbers.
    """
    if not np.isfinite(points).all():
        return None
    given = points.astype(np.float64) @ np.array([1, 1j])
    wanted = target @ np.array([1, 1j])
    centre, goal = given.mean(), wanted.mean()
    spread = float(np.sum(np.abs(given - centre) ** 2))
    if spread < _SMALLEST:
        return None
    turn = np.sum((wanted - goal) * np.conj(given - centre)) / spread
    shift = goal - turn * centre
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])


def aligned(picture: Pixels, points: Floats, side: int) -> Pixels | None:
    """The face cut out, uint8 (side, side, 3), in the picture's colours; None as `similarity`."""
    matrix = similarity(points, template(side))
    if matrix is None:
        return None
    crop = cv2.warpAffine(picture, matrix, (side, side), borderValue=(0.0, 0.0, 0.0))
    return crop.astype(np.uint8, copy=False)
