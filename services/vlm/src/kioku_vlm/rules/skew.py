"""Pages that lie askew: how much their lines climb, and boxes as if they did not."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from kioku_vlm.page import Box

# Shorter lines say little: the letters' own heights differ more than the line climbs.
_LETTERS = 6


def climb(lines: Sequence[Sequence[Box]]) -> float:
    """How far lines fall for each unit to the right: the median of the lines' own slopes; 0: none.

    Args:
        lines: boxes of the letters of each line, in page heights.
    """
    slopes = [_slope(boxes) for boxes in lines if len(boxes) >= _LETTERS]
    return median(slopes) if slopes else 0.0


def levelled(box: Box, slope: float) -> Box:
    """The box where it would stand if lines did not climb."""
    return Box(box.left, box.top - slope * (box.left + box.width / 2), box.width, box.height)


def _slope(boxes: Sequence[Box]) -> float:
    """Least squares through the lower edges of letters."""
    across = [box.left + box.width / 2 for box in boxes]
    down = [box.bottom for box in boxes]
    middle, level = sum(across) / len(across), sum(down) / len(down)
    spread = sum((one - middle) ** 2 for one in across)
    joint = sum((x - middle) * (y - level) for x, y in zip(across, down, strict=True))
    return joint / spread if spread > 0 else 0.0
