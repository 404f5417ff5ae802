"""Rectangles in pixels of a drawn page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Frame:
    """A rectangle in pixels from the top left; `right` and `bottom` are not part of it."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """In pixels."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """In pixels."""
        return self.bottom - self.top

    @property
    def corners(self) -> tuple[tuple[float, float], ...]:
        """Clockwise from the top left."""
        left, top, right, bottom = self.left, self.top, self.right, self.bottom
        return (left, top), (right, top), (right, bottom), (left, bottom)


def hull(frames: Iterable[Frame]) -> Frame:
    """The smallest frame that holds all of them.

    Raises:
        ValueError: there is none.
    """
    many = tuple(frames)
    return Frame(
        min(one.left for one in many),
        min(one.top for one in many),
        max(one.right for one in many),
        max(one.bottom for one in many),
    )
