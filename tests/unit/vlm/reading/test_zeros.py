"""Slashed zeros become plain ones; nothing else loses ink."""

from __future__ import annotations

import numpy as np
import pytest
from kioku_scenes.documents.fonts import face
from kioku_vlm.reading.raster import Grey, Raster
from kioku_vlm.reading.zeros import unslashed
from PIL import Image, ImageDraw


def _drawn(text: str, font: str, size: int) -> Raster:
    image = Image.new("L", (size * (len(text) + 12), size * 2), 255)
    ImageDraw.Draw(image).text((size, size // 2), text, fill=0, font=face(font, size))
    return Raster(np.asarray(image), np.eye(3))


def _ink(grey: Grey) -> float:
    return float((255 - grey.astype(np.float64)).sum())


@pytest.mark.parametrize("font", ["gothic", "vl"])
@pytest.mark.parametrize("size", [24, 36, 60])
def test_a_slash_goes(font: str, size: int) -> None:
    """Paper in the middle of the zero, and its outline as it was."""
    before = _drawn("0", font, size)
    after = unslashed(before)
    rows, columns = np.nonzero(before.grey < 128)
    middle = (rows.min() + rows.max()) // 2, (columns.min() + columns.max()) // 2
    assert before.grey[middle] < 128
    assert after.grey[middle] == 255
    edges = after.grey < 128
    assert np.ptp(np.nonzero(edges)[0]) == np.ptp(rows)
    assert np.ptp(np.nonzero(edges)[1]) == np.ptp(columns)


@pytest.mark.parametrize("font", ["gothic", "vl", "mincho", "mplus"])
@pytest.mark.parametrize("size", [24, 48])
def test_all_else_keeps_its_ink(font: str, size: int) -> None:
    """Other signs with two eyes too."""
    page = _drawn("8B9日目四中の田白自ぬめあ回申曲&%@φΦ", font, size)
    assert _ink(unslashed(page).grey) == _ink(page.grey)


def test_a_blank_page() -> None:
    """Nothing to do."""
    page = Raster(np.full((40, 40), 255, np.uint8), np.eye(3))
    assert unslashed(page) is page
