"""What a picture will cost, told from its first bytes: megapixels to decode plus megabytes to hold.

An estimate for queues, never a verdict: a header that lies is found out by the decoder.
"""

from __future__ import annotations

import struct

from kioku_rt.images.header import declared_size
from kioku_rt.images.limits import ImageLimits
from kioku_rt.images.media import SNIFF_BYTES, sniff

_MILLION = 1e6
_BARE = frozenset({0x01, *range(0xD0, 0xD9)})  # markers without a length
_NO_FRAMES = frozenset({0xC4, 0xC8, 0xCC})  # tables among the start-of-frame markers
_MOST_MARKERS = 200


def weight(data: bytes, limits: ImageLimits) -> float:
    """Megapixels (as declared, at most what is allowed) plus megabytes of `data`.

    A 512-pixel JPEG weighs 0.2, a photo of 12 megapixels about 15, the largest picture 66. Where
    no size is found (TIFF, damaged headers) the bytes stand for the pixels.
    """
    pixels = min(_pixels(data) or len(data), limits.max_pixels)
    return (pixels + len(data)) / _MILLION


def _pixels(data: bytes) -> int:
    media_type = sniff(data[:SNIFF_BYTES])
    if media_type is None:
        return 0
    size = _jpeg_size(data) if media_type == "image/jpeg" else declared_size(data, media_type)
    return 0 if size is None else size[0] * size[1]


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Width and height of the first start of frame (ITU-T T.81, B.2.2)."""
    at = 2
    try:
        for _ in range(_MOST_MARKERS):
            mark, kind = struct.unpack_from(">BB", data, at)
            if mark != 0xFF:
                return None
            if 0xC0 <= kind <= 0xCF and kind not in _NO_FRAMES:
                height, width = struct.unpack_from(">HH", data, at + 5)
                return width, height
            at += 2 if kind in _BARE else _segment(data, at, kind)
    except struct.error:
        pass
    return None


def _segment(data: bytes, at: int, kind: int) -> int:
    """Bytes from one marker to the next; fill bytes (0xFF) count one by one."""
    return 1 if kind == 0xFF else 2 + int(struct.unpack_from(">H", data, at + 2)[0])
