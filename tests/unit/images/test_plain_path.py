"""The decoder shows what plain Pillow shows, in every way a picture can be stored and held."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from kioku_rt.images import ImageLimits, decode
from PIL import Image, ImageCms, ImageOps

Scene = Callable[..., Image.Image]
Encode = Callable[..., bytes]
# a model's geometry changes nothing about a picture that is small already
MODELS = ImageLimits(needed_side=224)


def exif(orientation: int) -> bytes:
    """EXIF data with nothing but an orientation."""
    tags = Image.Exif()
    tags[0x0112] = orientation
    return tags.tobytes()


def other_profile() -> ImageCms.ImageCmsProfile:
    """sRGB with red and green exchanged, under another name."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for at in range(132, 132 + 12 * int.from_bytes(profile[128:132], "big"), 12):
        name = bytes(profile[at : at + 4])
        profile[at : at + 4] = {b"rXYZ": b"gXYZ", b"gXYZ": b"rXYZ"}.get(name, name)
    start = profile.find(b"s\x00R\x00G\x00B")
    profile[start : start + 7] = b"x\x00R\x00G\x00B"
    return ImageCms.ImageCmsProfile(io.BytesIO(bytes(profile)))


def soft_edge(picture: Image.Image) -> Image.Image:
    """`picture` with an alpha that fades from left to right."""
    fade = np.linspace(0, 255, picture.width).astype(np.uint8)[None].repeat(picture.height, 0)
    picture.putalpha(Image.fromarray(fade))
    return picture


def on_white(picture: Image.Image) -> Image.Image:
    """What is seen of a transparent picture on white paper."""
    white = Image.new("RGBA", picture.size, (255, 255, 255, 255))
    return Image.alpha_composite(white, picture.convert("RGBA")).convert("RGB")


def deep(picture: Image.Image) -> Image.Image:
    """`picture` as 16-bit grey."""
    return Image.fromarray(np.asarray(picture.convert("L")).astype(np.uint16) * 257)


def shallow(picture: Image.Image) -> Image.Image:
    """16-bit grey as RGB."""
    return Image.fromarray((np.asarray(picture) // 257).astype(np.uint8)).convert("RGB")


def managed(picture: Image.Image) -> Image.Image:
    """A picture of the other profile as sRGB."""
    shown = ImageCms.profileToProfile(picture, other_profile(), ImageCms.createProfile("sRGB"))
    assert shown is not None
    return shown


def plain(picture: Image.Image) -> Image.Image:
    """Pillow's own conversion."""
    return picture.convert("RGB")


Change = Callable[[Image.Image], Image.Image]
WAYS: dict[str, tuple[str, Change, Change]] = {
    "rgb-jpeg": ("image/jpeg", plain, plain),
    "rgb-png": ("image/png", plain, plain),
    "rgb-webp": ("image/webp", plain, plain),
    "grey-jpeg": ("image/jpeg", lambda p: p.convert("L"), plain),
    "cmyk-jpeg": ("image/jpeg", lambda p: p.convert("CMYK"), plain),
    "cmyk-tiff": ("image/tiff", lambda p: p.convert("CMYK"), plain),
    "16-bit-png": ("image/png", deep, shallow),
    "16-bit-tiff": ("image/tiff", deep, shallow),
    "alpha-png": ("image/png", soft_edge, on_white),
    "alpha-webp": ("image/webp", soft_edge, on_white),
    "palette-png": ("image/png", lambda p: p.convert("P"), plain),
    "icc-png": ("image/png", plain, managed),
    "icc-jpeg": ("image/jpeg", plain, managed),
}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("way", WAYS)
def test_pixels_are_within_one_of_plain_pillow(
    scene: Scene, encode: Encode, way: str, orientation: int
) -> None:
    """Upright by EXIF, in sRGB, on white: every sample within one step of 255."""
    media, stored, shown = WAYS[way]
    options: dict[str, object] = {"exif": exif(orientation)}
    if way.startswith("icc"):
        options["icc_profile"] = other_profile().tobytes()
    data = encode(stored(scene(120, 80)), media, **options)
    opened = Image.open(io.BytesIO(data))
    # TIFF's own loader turns the picture and forgets the tag
    opened.load()
    expected = np.asarray(shown(ImageOps.exif_transpose(opened)), dtype=int)
    seen = decode(data, MODELS).pixels
    assert expected.shape == seen.shape
    assert np.abs(expected - seen).max() <= 1
