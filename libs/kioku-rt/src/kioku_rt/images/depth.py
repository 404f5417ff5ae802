"""More than eight bits a sample become eight by range, so that 16-bit pictures keep their shades.

Pillow's own `convert` clips: a 16-bit ramp becomes 0, 255, 255, … (Pillow issues 1108, 3159).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from PIL import Image, TiffImagePlugin

DEEP_MODES = frozenset({"I", "F", "I;16", "I;16L", "I;16B", "I;16N"})
_CUSTOMARY = (255, 1_023, 4_095, 16_383, 32_767, 65_535)
_WHITE_IS_ZERO = 0
_PHOTOMETRIC = 262


def shallow(picture: Image.Image, shrink: Callable[[Image.Image], Image.Image]) -> Image.Image:
    """`picture` (of one of `DEEP_MODES`), made smaller by `shrink`, as `L`, or `LA` with a hole.

    It shrinks before it scales, so that the float work is done on few pixels.
    """
    deep = _native(picture)
    black, white = _range(deep, full=picture.format == "PNG")
    if _white_is_zero(picture):
        black, white = white, black
    grey = _scaled(shrink(deep), black, white)
    hidden = picture.info.get("transparency")
    if isinstance(hidden, int):
        seen = np.where(np.asarray(deep) == hidden, 0, 255).astype(np.uint8)
        grey.putalpha(shrink(Image.fromarray(seen)))
    return grey


def _native(picture: Image.Image) -> Image.Image:
    """`picture` in a deep mode that Pillow can measure and resize: `I;16`, `I` or `F`."""
    if picture.mode in {"I", "F", "I;16"}:
        return picture
    return Image.fromarray(np.asarray(picture).astype(np.uint16))


def _range(picture: Image.Image, *, full: bool) -> tuple[float, float]:
    """The least and the greatest value that samples of `picture` are meant to have.

    PNG scales its samples to the `full` 16 bits by definition. Elsewhere 12-bit data are common in
    16-bit samples, so the range ends at the smallest customary maximum that holds every value;
    values that fit no such range (negative, or beyond 65535) are stretched from least to greatest.
    """
    if full:
        return 0.0, float(_CUSTOMARY[-1])
    low, high = _extremes(picture)
    if low < 0 or high > _CUSTOMARY[-1]:
        return low, high
    if picture.mode == "F" and high <= 1:
        return 0.0, 1.0
    return 0.0, float(next(most for most in _CUSTOMARY if high <= most))


def _extremes(picture: Image.Image) -> tuple[float, float]:
    """Least and greatest finite value; Pillow's own count is used where it is finite."""
    low, high = (float(value) for value in picture.getextrema())  # type: ignore[arg-type]
    if math.isfinite(low) and math.isfinite(high):
        return low, high
    values = np.asarray(picture)
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)


def _scaled(picture: Image.Image, black: float, white: float) -> Image.Image:
    """An `L` picture in which `black` is 0 and `white` 255; what is no number is black."""
    span = white - black
    values = (np.asarray(picture, dtype=np.float64) - black) * (255.0 / span if span else 0.0)
    values[~np.isfinite(values)] = 0.0
    return Image.fromarray(np.clip(np.rint(values), 0, 255).astype(np.uint8))


def _white_is_zero(picture: Image.Image) -> bool:
    """Whether a TIFF counts downwards; Pillow turns only its 8-bit ones round."""
    if not isinstance(picture, TiffImagePlugin.TiffImageFile):
        return False
    return picture.tag_v2.get(_PHOTOMETRIC) == _WHITE_IS_ZERO
