"""What a picture claims about itself, read without any decoder: bombs stop here.

Only fields that are found without following pointers are read here; where a format hides its size
deeper (JPEG, TIFF), Pillow's own header pass gives it, still before any pixel is decoded.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

Size = tuple[int, int]
_ISPE = b"\x00\x00\x00\x14ispe\x00\x00\x00\x00"
_META_BYTES = 65_536


def declared_size(data: bytes, media_type: str) -> Size | None:
    """Width and height as the header states them, or None where no fixed field holds them."""
    reader = _SIZES.get(media_type)
    try:
        return None if reader is None else reader(data)
    except struct.error:
        return None


def declared_frames(data: bytes, media_type: str, limit: int) -> int:
    """How many frames or pages `data` holds, counted up to `limit + 1` at most.

    Counts GIF images, TIFF directories and what an APNG's `acTL` claims; other formats say 1 here.
    """
    counter = _FRAMES.get(media_type)
    try:
        return 1 if counter is None else counter(data, limit)
    except (struct.error, IndexError):
        return 1


def _png_size(data: bytes) -> Size | None:
    if data[12:16] != b"IHDR":
        return None
    width, height = struct.unpack_from(">II", data, 16)
    return width, height


def _gif_size(data: bytes) -> Size:
    width, height = struct.unpack_from("<HH", data, 6)
    return width, height


def _bmp_size(data: bytes) -> Size:
    if struct.unpack_from("<I", data, 14)[0] == 12:  # OS/2 1.x header
        width, height = struct.unpack_from("<HH", data, 18)
        return width, height
    width, height = struct.unpack_from("<ii", data, 18)
    return abs(width), abs(height)


def _webp_size(data: bytes) -> Size | None:
    kind = data[12:16]
    if kind == b"VP8X":
        wide, high = data[24:27] + b"\0", data[27:30] + b"\0"
        return struct.unpack("<I", wide)[0] + 1, struct.unpack("<I", high)[0] + 1
    if kind == b"VP8L":
        bits = struct.unpack_from("<I", data, 21)[0]
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 26)
        return width & 0x3FFF, height & 0x3FFF
    return None


def _heif_size(data: bytes) -> Size | None:
    """The largest image extent among the item properties (ISO/IEC 23008-12, 6.5.3)."""
    sizes, at = [], data.find(_ISPE, 0, _META_BYTES)
    while at >= 0:
        width, height = struct.unpack_from(">II", data, at + len(_ISPE))
        sizes.append((width * height, (width, height)))
        at = data.find(_ISPE, at + 1, _META_BYTES)
    return max(sizes)[1] if sizes else None


def _png_frames(data: bytes, limit: int) -> int:
    at = data.find(b"acTL", 8, _META_BYTES)
    return 1 if at < 0 else min(int(struct.unpack_from(">I", data, at + 4)[0]), limit + 1)


def _gif_frames(data: bytes, limit: int) -> int:
    """Walks GIF89a blocks: extension 0x21, image 0x2C, each followed by sub-blocks."""
    at, frames = 13 + _colour_table(data[10]), 0
    while at < len(data) and frames <= limit:
        if data[at] == 0x2C:
            frames += 1
            at = _after_blocks(data, at + 11 + _colour_table(data[at + 9]))
        elif data[at] == 0x21:
            at = _after_blocks(data, at + 2)
        else:
            break
    return max(frames, 1)


def _colour_table(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _after_blocks(data: bytes, at: int) -> int:
    while data[at]:
        at += data[at] + 1
    return at + 1


def _tiff_frames(data: bytes, limit: int) -> int:
    """Follows the chain of image file directories; a loop ends it, as it does in Pillow."""
    order = "<" if data[:2] == b"II" else ">"
    big = 43 in data[2:4]
    offset, count, entry = ("Q", "Q", 20) if big else ("I", "H", 12)
    at: int = struct.unpack_from(order + offset, data, 8 if big else 4)[0]
    seen: set[int] = set()
    while at and at not in seen and at < len(data) and len(seen) <= limit:
        seen.add(at)
        entries = struct.unpack_from(order + count, data, at)[0]
        at = struct.unpack_from(
            order + offset, data, at + struct.calcsize(count) + entries * entry
        )[0]
    return max(len(seen), 1)


_SIZES: dict[str, Callable[[bytes], Size | None]] = {
    "image/png": _png_size,
    "image/gif": _gif_size,
    "image/bmp": _bmp_size,
    "image/webp": _webp_size,
    "image/avif": _heif_size,
    "image/heif": _heif_size,
}
_FRAMES: dict[str, Callable[[bytes, int], int]] = {
    "image/png": _png_frames,
    "image/gif": _gif_frames,
    "image/tiff": _tiff_frames,
}
