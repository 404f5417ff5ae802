"""Promise: faces of every size are looked for at a size the detector knows.

A detector finds faces from about ten pixels to half of what it was trained on, and places eyes and
mouth better where they are not all too small. So a picture is looked at whole (a small one made
larger), once more small where a face may fill it, and in tiles where it is large and faces in it
may be tiny. Each view gives only faces of the sizes it is there for; tiles overlap by the
largest face they give, so that each face lies whole in one of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

RULE: Final = "1"
"""Name of the rule below in the digest of a space: other views give other landmarks."""

_SMALLER = 3  # times smaller than the whole view, before one more view is worth it


@dataclass(frozen=True)
class ViewRules:
    """How a picture is looked at, pixels.

    Args:
        edge: longest side of the view of the whole picture, and side of a tile.
        least_edge: to which a smaller picture is enlarged for the whole view.
        most_enlarged: times at most.
        small: longest side of the second view of the whole picture; 0: there is none.
        filling: the small view gives faces from this side on.
        fine: longest side of the picture that is cut into tiles; 0: there are no tiles.
        overlap: of two tiles, and the side up to which they give faces.
    """

    edge: int = 640
    least_edge: int = 448
    most_enlarged: float = 4.0
    small: int = 160
    filling: int = 64
    fine: int = 1440
    overlap: int = 128


@dataclass(frozen=True)
class View:
    """A part of a picture at a scale.

    Args:
        left, top, right, bottom: of the part, pixels of the picture.
        scale: pixels of the view by pixels of the picture.
        least, most: side of the faces it gives, pixels of the view.
    """

    left: int
    top: int
    right: int
    bottom: int
    scale: float
    least: float = 0.0
    most: float = math.inf

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the view."""
        wide, high = self.right - self.left, self.bottom - self.top
        return max(1, round(wide * self.scale)), max(1, round(high * self.scale))


def whole_views(width: int, height: int, rules: ViewRules) -> Iterator[View]:
    """The views of the whole picture."""
    longest = max(width, height)
    enlarged = min(rules.most_enlarged, max(1.0, rules.least_edge / longest))
    yield View(0, 0, width, height, min(enlarged, rules.edge / longest))
    if rules.small and longest >= _SMALLER * rules.small:
        yield View(0, 0, width, height, rules.small / longest, least=rules.filling)


def tile_views(width: int, height: int, rules: ViewRules) -> Iterator[View]:
    """The tiles of a picture that is much larger than one view; of others there are none."""
    longest = max(width, height)
    if not rules.fine or longest < 2 * rules.edge:
        return
    scale = min(1.0, rules.fine / longest)
    side, shared = rules.edge / scale, rules.overlap / scale
    for top, bottom in _spans(height, side, shared):
        for left, right in _spans(width, side, shared):
            yield View(left, top, right, bottom, scale, most=rules.overlap)


def _spans(length: int, side: float, shared: float) -> list[tuple[int, int]]:
    """Stretches of `side` that cover `length` evenly and overlap by `shared` at least."""
    if length <= side:
        return [(0, length)]
    count = math.ceil((length - shared) / (side - shared))
    step = (length - side) / (count - 1)
    return [(int(at * step), min(length, math.ceil(at * step + side))) for at in range(count)]
