"""Bombs are refused by what they claim, before any decoder runs."""

from __future__ import annotations

import io
import struct
import time
import tracemalloc
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kioku_rt.errors import InvalidInput
from kioku_rt.images import IMAGE_TYPES, ImageLimits, decode
from kioku_rt.images.header import declared_frames, declared_size
from kioku_rt.reasons import Reason
from PIL import Image

Scene = Callable[..., Image.Image]
Encode = Callable[..., bytes]
FIXED = {"image/png", "image/gif", "image/bmp", "image/webp", "image/avif", "image/heif"}


def png(width: int, height: int) -> bytes:
    """A PNG whose header claims a size and whose data hold nothing of it."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


def gif(width: int, height: int, frames: int = 1) -> bytes:
    """A GIF with `frames` one-pixel images on a screen of a claimed size."""
    screen = b"GIF89a" + struct.pack("<HH", width, height) + b"\x80\x00\x00" + bytes(6)
    frame = b"," + struct.pack("<HHHH", 0, 0, 1, 1) + b"\x00" + b"\x02\x02D\x01\x00"
    return screen + frame * frames + b";"


def webp(width: int, height: int) -> bytes:
    """A WebP whose extended header claims a size."""
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<I", 10) + bytes(4) + size
    return b"RIFF" + struct.pack("<I", len(body)) + body


def bmp(width: int, height: int) -> bytes:
    """A 24-bit BMP header that claims a size."""
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + info


def jpeg(width: int, height: int) -> bytes:
    """A JPEG whose frame header claims a size."""
    frame = struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00"
    return b"\xff\xd8\xff\xc0" + struct.pack(">H", len(frame) + 2) + frame + b"\xff\xd9"


def avif(width: int, height: int) -> bytes:
    """An AVIF that holds nothing but its file type and one image extent."""
    extent = struct.pack(">I4sIII", 20, b"ispe", 0, width, height)
    return struct.pack(">I4s4sI4s", 20, b"ftyp", b"avif", 0, b"avif") + extent


def tiff(pages: int, *, loop: bool = False) -> bytes:
    """A TIFF with a chain of empty directories, the last of which may point back to the first."""
    body = b"II*\x00" + struct.pack("<I", 8)
    for page in range(pages):
        last = page == pages - 1
        following = (8 if loop else 0) if last else 8 + (page + 1) * 18
        body += struct.pack("<HHHIII", 1, 256, 4, 1, 1, following)
    return body


def reason_of(data: bytes, limits: ImageLimits | None = None) -> Reason:
    """The reason for which `data` is refused."""
    with pytest.raises(InvalidInput) as refused:
        decode(data, limits)
    return refused.value.reason


def test_the_declared_size_is_the_real_one(scene: Scene, encode: Encode, media_type: str) -> None:
    """Where a format states its size in the open, we read the number that Pillow reads."""
    expected = (128, 64) if media_type in FIXED else None
    assert expected == declared_size(encode(scene(128, 64), media_type), media_type)


@pytest.mark.parametrize(
    "bomb",
    [
        png(20_000, 20_000),
        png(0x7FFFFFFF, 0x7FFFFFFF),
        gif(65_535, 65_535),
        webp(16_383, 16_383),
        webp(1 << 24, 1 << 24),
        bmp(100_000, 100_000),
        bmp(100_000, -100_000),
        jpeg(65_535, 65_535),
        avif(17_000, 17_000),
        png(20_000, 1),
        png(1, 20_000),
        png(7_072, 7_072),
    ],
    ids=lambda data: f"{data[:12]!r}-{len(data)}",
)
def test_pixel_bombs_cost_nothing(bomb: bytes) -> None:
    """More pixels or a longer side than allowed: refused in 50 ms and 2 MB, by the header."""
    decode(png_of_one_pixel())  # plugins are loaded
    tracemalloc.start()
    begin = time.perf_counter()
    reason = reason_of(bomb)
    took = time.perf_counter() - begin
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (Reason.IMAGE_TOO_MANY_PIXELS, True, True) == (reason, took < 0.05, peak < 2**21)


def png_of_one_pixel() -> bytes:
    """The smallest picture."""
    buffer = io.BytesIO()
    Image.new("RGB", (1, 1)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize("data", [png(0, 5), png(5, 0), gif(0, 5), gif(5, 0), bmp(0, 5)])
def test_zero_sized_pictures_have_their_own_reason(data: bytes) -> None:
    """No width or no height is not "unknown format"."""
    assert Reason.IMAGE_ZERO_SIZE == reason_of(data)


def test_the_pixel_message_names_size_and_limit() -> None:
    """The sender reads what is wrong and what would be right."""
    with pytest.raises(InvalidInput) as refused:
        decode(png(20_000, 20_000))
    assert "The image is 20000x20000 (400.0 MP); the limit is 50 MP." == refused.value.message
    expected = {"width": "20000", "height": "20000", "limit": "50 MP"}
    assert expected == refused.value.metadata


@pytest.mark.parametrize("frames", [1, 2, 1_000])
def test_frames_are_counted(frames: int) -> None:
    """GIF images and TIFF directories are counted without decoding them."""
    assert frames == declared_frames(gif(2, 2, frames), "image/gif", 1_000)
    assert frames == declared_frames(tiff(frames), "image/tiff", 1_000)


def test_counting_ends_at_the_limit() -> None:
    """A file with a million frames costs as much as one with a thousand and one."""
    assert 11 == declared_frames(gif(2, 2, 5_000), "image/gif", 10)
    assert 11 == declared_frames(tiff(5_000), "image/tiff", 10)


def test_a_looping_tiff_ends() -> None:
    """Directories that point at each other are counted once."""
    assert 3 == declared_frames(tiff(3, loop=True), "image/tiff", 1_000)


@pytest.mark.parametrize("data", [gif(2, 2, 1_001), tiff(1_001)])
def test_frame_bombs_are_refused(data: bytes) -> None:
    """One frame more than allowed is too many."""
    assert Reason.IMAGE_TOO_MANY_FRAMES == reason_of(data)


def test_an_animated_webp_with_too_many_frames_is_refused(encode: Encode) -> None:
    """Formats whose plugin counts frames obey the same limit."""
    shades = [Image.new("L", (8, 8), shade * 20).convert("RGB") for shade in range(9)]
    data = encode(shades[0], "image/webp", save_all=True, append_images=shades[1:])
    assert Reason.IMAGE_TOO_MANY_FRAMES == reason_of(data, ImageLimits(max_frames=8))
    assert (8, 8) == decode(data, ImageLimits(max_frames=9)).original_size


def test_bytes_are_bounded_first(scene: Scene, encode: Encode) -> None:
    """An empty file and one byte too many have reasons of their own."""
    data = encode(scene())
    assert Reason.IMAGE_EMPTY == reason_of(b"")
    assert Reason.IMAGE_TOO_LARGE == reason_of(data, ImageLimits(max_bytes=len(data) - 1))
    assert (96, 64) == decode(data, ImageLimits(max_bytes=len(data))).original_size


@given(tail=st.binary(max_size=200), media_type=st.sampled_from(sorted(IMAGE_TYPES)))
def test_headers_of_garbage_never_raise(tail: bytes, media_type: str) -> None:
    """Whatever follows the magic, reading the header gives a size, a count or nothing."""
    for head in (png(3, 3)[:12], b"GIF89a", b"II*\x00", b"MM\x00+", b"RIFF0000WEBPVP8L", b"BM"):
        size = declared_size(head + tail, media_type)
        assert size is None or len(size) == 2
        assert 1 <= declared_frames(head + tail, media_type, 10) <= 11
