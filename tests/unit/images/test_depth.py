"""Sixteen and more bits a sample keep their shades: Pillow alone would make them white."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from kioku_rt.images import decode
from PIL import Image

Encode = Callable[..., bytes]


def ramp(top: float, kind: type, bottom: float = 0) -> Image.Image:
    """Every shade from `bottom` to `top`, left to right, 8 rows high."""
    return Image.fromarray(np.linspace(bottom, top, 512, dtype=kind)[None].repeat(8, axis=0))


def shades(data: bytes) -> np.ndarray:
    """The grey values of the middle row of a decoded picture, from left to right."""
    pixels = decode(data).pixels
    assert (pixels[..., 0] == pixels[..., 2]).all()
    return pixels[4, :, 0]


@pytest.mark.parametrize("kind", ["image/png", "image/tiff"])
def test_a_16_bit_ramp_keeps_its_shades(encode: Encode, kind: str) -> None:
    """Black to white comes out as black to white in at least 250 steps."""
    values = shades(encode(ramp(65_535, np.uint16), kind))
    assert (0, 255) == (values[0], values[-1])
    assert len(np.unique(values)) >= 250
    assert (np.diff(values.astype(int)) >= 0).all()


@pytest.mark.parametrize("top", [255, 1_023, 4_095, 16_383, 32_767, 65_535])
def test_fewer_bits_in_a_16_bit_tiff_are_scaled_by_what_holds_them(
    encode: Encode, top: int
) -> None:
    """12 bits of a microscope in 16-bit samples are not a black picture."""
    values = shades(encode(ramp(top, np.uint16), "image/tiff"))
    assert (0, 255) == (values[0], values[-1])


def test_a_dark_16_bit_png_stays_dark(encode: Encode) -> None:
    """PNG defines its samples over the full range, so darkness is what was meant."""
    assert 16 == shades(encode(ramp(4_095, np.uint16))).max()


@pytest.mark.parametrize("top", [255, 4_095, 65_535, 2_000_000_000])
def test_32_bit_integers(encode: Encode, top: int) -> None:
    """Whole numbers end at white, whatever their size."""
    values = shades(encode(ramp(top, np.int32), "image/tiff"))
    assert (0, 255) == (values[0], values[-1])


@pytest.mark.parametrize(("bottom", "top"), [(0, 1), (0, 255), (-3.5, 7e9)])
def test_floats(encode: Encode, bottom: float, top: float) -> None:
    """Fractions, 8-bit numbers and measurements all use the whole range."""
    values = shades(encode(ramp(top, np.float32, bottom), "image/tiff"))
    assert (0, 255) == (values[0], values[-1])
    assert len(np.unique(values)) >= 250


def test_floats_that_are_no_numbers(encode: Encode) -> None:
    """NaN and infinities darken their own place only."""
    values = np.full((8, 8), 0.5, dtype=np.float32)
    values[0, :3] = np.nan, np.inf, -np.inf
    pixels = decode(encode(Image.fromarray(values), "image/tiff")).pixels
    assert [0, 0, 0, 128] == pixels[0, :4, 0].tolist()
    assert 128 == pixels[1:].min()


def test_one_single_value(encode: Encode) -> None:
    """A picture of one value is uniform, not a division by zero."""
    pixels = decode(encode(ramp(9e9, np.float32, 9e9), "image/tiff")).pixels
    assert 1 == len(np.unique(pixels))


def test_large_16_bit_pictures_are_made_smaller_first(encode: Encode) -> None:
    """The way through the resizer keeps 16 bits."""
    wide = ramp(65_535, np.uint16).resize((4_000, 100), Image.Resampling.BILINEAR)
    decoded = decode(encode(wide))
    assert (26, 1_024, 3) == decoded.pixels.shape
    assert len(np.unique(decoded.pixels)) >= 250


def test_white_is_zero_counts_downwards(encode: Encode) -> None:
    """A TIFF whose zero is white (photometric 0) is not a negative."""
    values = shades(encode(ramp(65_535, np.uint16), "image/tiff", tiffinfo={262: 0}))
    assert (255, 0) == (values[0], values[-1])


def test_big_endian_samples(encode: Encode) -> None:
    """Byte order is the file's business."""
    little = encode(ramp(65_535, np.uint16), "image/tiff")
    picture = Image.open(io.BytesIO(little))
    swapped = Image.frombytes("I;16B", picture.size, np.asarray(picture).byteswap().tobytes())
    buffer = io.BytesIO()
    swapped.save(buffer, "TIFF")
    assert buffer.getvalue()[:2] == b"MM"
    assert (0, 255) == (shades(buffer.getvalue())[0], shades(buffer.getvalue())[-1])


def deep_png(colour: int, samples: np.ndarray, extra: bytes = b"") -> bytes:
    """A PNG of 16 bits a sample, which Pillow itself cannot write in colour."""

    def chunk(name: bytes, body: bytes) -> bytes:
        crc = zlib.crc32(name + body)
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", crc)

    height, width = samples.shape[:2]
    rows = b"".join(b"\x00" + row.astype(">u2").tobytes() for row in samples)
    header = struct.pack(">IIBBBBB", width, height, 16, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + extra
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def test_16_bit_colour() -> None:
    """Red, green and blue of 16 bits keep their proportions."""
    samples = np.array([[[65_535, 32_768, 0], [0, 1_000, 65_535]]], dtype=np.uint16)
    pixels = decode(deep_png(2, samples)).pixels
    assert [[255, 128, 0], [0, 3, 255]] == pixels[0].tolist()


def test_16_bit_colour_with_alpha() -> None:
    """Half of red over white is pink."""
    samples = np.array([[[65_535, 0, 0, 65_535], [65_535, 0, 0, 0]]], dtype=np.uint16)
    pixels = decode(deep_png(6, samples)).pixels
    assert [[255, 0, 0], [255, 255, 255]] == pixels[0].tolist()


def test_16_bit_grey_with_a_transparent_value() -> None:
    """The one value that tRNS names is white paper, its neighbours are themselves."""
    samples = np.array([[0, 1, 32_896]], dtype=np.uint16)
    transparent = b"tRNS" + struct.pack(">H", 0)
    extra = struct.pack(">I", 2) + transparent + struct.pack(">I", zlib.crc32(transparent))
    assert [255, 0, 128] == decode(deep_png(0, samples, extra)).pixels[0, :, 0].tolist()
