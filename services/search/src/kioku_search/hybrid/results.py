"""What an answer tells about its hits besides place and score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from uuid import UUID

    import numpy as np
    import numpy.typing as npt

    from kioku_search.searching.options import FusionKind
    from kioku_search.spaces.space import Space

JOINED = "vector"
FUSED = "fused"


class Moment(NamedTuple):
    """A frame of a video, and its score."""

    time_ms: int
    frame_no: int
    score: float


@dataclass(frozen=True)
class Seen:
    """What was looked for by sight: the vector, or the asset that has it.

    A score of a vector made of a picture's and a text's is `image_share` times the one's score plus
    `text_share` times the other's; of a picture alone 1 and 0.
    """

    space: Space
    vector: npt.NDArray[np.float32] | None = field(repr=False)
    like: UUID | None
    image_share: float
    text_share: float


@dataclass(frozen=True)
class Findings:
    """By asset where it is by asset; what is not known is left out."""

    relevance: Mapping[UUID, float] = field(default_factory=dict)
    best_relevance: float | None = None
    nothing_relevant: bool = False
    similar: Mapping[UUID, tuple[UUID, ...]] = field(default_factory=dict)
    moments: Mapping[UUID, tuple[Moment, ...]] = field(default_factory=dict)
    also_text: str = ""
    """What became of words beside a picture: JOINED in one vector, FUSED, or nothing."""
    fusion: FusionKind | None = None
