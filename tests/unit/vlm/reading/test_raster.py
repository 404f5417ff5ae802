"""Whatever is done to a picture, the way back to its page is known."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from kioku_vlm.reading.raster import Grey, Raster, raster_of

_SPOTS = ((40, 30), (150, 60), (220, 120))
"""Where the dots are, by x and y; far enough from the edges to stay inside."""


def _dotted() -> Raster:
    """A page of 260 by 160 with dots."""
    rgb = np.full((160, 260, 3), 255, np.uint8)
    for spot in _SPOTS:
        cv2.circle(rgb, spot, 4, (0, 0, 0), -1)
    return raster_of(rgb)


def _dots(grey: Grey) -> np.ndarray:
    """Middles (n, 2) of what is dark."""
    _, _, _, middles = cv2.connectedComponentsWithStats((grey < 128).astype(np.uint8))
    return middles[1:]


def _back(raster: Raster) -> np.ndarray:
    """Where its dots lie on the page, by x."""
    points = np.column_stack([_dots(raster.grey) + 0.5, np.ones(len(_SPOTS))])
    x, y, w = raster.to_page @ points.T
    return np.array(sorted(zip(x / w - 0.5, y / w - 0.5, strict=True)))


_SHEAR = np.array([[1.05, 0.06, 4], [0.03, 0.95, 3], [0.0001, 0.0002, 1]])

_CHANGES: list[Callable[[Raster], Raster]] = [
    lambda page: page,
    lambda page: page.scaled(2.5),
    lambda page: page.scaled(0.7),
    lambda page: page.turned(1),
    lambda page: page.turned(2),
    lambda page: page.turned(3),
    lambda page: page.turned(-1),
    lambda page: page.rotated(2.0),
    lambda page: page.rotated(-5.0),
    lambda page: page.warped(_SHEAR, 300, 200),
    lambda page: page.scaled(1.6).turned(3).rotated(1.5).turned(1).scaled(0.8),
]


@pytest.mark.parametrize("change", _CHANGES)
def test_a_point_is_led_back_to_where_it_was(change: Callable[[Raster], Raster]) -> None:
    """To a pixel."""
    assert np.abs(_back(change(_dotted())) - np.array(_SPOTS)).max() < 1.0


def test_a_quarter_is_clockwise() -> None:
    """What was at the top left comes to the top right."""
    raster = raster_of(np.full((2, 3, 3), 255, np.uint8))
    raster.grey[0, 0] = 0
    turned = raster.turned(1)
    assert turned.size == (2, 3)
    assert turned.grey[0].tolist() == [255, 0]


def test_a_rotation_is_clockwise() -> None:
    """What was right of the middle goes down."""
    (before,), (after,) = (
        [dot for dot in _dots(raster.grey) if dot[0] > 200]
        for raster in (_dotted(), _dotted().rotated(5.0))
    )
    assert after[1] > before[1] + 5


def test_light_that_fell_on_it_is_taken_away() -> None:
    """Ink is as dark in the shadow as in the sun, paper as white."""
    light = np.linspace(120, 250, 400, dtype=np.float32)
    page = np.tile(light, (300, 1))
    page[100:104, 50:60] *= 0.3
    page[100:104, 350:360] *= 0.3
    grey = Raster(page.astype(np.uint8), np.eye(3)).levelled().grey
    assert np.median(grey) > 245
    assert max(grey[101, 55], grey[101, 355]) < 110
    assert abs(int(grey[101, 55]) - int(grey[101, 355])) < 20


def test_light_writing_becomes_dark() -> None:
    """White on a dark ground is read as black on white."""
    page = np.full((300, 400), 30, np.uint8)
    page[100:104, 50:60] = 240
    grey = Raster(page, np.eye(3)).levelled().grey
    assert grey[200, 200] > 245
    assert grey[101, 55] < 60


def test_rulings_go_and_characters_stay() -> None:
    """A stroke as long as a part of the page is no character."""
    page = np.full((600, 600), 255, np.uint8)
    page[100:103, 20:580] = 0
    page[20:580, 300:303] = 0
    page[200:220, 100:104] = 0
    unruled = Raster(page, np.eye(3)).unruled()
    assert unruled.grey[101, 200] == 255
    assert unruled.grey[400, 301] == 255
    assert (unruled.grey[200:220, 100:104] == 0).all()


def test_a_page_without_rulings_is_left_alone() -> None:
    """No copy is made."""
    page = _dotted()
    assert page.unruled() is page
