"""What a model needs of a picture is kept, and not much more is read."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kioku_rt.images import ImageLimits, decode
from kioku_rt.images.scale import LEAST, SPARE, extent, factor
from PIL import Image

Scene = Callable[..., Image.Image]
Encode = Callable[..., bytes]
FOR_256 = ImageLimits(needed_side=256, max_bytes=2**25)


@pytest.mark.parametrize(
    ("size", "needed", "expected"),
    [
        ((4_000, 3_000), 256, 4),
        ((4_032, 3_024), 256, 4),
        ((6_000, 4_000), 256, 4),
        ((8_000, 6_000), 256, 8),
        ((4_000, 3_000), 512, 2),
        ((4_000, 3_000), 96, 4),
        ((1_024, 768), 256, 1),
        ((1_280, 1_280), 256, 2),
        ((4_001, 2_999), 256, 2),  # 1001 x 750 would end in fractions of a pixel
        ((16_384, 100), 256, 8),  # a panorama is made 1024 long in any case
        ((16_384, 4), 256, 4),
        ((512, 384), 32, 1),
        ((4_000, 3_000), None, 1),
    ],
)
def test_the_factor(size: tuple[int, int], needed: int | None, expected: int) -> None:
    """As much as leaves two and a half times what is needed, or twice the long edge."""
    assert expected == factor(size, ImageLimits(needed_side=needed))
    assert expected == factor(size[::-1], ImageLimits(needed_side=needed))


@given(st.integers(1, 16_384), st.integers(1, 16_384), st.integers(1, 1_024))
def test_enough_is_kept(width: int, height: int, needed: int) -> None:
    """Whatever the size: no side vanishes, and the promise of `factor` holds."""
    by = factor((width, height), ImageLimits(needed_side=needed))
    short, long = min(width, height) / by, max(width, height) / by
    assert by in {1, 2, 4, 8}
    assert short >= 1
    assert by == 1 or short >= max(LEAST, SPARE * needed) or long >= 2 * 1_024


@pytest.mark.parametrize("media", ["image/jpeg", "image/png", "image/webp"])
@pytest.mark.parametrize("size", [(3_000, 2_000), (2_999, 2_001), (1_333, 2_777)], ids=str)
def test_what_is_left_shows_the_same_scene(
    scene: Scene, encode: Encode, media: str, size: tuple[int, int]
) -> None:
    """Every format, sides that divide and sides that do not: the picture is where it was."""
    big = scene(*size)
    decoded = decode(encode(big, media), FOR_256)
    assert size == decoded.original_size
    assert 490 < min(decoded.pixels.shape[:2]) <= max(decoded.pixels.shape[:2]) <= 1_024
    expected = np.asarray(big.resize((256, 256), Image.Resampling.BILINEAR), dtype=int)
    seen = Image.fromarray(decoded.pixels).resize((256, 256), Image.Resampling.BILINEAR)
    difference = np.abs(expected - np.asarray(seen))
    assert difference.mean() < (1.5 if media == "image/webp" else 0.6)


def test_a_padded_edge_is_left_out() -> None:
    """333 pixels at a quarter are 83 and a quarter; libjpeg's 84th is three quarters padding."""
    assert (0.0, 0.0, 125.0, 83.25) == extent((500, 333), (125, 84))
    assert (0.0, 0.0, 500, 333) == extent((500, 333), (500, 333))


@pytest.mark.parametrize("mode", ["L", "LA", "RGBA", "CMYK", "P", "I;16"])
def test_every_mode_is_made_smaller(scene: Scene, encode: Encode, mode: str) -> None:
    """Averages exist for every mode but the deep ones, which are resized instead."""
    big = scene(3_000, 2_000)
    picture = (
        Image.fromarray(np.asarray(big.convert("L")).astype(np.uint16) * 257)
        if mode == "I;16"
        else big.convert(mode)
    )
    decoded = decode(encode(picture, "image/tiff"), FOR_256)
    reference = decode(
        encode(picture, "image/tiff"), ImageLimits(long_edge=16_384, max_bytes=2**25)
    ).pixels
    assert max(decoded.pixels.shape) <= 1_024
    small = [
        np.asarray(Image.fromarray(p).resize((256, 256), Image.Resampling.BILINEAR), dtype=int)
        for p in (decoded.pixels, reference)
    ]
    assert np.abs(small[0] - small[1]).mean() < 0.6
