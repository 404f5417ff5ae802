"""Promise: vectors compared without torch, by the names the specification gives.

CPU workers import this; what needs the model is imported explicitly from the torch modules.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class SimilarFrame:
    """A frame and its cosine similarity to the query, -1 to 1."""

    frame: str
    score: float


def cosine_similarity(left: npt.ArrayLike, right: npt.ArrayLike) -> float:
    """Cosine of the angle between two vectors of one length, computed in float64.

    Raises:
        ValueError: the lengths differ, or a vector is zero or not finite.
    """
    return float(_unit(left) @ _unit(right))


def find_similar_frames(
    query: npt.ArrayLike, frames: Mapping[str, npt.ArrayLike], *, limit: int = 20
) -> list[SimilarFrame]:
    """The frames nearest to the query, best first; equal scores in the order of their names.

    Args:
        query: one vector.
        frames: vectors by frame, all of the query's length.
        limit: most frames to return.

    Raises:
        ValueError: as in `cosine_similarity`.
    """
    direction = _unit(query)
    scored = [SimilarFrame(name, float(direction @ _unit(v))) for name, v in frames.items()]
    return sorted(scored, key=lambda found: (-found.score, found.frame))[:limit]


def _unit(values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    vector = np.asarray(values, np.float64)
    largest = np.abs(vector).max(initial=0.0)
    if vector.ndim != 1 or not np.isfinite(largest) or largest == 0:
        raise ValueError("a vector must have one axis, finite values and a length")
    scaled = vector / largest  # squares of its components neither overflow nor vanish
    unit: npt.NDArray[np.float64] = scaled / np.linalg.norm(scaled)
    return unit
