"""Whatever its colour model, a picture ends as sRGB on white.

An embedded ICC profile is honoured when it is valid and fits the picture's colour model, and
ignored otherwise: a broken profile is no reason to refuse a photo.
"""

from __future__ import annotations

import io
from functools import lru_cache

from PIL import Image, ImageCms

_MAX_PROFILE = 4 * 2**20
_SPACES = {"RGB": "RGB ", "L": "GRAY", "CMYK": "CMYK", "LAB": "Lab "}


def flat(picture: Image.Image) -> Image.Image:
    """`picture` in a mode that resizes without harm: L, LA, RGB, RGBA, CMYK or LAB, 8 bit."""
    if picture.has_transparency_data and picture.mode not in {"LA", "RGBA"}:
        return picture.convert("RGBA")
    if picture.mode in {"L", "LA", "RGB", "RGBA", "CMYK", "LAB"}:
        return picture
    return picture.convert("L" if picture.mode == "1" else "RGB")


def to_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """`picture` (as `flat` left it) as RGB in sRGB, composited on white where it has alpha."""
    alpha = picture.getchannel("A") if picture.mode in {"LA", "RGBA"} else None
    if alpha is not None:
        picture = picture.convert(picture.mode[:-1])
    colours = _managed(picture, profile)
    if alpha is None:
        return colours
    white = Image.new("RGB", picture.size, (255, 255, 255))
    white.paste(colours, mask=alpha)
    return white


def _managed(picture: Image.Image, profile: bytes | None) -> Image.Image:
    transform = _transform(profile or b"", picture.mode)
    if transform is None:
        return picture.convert("RGB")
    try:
        return transform.apply(picture)
    except (ImageCms.PyCMSError, ValueError, OSError):
        return picture.convert("RGB")


@lru_cache(maxsize=8)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """The way from `profile` to sRGB for pictures of `mode`, or None when none is needed."""
    if not profile and mode != "LAB":
        return None
    try:
        source = _source(profile, mode)
        if source is None:
            return None
        return ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")
    except (ImageCms.PyCMSError, ValueError, OSError, TypeError, AttributeError):
        return None


def _source(profile: bytes, mode: str) -> ImageCms.ImageCmsProfile | None:
    if mode == "LAB":
        return ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    if len(profile) > _MAX_PROFILE:
        return None
    opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    if opened.profile.xcolor_space != _SPACES[mode]:
        return None
    description = opened.profile.profile_description or ""
    return None if mode == "RGB" and description.startswith("sRGB") else opened
