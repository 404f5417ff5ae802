"""Size, slant and direction of writing, by ink alone."""

from __future__ import annotations

import numpy as np
import pytest
from kioku_vlm.reading.raster import Raster
from kioku_vlm.reading.strokes import slant_of, strokes_of


def _grid(across: int, down: int) -> Raster:
    """Squares of 20 pixels, so far from one another."""
    page = np.full((800, 800), 255, np.uint8)
    for top in range(80, 720, down):
        for left in range(80, 720, across):
            page[top : top + 20, left : left + 20] = 0
    return Raster(page, np.eye(3))


def test_rows_and_columns_are_told_apart() -> None:
    """By where the nearest neighbour lies."""
    rows, columns = strokes_of(_grid(26, 60)), strokes_of(_grid(60, 26))
    assert rows.vertical == 0.0
    assert columns.vertical == 1.0
    assert rows.height == columns.height == 20
    assert rows.count == 25 * 11


def test_a_blank_page_has_none() -> None:
    """And no slant."""
    blank = Raster(np.full((200, 300), 255, np.uint8), np.eye(3))
    assert strokes_of(blank).count == 0
    assert strokes_of(blank).height == 0.0
    assert slant_of(blank) == 0.0


def test_a_few_pieces_have_no_direction() -> None:
    """They are counted and measured."""
    page = np.full((400, 400), 255, np.uint8)
    page[100:130, 50:70] = page[200:230, 50:70] = 0
    few = strokes_of(Raster(page, np.eye(3)))
    assert (few.count, few.height, few.vertical) == (2, 30.0, 0.0)


def test_specks_and_rules_are_no_characters() -> None:
    """Too small, too large, too thin."""
    page = np.full((400, 400), 255, np.uint8)
    page[10, 10] = 0
    page[50:53, 50:95] = 0
    page[150:300, 150:300] = 0
    assert strokes_of(Raster(page, np.eye(3))).count == 0


@pytest.mark.parametrize("across", [26, 60], ids=["rows", "columns"])
@pytest.mark.parametrize("degrees", [-4.0, -1.0, 0.0, 2.0, 5.0])
def test_slant_is_found_and_undone(degrees: float, across: int) -> None:
    """To half a degree; what it says straightens the page when it is turned by it."""
    leaning = _grid(across, 86 - across).rotated(-degrees)
    assert slant_of(leaning) == pytest.approx(degrees, abs=0.5)
    assert abs(slant_of(leaning.rotated(slant_of(leaning)))) <= 0.5
