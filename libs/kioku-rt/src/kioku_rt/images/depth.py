"""More than eight bits a sample become eight by range, so that 16-bit pictures keep their shades.

Pillow's own `convert` clips: a 16-bit ramp becomes 0, 255, 255, … (Pillow issues 1108, 3159).
"""

from __future__ import annotations

import numpy as np
from PIL import Image

DEEP_MODES = frozenset({"I", "F", "I;16", "I;16L", "I;16B", "I;16N"})
_CONTAINERS = (255, 1_023, 4_095, 16_383, 65_535)


def native(picture: Image.Image) -> Image.Image:
    """`picture` in a deep mode that Pillow can resize (`I;16`, `I` or `F`)."""
    if picture.mode in {"I", "F", "I;16"}:
        return picture
    return Image.fromarray(np.asarray(picture).astype(np.uint16))


def white_of(picture: Image.Image) -> tuple[float, float]:
    """The values of `picture` that mean black and white.

    PNG scales its samples to the full 16 bits by definition. Elsewhere 12-bit data are common in
    16-bit samples, so white is the smallest customary maximum that holds every value; values that
    fit no such range (negative, or beyond 65535) are stretched from least to greatest.
    """
    if picture.format == "PNG":
        return 0.0, 65_535.0
    low, high = _extremes(picture)
    if picture.mode == "F" and low >= 0 and high <= 1:
        return 0.0, 1.0
    if low >= 0:
        for white in _CONTAINERS:
            if high <= white:
                return 0.0, float(white)
    return low, high


def to_grey(picture: Image.Image, black: float, white: float) -> Image.Image:
    """An `L` picture in which `black` is 0 and `white` 255; NaN is black."""
    values = np.nan_to_num(np.asarray(picture, dtype=np.float64), posinf=white, neginf=black)
    scaled = (values - black) * (255.0 / max(white - black, 1e-12))
    return Image.fromarray(np.clip(np.rint(scaled), 0, 255).astype(np.uint8))


def _extremes(picture: Image.Image) -> tuple[float, float]:
    values = np.asarray(picture)
    if picture.mode == "F":
        values = values[np.isfinite(values)]
    return (float(values.min()), float(values.max())) if values.size else (0.0, 1.0)
