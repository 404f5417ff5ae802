"""Small upright JPEGs as data URIs, made from originals by the same safe decoder as everything."""

from __future__ import annotations

import base64
import io

from kioku_rt.errors import KiokuError
from kioku_rt.images import ImageLimits, decode
from PIL import Image

_QUALITY = 80
EMPTY = "data:image/gif;base64,R0lGODlhAQABAIAAAMzMzAAAACH5BAAAAAAALAAAAAABAAEAAAICRAEAOw=="


def thumbnail(original: bytes, edge: int = 240) -> str:
    """A data URI of the picture, at most `edge` pixels a side; a grey dot where it has none."""
    try:
        decoded = decode(original, ImageLimits(max_bytes=len(original) + 1, long_edge=edge))
    except KiokuError:
        return EMPTY
    held = io.BytesIO()
    Image.fromarray(decoded.pixels).save(held, "JPEG", quality=_QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(held.getvalue()).decode()
