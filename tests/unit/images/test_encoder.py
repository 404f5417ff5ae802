"""What the house encodes itself comes back as it was."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from kioku_rt.images import decode, encode_jpeg
from PIL import Image


def test_a_written_jpeg_is_read_again(scene: Callable[..., Image.Image]) -> None:
    """Same size, same colours within what JPEG loses."""
    pixels = np.asarray(scene(200, 120))
    again = decode(encode_jpeg(pixels)).pixels
    assert pixels.shape == again.shape
    assert np.abs(pixels.astype(int) - again).mean() < 2.0


def test_a_view_into_a_larger_picture_is_written(scene: Callable[..., Image.Image]) -> None:
    """Pixels need not lie next to each other: a crop, a mirrored or turned view will do."""
    view = np.asarray(scene(64, 48))[::-1, 10:50]
    assert (48, 40, 3) == decode(encode_jpeg(view)).pixels.shape


def test_quality_is_heard(scene: Callable[..., Image.Image]) -> None:
    """Less quality, fewer bytes."""
    pixels = np.asarray(scene(200, 120))
    assert len(encode_jpeg(pixels, 30)) < len(encode_jpeg(pixels, 95))


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3), np.float32),
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((1, 65_501, 3), np.uint8),
    ],
    ids=["grey", "alpha", "float", "empty", "endless"],
)
def test_what_is_no_picture_is_refused(pixels: np.ndarray) -> None:
    """The caller's mistake, told at once."""
    with pytest.raises(ValueError, match=r"JPEG|RGB"):
        encode_jpeg(pixels)
