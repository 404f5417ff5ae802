"""Pictures drawn by code, in every format that Kioku reads."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageDraw

pillow_heif.register_heif_opener()

FORMATS = {
    "image/jpeg": ("JPEG", {"quality": 95}),
    "image/png": ("PNG", {}),
    "image/webp": ("WEBP", {"quality": 95}),
    "image/gif": ("GIF", {}),
    "image/bmp": ("BMP", {}),
    "image/tiff": ("TIFF", {}),
    "image/avif": ("AVIF", {"quality": 95}),
    "image/heif": ("HEIF", {"quality": 95}),
}


def _scene(width: int = 96, height: int = 64) -> Image.Image:
    """A picture without any symmetry: a red corner, a blue disc, a green bar on a slope."""
    slope = np.linspace(90, 190, width)[None, :, None] * np.ones((height, 1, 3))
    picture = Image.fromarray(slope.astype(np.uint8))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, width // 4, height // 4), fill=(220, 30, 30))
    draw.ellipse((width // 2, height // 2, width * 3 // 4, height * 3 // 4), fill=(30, 30, 220))
    draw.rectangle((width - width // 8, 0, width - 1, height - 1), fill=(30, 160, 30))
    return picture


def _encode(picture: Image.Image, media_type: str = "image/png", **options: object) -> bytes:
    name, defaults = FORMATS[media_type]
    buffer = io.BytesIO()
    picture.save(buffer, name, **{**defaults, **options})
    return buffer.getvalue()


@pytest.fixture(scope="session")
def scene() -> Callable[..., Image.Image]:
    """Draws the asymmetric picture at a given size."""
    return _scene


@pytest.fixture(scope="session")
def encode() -> Callable[..., bytes]:
    """Encodes a picture by media type; options go to Pillow."""
    return _encode


@pytest.fixture(params=sorted(FORMATS))
def media_type(request: pytest.FixtureRequest) -> str:
    """Each accepted media type in turn."""
    return str(request.param)
