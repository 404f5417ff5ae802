"""Bytes from anybody become an upright sRGB picture of bounded size, or one reason why not.

Nothing but `InvalidInput` comes out, whatever a decoder raises; no decoder runs before the
header's claims are within the limits. `LOAD_TRUNCATED_IMAGES` is never set: a damaged picture is
refused, not guessed.
"""

from __future__ import annotations

import io
import threading
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pillow_heif
from PIL import ExifTags, Image

from kioku_rt.images import colour, depth
from kioku_rt.images.header import declared_frames, declared_size
from kioku_rt.images.limits import ImageLimits
from kioku_rt.images.media import PILLOW_FORMATS
from kioku_rt.images.refusal import check_bytes, check_frames, check_size, refusal_of
from kioku_rt.images.scale import Size, draft_of, extent, factor, fit

pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, decode_threads=1)

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIDEWAYS = 5
Prepare = Callable[[Image.Image], np.ndarray]
_ONE_AT_A_TIME = threading.Lock()  # warnings.catch_warnings is not safe between threads


@dataclass(frozen=True)
class DecodedImage:
    """A picture ready for a model.

    Args:
        pixels: uint8 (height, width, 3), upright, sRGB, C-contiguous; or what a pool's
            `prepare` made of it.
        content_type: media type told by the bytes.
        original_size: width and height of the upright picture before it was made smaller.
        seconds: from the bytes handed to a child until its answer; 0 when decoded in this process.
    """

    pixels: np.ndarray
    content_type: str
    original_size: tuple[int, int]
    seconds: float = 0.0


def decode(
    data: bytes, limits: ImageLimits | None = None, prepare: Prepare | None = None
) -> DecodedImage:
    """Decodes `data` in this process, one picture at a time; `DecodePool` does it in children.

    Args:
        data: an encoded picture.
        limits: its bounds.
        prepare: makes the array of the upright RGB picture; None: the array of its pixels.

    Raises:
        InvalidInput: with one of the IMAGE_* reasons; what `prepare` raises comes out as it is.
    """
    bounds = limits or ImageLimits()
    media_type = check_bytes(data, bounds)
    with _ONE_AT_A_TIME, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            picture, size = _decode(data, media_type, bounds)
        except Exception as error:  # noqa: BLE001 - decoders raise anything; all of it is a reason
            raise refusal_of(error) from None
    array = np.asarray(picture, np.uint8) if prepare is None else prepare(picture)
    return DecodedImage(np.ascontiguousarray(array), media_type, size)


def _decode(data: bytes, media_type: str, limits: ImageLimits) -> tuple[Image.Image, Size]:
    """The upright picture within the limits, and its size before it was made smaller."""
    size = declared_size(data, media_type)
    if size is not None:
        check_size(size, limits)
    check_frames(declared_frames(data, media_type, limits.max_frames), limits)
    with Image.open(io.BytesIO(data), formats=(PILLOW_FORMATS[media_type],)) as picture:
        check_size(picture.size, limits)
        check_frames(_frames(picture), limits)
        return _render(picture, media_type, limits)


def _frames(picture: Image.Image) -> int:
    """Frames of the formats whose plugin knows them from the header."""
    counted = picture.format in {"WEBP", "AVIF", "HEIF"}
    return int(getattr(picture, "n_frames", 1)) if counted else 1


def _render(picture: Image.Image, media_type: str, limits: ImageLimits) -> tuple[Image.Image, Size]:
    declared = picture.size
    picture.draft(None, draft_of(declared, limits))
    picture.load()
    drafted = picture.size != declared and media_type == "image/jpeg"
    size = declared if drafted else picture.size
    check_size(size, limits)
    orientation = _orientation(picture)
    profile = picture.info.get("icc_profile")
    small = _shrunk(picture, limits, size)
    flat = colour.to_srgb(small, profile if isinstance(profile, bytes) else None)
    upright = _turned(flat, orientation)
    return upright, size[::-1] if orientation >= _SIDEWAYS else size


def _shrunk(picture: Image.Image, limits: ImageLimits, size: tuple[int, int]) -> Image.Image:
    """`picture`, `size` before it was drafted, within the long edge, in 8 bits (`colour.flat`)."""
    deep = picture.mode in depth.DEEP_MODES  # Pillow cannot average those
    by = 1 if deep else factor(size, limits)
    finest = limits.needed_side is None
    kernel = Image.Resampling.LANCZOS if finest else Image.Resampling.HAMMING

    def shrink(full: Image.Image) -> Image.Image:
        if by > 1 and full.size == size:
            full = full.reduce(by)
        wanted = fit(size, limits.long_edge)
        if max(full.size) <= max(wanted):
            return full
        box, gap = extent(size, full.size), None if full.mode in depth.DEEP_MODES else 2.0
        return full.resize(wanted, kernel, box, gap)

    return depth.shallow(picture, shrink) if deep else shrink(colour.flat(picture))


def _orientation(picture: Image.Image) -> int:
    """EXIF orientation 1 to 8 (from EXIF, PNG eXIf or XMP); anything odd or broken is 1."""
    try:
        value = picture.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # noqa: BLE001 - broken EXIF is common and means: as it is
        return 1
    return value if isinstance(value, int) and value in _UPRIGHT else 1


def _turned(picture: Image.Image, orientation: int) -> Image.Image:
    method = _UPRIGHT.get(orientation)
    return picture if method is None else picture.transpose(method)
