"""Promise: a score says how seldom something unrelated scores so high; where unknown, nothing.

The background of a space is how unrelated things score in it: their median, and how far above it
they lie, taken from the 95th percentile, which the few pairs that do match hardly move. The
relevance of a score is the chance that none of a thousand unrelated assets scores as high, by the
normal law: exp(-E) with E the number of them that is to be expected (after the E-value of Karlin
and Altschul, "Methods for assessing the statistical significance of molecular sequence features",
1990). It is no probability that the asset is what was meant: no model of that is there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

REFERENCE = 1000.0
"""Unrelated assets that a score is held against, whatever the size of the library."""
RELEVANT = 0.5
"""What counts as relevant where nothing is asked."""


@dataclass(frozen=True)
class Background:
    """How unrelated things score."""

    mean: float
    deviation: float

    def relevance(self, score: float) -> float:
        """0 to 1, rising with the score."""
        z = (score - self.mean) / self.deviation
        return math.exp(-REFERENCE * 0.5 * math.erfc(z / math.sqrt(2.0)))


@dataclass(frozen=True)
class Calibration:
    """The backgrounds of a space of pictures: of pictures and of words; None: not known."""

    images: Background | None = None
    texts: Background | None = None

    def background(self, image_share: float, text_share: float) -> Background | None:
        """Of a query that is the sum of a picture and a text, taken as independent.

        Args:
            image_share, text_share: what each one's score is multiplied with, see `Seen`.
        """
        shares = ((image_share, self.images), (text_share, self.texts))
        needed = [(share, one) for share, one in shares if share]
        known = [(share, one) for share, one in needed if one is not None]
        if len(known) < len(needed) or not known:
            return None
        return Background(
            sum(share * one.mean for share, one in known),
            math.hypot(*(share * one.deviation for share, one in known)),
        )


def of_tags(dimension: int) -> Background:
    """Vectors of tags are hashed: strangers are at right angles, off by 1 / sqrt(dimension)."""
    return Background(0.0, 1.0 / math.sqrt(dimension))
