"""The fast resize gives what Pillow gives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kioku_rt.images.resize import resize
from PIL import Image

BILINEAR, BICUBIC = Image.Resampling.BILINEAR, Image.Resampling.BICUBIC


def noise(height: int, width: int) -> np.ndarray:
    """The hardest picture there is."""
    return np.random.default_rng(height * 7919 + width).integers(
        0, 256, (height, width, 3), np.uint8
    )


def worst(pixels: np.ndarray, size: tuple[int, int], by: Image.Resampling) -> int:
    """The largest difference to Pillow."""
    expected = np.asarray(Image.fromarray(pixels).resize(size, by), dtype=int)
    return int(np.abs(expected - resize(pixels, size, by)).max())


@given(st.integers(1, 200), st.integers(1, 200), st.integers(1, 100), st.integers(1, 100))
@settings(max_examples=150, deadline=None)
def test_bilinear_is_within_one_of_pillow(
    height: int, width: int, to_height: int, to_width: int
) -> None:
    """Smaller, larger, squashed, a line: never more than one step of 255."""
    assert worst(noise(height, width), (to_width, to_height), BILINEAR) <= 1


@pytest.mark.parametrize("size", [(96, 96), (256, 256), (224, 300)], ids=str)
def test_photographs_are_within_one_of_pillow(size: tuple[int, int]) -> None:
    """Also at the sizes of pictures and models."""
    assert worst(noise(768, 1_024), size, BILINEAR) <= 1


def test_kernels_that_overshoot_are_pillows() -> None:
    """Bicubic is Pillow's, to the bit."""
    assert 0 == worst(noise(120, 160), (64, 48), BICUBIC)


def test_a_view_is_resized_as_it_is_seen() -> None:
    """Crops and mirrored pictures need not be copied by the caller."""
    view = noise(100, 120)[::-1, 20:90]
    assert worst(np.ascontiguousarray(view), (32, 32), BILINEAR) <= 1
    assert (resize(view, (32, 32), BILINEAR) == resize(view.copy(), (32, 32), BILINEAR)).all()
