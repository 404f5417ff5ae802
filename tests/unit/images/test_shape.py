"""Size is bounded, shape is kept, no side ever vanishes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kioku_rt.images import ImageLimits, decode
from kioku_rt.images.scale import fit
from PIL import Image

Scene = Callable[..., Image.Image]
Encode = Callable[..., bytes]


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((1, 1), (1, 1)),
        ((1_024, 1_024), (1_024, 1_024)),
        ((1_025, 1_025), (1_024, 1_024)),
        ((4_000, 3_000), (1_024, 768)),
        ((3_000, 4_000), (768, 1_024)),
        ((16_384, 1), (1_024, 1)),
        ((1, 16_384), (1, 1_024)),
        ((16_384, 7), (1_024, 1)),
    ],
)
def test_the_long_edge_is_bounded(
    encode: Encode, size: tuple[int, int], expected: tuple[int, int]
) -> None:
    """No picture is enlarged, none is longer than 1024, and a hair is one pixel wide."""
    for kind in ("image/png", "image/jpeg"):
        decoded = decode(encode(Image.new("RGB", size, (9, 99, 199)), kind))
        assert expected[::-1] == decoded.pixels.shape[:2]
        assert size == decoded.original_size


@given(st.integers(1, 16_384), st.integers(1, 16_384), st.integers(1, 2_000))
def test_fit_keeps_the_shape(width: int, height: int, edge: int) -> None:
    """Within rounding, the ratio stays; a side is at least one pixel and at most the edge."""
    new_width, new_height = fit((width, height), edge)
    assert 1 <= min(new_width, new_height)
    assert max(new_width, new_height) <= max(edge, 1) or (new_width, new_height) == (width, height)
    if max(width, height) > edge:
        scale = edge / max(width, height)
        assert abs(new_width - width * scale) <= 1
        assert abs(new_height - height * scale) <= 1


def test_the_array_is_ready_for_a_model(scene: Scene, encode: Encode, media_type: str) -> None:
    """uint8, three channels, contiguous, and the media type is the bytes' own."""
    decoded = decode(encode(scene(), media_type))
    assert (np.dtype(np.uint8), (64, 96, 3)) == (decoded.pixels.dtype, decoded.pixels.shape)
    assert decoded.pixels.flags.c_contiguous
    assert media_type == decoded.content_type


def test_every_format_shows_the_same_scene(scene: Scene, encode: Encode, media_type: str) -> None:
    """Lossy ones are close, the others exact but for GIF's palette."""
    allowed = {"image/jpeg": 2, "image/webp": 3, "image/avif": 2, "image/heif": 3, "image/gif": 8}
    seen = decode(encode(scene(), media_type)).pixels
    difference = np.abs(np.asarray(scene(), dtype=int) - seen).mean()
    assert difference <= allowed.get(media_type, 0)


def test_a_draft_decode_looks_like_a_full_one(scene: Scene, encode: Encode) -> None:
    """Big JPEGs are read at a fraction of their size; nobody can tell."""
    big = scene(4_000, 3_000)
    expected = np.asarray(big.resize((1_024, 768), Image.Resampling.LANCZOS), dtype=int)
    seen = decode(encode(big, "image/jpeg")).pixels
    assert np.abs(expected - seen).mean() < 1


def test_smaller_edges_can_be_asked_for(scene: Scene, encode: Encode) -> None:
    """The long edge is a setting."""
    assert (43, 64, 3) == decode(encode(scene()), ImageLimits(long_edge=64)).pixels.shape
