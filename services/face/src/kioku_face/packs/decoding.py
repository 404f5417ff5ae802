"""Promise: what a decoder's child makes of a picture that faces are looked for in.

Imported in every child: Pillow and numpy only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from kioku_rt.images import ImageLimits
from PIL import Image


@dataclass(frozen=True)
class FacePixels:
    """The whole picture, made smaller only beyond so many pixels; faces may be tiny in it.

    Args:
        most: pixels that are left.
    """

    most: int

    def __call__(self, picture: Image.Image) -> np.ndarray:
        """Uint8 (height, width, 3), RGB."""
        wide, high = picture.size
        ratio = math.sqrt(self.most / (wide * high))
        if ratio < 1:
            size = max(1, int(wide * ratio)), max(1, int(high * ratio))
            picture = picture.resize(size, Image.Resampling.HAMMING, reducing_gap=2.0)
        return np.asarray(picture, np.uint8)


def face_limits(max_bytes: int) -> ImageLimits:
    """The bounds of a decode that keeps every pixel.

    Args:
        max_bytes: of the file.
    """
    limits = ImageLimits(max_bytes=max_bytes)
    return ImageLimits(max_bytes=max_bytes, long_edge=limits.max_side)
