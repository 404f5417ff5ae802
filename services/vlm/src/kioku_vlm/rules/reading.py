"""A document with what was found in each of its strips, and what it may announce."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from kioku_vlm.rules.naming import Name
from kioku_vlm.rules.piece import Piece
from kioku_vlm.rules.sighting import Sighting
from kioku_vlm.rules.strip import Strip


@dataclass
class Hypothesis:
    """Something that may happen.

    Attributes:
        sighting: its day.
        name: what it is called, or None.
        own: the name stands in the strip of the day.
        head: order of the strip that holds the name.
        strips: orders of the strips in its scope.
    """

    sighting: Sighting
    name: Name | None = None
    own: bool = False
    head: int = -1
    strips: list[int] = field(default_factory=list)

    @property
    def order(self) -> int:
        """Of the strip with its day."""
        return self.sighting.strip.order


@dataclass(frozen=True)
class Reading:
    """Strips of a document in order, with what was found in each.

    Attributes:
        strips: in order; a strip's `order` is its index.
        sightings: by order.
        pieces: by order.
        body: the size of most letters.
    """

    strips: tuple[Strip, ...]
    sightings: Mapping[int, tuple[Sighting, ...]]
    pieces: Mapping[int, tuple[Piece, ...]]
    body: float
