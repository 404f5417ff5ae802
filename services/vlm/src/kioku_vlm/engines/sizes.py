"""At which sizes models see pictures, reckoned before any pixel is scaled.

The two rules are those of the models' own image processors (Qwen-VL: sides are multiples of patch
times merge, the area between two bounds; Idefics3 and SmolVLM: tiles and one small whole picture),
written as sizes only, so that a picture is scaled once, here, and the processor has nothing to do.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from kioku_vlm.engines.question import Size

_MOST_ASPECT = 100.0
"""Longer pictures than that are squeezed: Qwen's processor refuses 200."""


class Sizes(Protocol):
    """A model's rule."""

    def of(self, width: int, height: int) -> tuple[Size, ...]:
        """Width and height of every scale at which the whole picture is seen."""
        ...


@dataclass(frozen=True)
class AreaSizes:
    """Multiples of `factor`, with an area from `least` to `most` pixels; one scale."""

    factor: int
    least: int
    most: int

    def of(self, width: int, height: int) -> tuple[Size, ...]:
        """See `Sizes`."""
        longest = _MOST_ASPECT * min(width, height)
        wide, high = min(float(width), longest), min(float(height), longest)
        snapped = self._snap(wide, round), self._snap(high, round)
        area = snapped[0] * snapped[1]
        if area > self.most:
            shrink = math.sqrt(self.most / (wide * high))
            snapped = self._snap(wide * shrink, math.floor), self._snap(high * shrink, math.floor)
        elif area < self.least:
            grow = math.sqrt(self.least / (wide * high))
            snapped = self._snap(wide * grow, math.ceil), self._snap(high * grow, math.ceil)
        return (snapped,)

    def _snap(self, side: float, to: Callable[[float], int]) -> int:
        return max(1, to(side / self.factor)) * self.factor


@dataclass(frozen=True)
class TileSizes:
    """Tiles of `tile` pixels, the longer side `longest`; and the whole picture in one tile."""

    tile: int
    longest: int
    split: bool = True

    def of(self, width: int, height: int) -> tuple[Size, ...]:
        """See `Sizes`."""
        small = (self.tile, self.tile)
        if not self.split or self.longest <= self.tile:
            return (small,)
        shrink = self.longest / max(width, height)
        large = self._tiles(width * shrink), self._tiles(height * shrink)
        return (large, small)

    def _tiles(self, side: float) -> int:
        return max(1, math.ceil(int(side) / self.tile)) * self.tile


@dataclass(frozen=True)
class BoundSizes:
    """As it is, with at most so many pixels: for servers that do not say what they do."""

    most: int

    def of(self, width: int, height: int) -> tuple[Size, ...]:
        """See `Sizes`."""
        shrink = min(1.0, math.sqrt(self.most / (width * height)))
        return ((max(1, int(width * shrink)), max(1, int(height * shrink))),)
