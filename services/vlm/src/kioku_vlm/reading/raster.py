"""A grey picture that is made easier to read, and the way back to the page it came from."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, radians, sin

import cv2
import numpy as np
import numpy.typing as npt

Grey = npt.NDArray[np.uint8]
Matrix = npt.NDArray[np.float64]
PAPER = 255
_BACKGROUND_EDGE = 256
"""The background is looked at so small that no character is left of it."""
_RULE_PART = 12
"""A stroke longer than this part of a side is a ruling, not a character."""
_DARK = 110


@dataclass(frozen=True)
class Raster:
    """Pixels to be read.

    Attributes:
        grey: (height, width) uint8, dark on light.
        to_page: (3, 3), from its pixels to those of the upright picture.
    """

    grey: Grey
    to_page: Matrix

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        height, width = self.grey.shape
        return width, height

    def warped(self, matrix: Matrix, width: int, height: int) -> Raster:
        """Moved by a matrix (3, 3) of pixels to new pixels; what was outside is paper."""
        grey = cv2.warpPerspective(
            self.grey,
            matrix,
            (width, height),
            flags=cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=(PAPER,),
        )
        return Raster(np.asarray(grey, np.uint8), self.to_page @ np.linalg.inv(matrix))

    def scaled(self, factor: float) -> Raster:
        """Larger or smaller."""
        width, height = (max(1, round(side * factor)) for side in self.size)
        how = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
        grey = np.asarray(cv2.resize(self.grey, (width, height), interpolation=how), np.uint8)
        back = np.diag([self.size[0] / width, self.size[1] / height, 1.0])
        return Raster(grey, self.to_page @ back)

    def turned(self, quarters: int) -> Raster:
        """Turned clockwise by so many quarters."""
        quarters %= 4
        width, height = self.size
        back = {
            0: np.eye(3),
            1: np.array([[0, 1, 0], [-1, 0, height], [0, 0, 1]]),
            2: np.array([[-1, 0, width], [0, -1, height], [0, 0, 1]]),
            3: np.array([[0, -1, width], [1, 0, 0], [0, 0, 1]]),
        }[quarters]
        grey = np.ascontiguousarray(np.rot90(self.grey, -quarters))
        return Raster(grey, self.to_page @ back.astype(np.float64))

    def rotated(self, degrees: float) -> Raster:
        """Turned about its middle, clockwise by a few degrees; corners that leave it are lost."""
        width, height = self.size
        turn, half_x, half_y = radians(degrees), width / 2, height / 2
        rotation = np.array([[cos(turn), -sin(turn), 0], [sin(turn), cos(turn), 0], [0, 0, 1]])
        here = np.array([[1, 0, half_x], [0, 1, half_y], [0, 0, 1]])
        back = np.array([[1, 0, -half_x], [0, 1, -half_y], [0, 0, 1]])
        return self.warped(here @ rotation @ back, width, height)

    def levelled(self) -> Raster:
        """Without the light that fell on it: each pixel by the paper around it; dark as light."""
        ground = _background(self.grey)
        dark = ground < _DARK
        ink = np.where(
            dark,
            PAPER - (self.grey - ground) / np.maximum(PAPER - ground, 1) * PAPER,
            self.grey / np.maximum(ground, 1) * PAPER,
        )
        return Raster(np.clip(ink, 0, PAPER).astype(np.uint8), self.to_page)

    def unruled(self) -> Raster:
        """Without the lines of tables and frames, which are read as characters otherwise."""
        ink = np.asarray(cv2.threshold(self.grey, 160, 255, cv2.THRESH_BINARY_INV)[1], np.uint8)
        width, height = self.size
        rules = np.zeros_like(ink)
        for kernel in ((max(40, width // _RULE_PART), 1), (1, max(40, height // _RULE_PART))):
            shape = cv2.getStructuringElement(cv2.MORPH_RECT, kernel)
            rules |= np.asarray(cv2.morphologyEx(ink, cv2.MORPH_OPEN, shape), np.uint8)
        if not rules.any():
            return self
        wide = cv2.dilate(rules, np.ones((3, 3), np.uint8))
        return Raster(np.where(wide > 0, PAPER, self.grey).astype(np.uint8), self.to_page)


def raster_of(rgb: npt.NDArray[np.uint8]) -> Raster:
    """A picture as it is.

    Args:
        rgb: (height, width, 3), upright.
    """
    grey = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)
    return Raster(grey, np.eye(3))


def _background(grey: Grey) -> npt.NDArray[np.float32]:
    """The level of the paper at each pixel: the larger part of a neighbourhood, smoothed."""
    height, width = grey.shape
    factor = min(1.0, _BACKGROUND_EDGE / max(height, width))
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    reach = max(3, (max(size) // 12) | 1)
    level = cv2.GaussianBlur(cv2.medianBlur(small, reach), (reach, reach), 0)
    full = cv2.resize(level, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(full, np.float32)
