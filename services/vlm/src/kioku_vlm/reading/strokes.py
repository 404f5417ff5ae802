"""What can be told of writing before it is read: how large, how slanted, and which way it runs."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from kioku_vlm.reading.raster import Grey, Raster

_LEAST, _LARGEST_PART = 5, 8
_FEW = 8
_SLANT_EDGE = 900
_SLANT_LIMIT, _SLANT_STEP, _SLANT_FINE = 6.0, 1.0, 0.25


@dataclass(frozen=True)
class Strokes:
    """Connected pieces of ink of a size that characters have.

    Attributes:
        count: of them.
        height: their median height in pixels; 0 where there are none.
        vertical: part of them whose nearest neighbour lies above or below, 0 to 1.
    """

    count: int
    height: float
    vertical: float


def strokes_of(raster: Raster) -> Strokes:
    """Look at the ink."""
    boxes = _pieces(raster.grey)
    if len(boxes) < _FEW:
        return Strokes(len(boxes), float(np.median(boxes[:, 3])) if len(boxes) else 0.0, 0.0)
    centres = boxes[:, :2] + boxes[:, 2:] / 2
    _, nearest = cKDTree(centres).query(centres, k=2)
    apart = np.abs(centres[nearest[:, 1]] - centres)
    vertical = float(np.mean(apart[:, 1] > apart[:, 0]))
    return Strokes(len(boxes), float(np.median(boxes[:, 3])), vertical)


def slant_of(raster: Raster) -> float:
    """Degrees (counter-clockwise) by which lines or columns lean: where the profile of the ink is
    sharpest (Postl 1986)."""
    factor = min(1.0, _SLANT_EDGE / max(raster.size))
    small = raster.scaled(factor).grey if factor < 1 else raster.grey
    ink = np.asarray(cv2.threshold(small, 160, 255, cv2.THRESH_BINARY_INV)[1], np.uint8)
    if not ink.any():
        return 0.0
    coarse = np.arange(-_SLANT_LIMIT, _SLANT_LIMIT + _SLANT_STEP, _SLANT_STEP)
    best = max(coarse, key=lambda angle: _sharpness(ink, angle))
    fine = np.arange(best - _SLANT_STEP, best + _SLANT_STEP + _SLANT_FINE, _SLANT_FINE)
    found = float(max(fine, key=lambda angle: _sharpness(ink, angle)))
    return found if _sharpness(ink, found) > 1.03 * _sharpness(ink, 0.0) else 0.0


def _sharpness(ink: Grey, angle: float) -> float:
    height, width = ink.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), -angle, 1.0)
    turned = cv2.warpAffine(ink, matrix, (width, height), flags=cv2.INTER_NEAREST)
    rows, columns = (np.asarray(turned, np.float64).sum(axis) for axis in (1, 0))
    return max(float(np.sum(np.diff(each) ** 2)) for each in (rows, columns))


def _pieces(grey: Grey) -> npt.NDArray[np.float64]:
    """Boxes (n, 4) of pieces: left, top, width, height."""
    ink = np.asarray(cv2.threshold(grey, 140, 255, cv2.THRESH_BINARY_INV)[1], np.uint8)
    # Parts of one character touch; those of two do not.
    joined = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    boxes = np.asarray(stats, np.float64)[1:, :4]
    largest = max(grey.shape) / _LARGEST_PART
    longer, shorter = boxes[:, 2:].max(1), boxes[:, 2:].min(1)
    kept = boxes[(longer >= _LEAST) & (longer <= largest) & (shorter * 12 >= longer)]
    return np.asarray(kept, np.float64)
