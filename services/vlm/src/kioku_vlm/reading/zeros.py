"""Zeros with a slash are made plain: Tesseract's Japanese models read them as 6 or 9, surely."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from kioku_vlm.reading.raster import PAPER, Grey, Raster

Contour = npt.NDArray[np.int32]


_LEAST_HEIGHT, _LARGEST_PART = 10, 8
_NARROW, _WIDE = 0.35, 0.85
_FILLED = (0.68, 0.92)
"""An ellipse fills pi / 4 of its box; a rounded box a little more."""
_TALL, _SIDE_BY_SIDE = 0.35, 0.4
"""Each half is so high, and both stand beside one another for so much, as parts of the zero."""


def unslashed(raster: Raster) -> Raster:
    """The raster with plain zeros."""
    ink = np.asarray(cv2.threshold(raster.grey, 150, 255, cv2.THRESH_BINARY_INV)[1], np.uint8)
    found, tree = cv2.findContours(ink, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    if not found:
        return raster
    contours = [np.asarray(one, np.int32) for one in found]
    holes: dict[int, list[int]] = {}
    for at, (_, _, _, parent) in enumerate(tree[0]):
        if parent >= 0:
            holes.setdefault(parent, []).append(at)
    grey, largest = raster.grey.copy(), max(raster.size) / _LARGEST_PART
    for outer, inner in holes.items():
        if len(inner) != 2 or not _is_zero(contours[outer], largest):
            continue
        halves = contours[inner[0]], contours[inner[1]]
        if _slashed(contours[outer], *halves):
            _opened(grey, halves)
    return Raster(grey, raster.to_page)


def _is_zero(outer: Contour, largest: float) -> bool:
    _, _, width, height = cv2.boundingRect(outer)
    if not _LEAST_HEIGHT <= height <= largest or not _NARROW <= width / height <= _WIDE:
        return False
    area = cv2.contourArea(outer)
    full = cv2.contourArea(cv2.convexHull(outer))
    return area > 0.95 * full and _FILLED[0] <= area / (width * height) <= _FILLED[1]


def _slashed(zero: Contour, one: Contour, other: Contour) -> bool:
    """Whether a slash parts it: the upper half lies to the left, and both overlap in height."""
    upper, lower = sorted((one, other), key=lambda half: cv2.boundingRect(half)[1])
    _, _, _, height = cv2.boundingRect(zero)
    _, top, _, tall = cv2.boundingRect(upper)
    _, below, _, long = cv2.boundingRect(lower)
    return bool(
        _middle(upper) < _middle(lower)
        and top < below
        and min(tall, long) >= _TALL * height
        and min(top + tall, below + long) - below >= _SIDE_BY_SIDE * min(tall, long)
    )


def _middle(half: Contour) -> float:
    moments = cv2.moments(half)
    return float(moments["m10"] / max(moments["m00"], 1.0))


def _opened(grey: Grey, halves: tuple[Contour, Contour]) -> None:
    """Paint paper over what lies between the halves: their hull, without its edge, which is ink."""
    hull = cv2.convexHull(np.vstack(halves))
    left, top, width, height = cv2.boundingRect(hull)
    inside = np.zeros((height, width), np.uint8)
    cv2.fillConvexPoly(inside, hull - (left, top), (1,))
    cv2.drawContours(inside, [hull - (left, top)], -1, (0,), 1)
    grey[top : top + height, left : left + width][inside > 0] = PAPER
