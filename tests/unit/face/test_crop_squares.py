"""The square around a face: as large as it needs, inside the picture where it fits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kioku_face.crop import square_around
from kioku_face.face import Box


def test_there_is_room_around_the_face() -> None:
    """0.3 of the longer side on each side, around the middle."""
    assert (30, 40, 110, 120) == square_around(Box(0.3, 0.275, 0.1, 0.25), 200, 200)


@pytest.mark.parametrize(
    ("box", "corner"),
    [(Box(0.0, 0.0, 0.1, 0.1), (0, 0)), (Box(0.9, 0.9, 0.1, 0.1), (168, 168))],
)
def test_it_is_moved_into_the_picture(box: Box, corner: tuple[int, int]) -> None:
    """At an edge it does not reach beyond it."""
    assert corner == square_around(box, 200, 200)[:2]


def test_a_face_as_wide_as_a_banner_keeps_its_middle() -> None:
    """It cannot be inside in both directions: it reaches beyond the picture evenly."""
    left, top, right, bottom = square_around(Box(0.0, 0.0, 1.0, 1.0), 400, 100)
    assert (0, -150, 400, 250) == (left, top, right, bottom)


sides = st.integers(1, 5000)
parts = st.floats(-0.2, 1.2, allow_subnormal=False)
lengths = st.floats(1e-4, 1.2)


@given(sides, sides, parts, parts, lengths, lengths)
def test_it_is_a_square_of_at_least_a_pixel(
    width: int, height: int, left: float, top: float, wide: float, high: float
) -> None:
    """Whatever the box."""
    edges = square_around(Box(left, top, wide, high), width, height)
    assert edges[2] - edges[0] == edges[3] - edges[1] >= 1
    assert edges[2] - edges[0] <= max(width, height)
