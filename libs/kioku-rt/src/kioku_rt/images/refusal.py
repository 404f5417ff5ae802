"""Every way to refuse a picture, in the words its sender reads.

Decoders raise a dozen kinds of exceptions whose texts hold memory addresses and file names: only
their class is ever looked at, their text goes nowhere.
"""

from __future__ import annotations

import struct
import zlib

from PIL import Image, UnidentifiedImageError

from kioku_rt.errors import InvalidInput
from kioku_rt.images.limits import MIB, ImageLimits
from kioku_rt.images.media import PILLOW_FORMATS, sniff
from kioku_rt.reasons import Reason

# RuntimeError and ValueError are how libavif, libheif and the PNG plugin say "damaged"
_DAMAGED = (
    OSError,
    SyntaxError,
    EOFError,
    struct.error,
    zlib.error,
    IndexError,
    ValueError,
    RuntimeError,
)


def check_bytes(data: bytes, limits: ImageLimits) -> str:
    """Media type of `data` when it is worth decoding.

    Raises:
        InvalidInput: IMAGE_EMPTY, IMAGE_TOO_LARGE or IMAGE_UNSUPPORTED_FORMAT.
    """
    if not data:
        raise InvalidInput(Reason.IMAGE_EMPTY)
    if len(data) > limits.max_bytes:
        raise too_large(len(data), limits.max_bytes)
    media_type = sniff(data)
    if media_type not in PILLOW_FORMATS:
        raise InvalidInput(Reason.IMAGE_UNSUPPORTED_FORMAT)
    return media_type


def check_size(size: tuple[int, int], limits: ImageLimits) -> None:
    """Refuses a picture by its width and height.

    Raises:
        InvalidInput: IMAGE_ZERO_SIZE or IMAGE_TOO_MANY_PIXELS.
    """
    width, height = size
    if width <= 0 or height <= 0:
        raise InvalidInput(Reason.IMAGE_ZERO_SIZE)
    if width * height > limits.max_pixels:
        raise too_many_pixels(size, f"{limits.max_pixels / 1e6:g} MP")
    if max(size) > limits.max_side:
        raise too_many_pixels(size, f"{limits.max_side} pixels on a side")


def check_frames(frames: int, limits: ImageLimits) -> None:
    """Refuses an animation by its number of frames.

    Raises:
        InvalidInput: IMAGE_TOO_MANY_FRAMES.
    """
    if frames > limits.max_frames:
        raise InvalidInput(
            Reason.IMAGE_TOO_MANY_FRAMES,
            f"The image has more than {limits.max_frames} frames; send one of them.",
            metadata={"limit": str(limits.max_frames)},
        )


def too_large(size: int, limit: int) -> InvalidInput:
    """IMAGE_TOO_LARGE for an image of `size` bytes."""
    return InvalidInput(
        Reason.IMAGE_TOO_LARGE,
        f"The image has {size} bytes; the limit is {limit / MIB:g} MiB.",
        metadata={"bytes": str(size), "limit": str(limit)},
    )


def too_many_pixels(size: tuple[int, int], limit: str) -> InvalidInput:
    """IMAGE_TOO_MANY_PIXELS for an image of `size` (width, height)."""
    width, height = size
    return InvalidInput(
        Reason.IMAGE_TOO_MANY_PIXELS,
        f"The image is {width}x{height} ({width * height / 1e6:.1f} MP); the limit is {limit}.",
        metadata={"width": str(width), "height": str(height), "limit": limit},
    )


def refusal_of(error: Exception) -> InvalidInput:
    """The one reason that stands for whatever a decoder raised."""
    if isinstance(error, InvalidInput):
        return error
    if isinstance(error, (Image.DecompressionBombError, Image.DecompressionBombWarning)):
        return InvalidInput(Reason.IMAGE_TOO_MANY_PIXELS)
    if isinstance(error, UnidentifiedImageError):
        return InvalidInput(Reason.IMAGE_UNSUPPORTED_FORMAT)
    if isinstance(error, _DAMAGED):
        return InvalidInput(Reason.IMAGE_TRUNCATED)
    return InvalidInput(Reason.IMAGE_DECODER_FAILED)
