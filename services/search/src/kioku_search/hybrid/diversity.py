"""Promise: results that show the same are one result, and results differ as much as was asked.

Diversity is maximal marginal relevance (Carbonell and Goldstein, "The use of MMR, diversity-based
reranking for reordering documents and producing summaries", 1998).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Matrix = npt.NDArray[np.float64]
Id = TypeVar("Id")
TOLERANCE = 1e-6
"""By how much the cosine of two equal vectors may miss 1."""


def cosines(ids: Sequence[Id], vectors: Mapping[Id, npt.NDArray[np.float32]]) -> Matrix:
    """Cosine of each to each, shape (n, n); 0 where one has no vector, 1 of each to itself."""
    size = len(next(iter(vectors.values()))) if vectors else 1
    rows = np.zeros((len(ids), size))
    for row, one in enumerate(ids):
        if one in vectors:
            rows[row] = vectors[one]
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    unit = np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)
    matrix = np.asarray(unit @ unit.T, np.float64)
    np.fill_diagonal(matrix, 1.0)
    return matrix


def folded(matrix: Matrix, similarity: float) -> list[list[int]]:
    """Places grouped under the best of their like: each group's first is the best of it.

    Whatever is at least so similar to a better one that stands for itself is folded under the first
    such; a chain of look-alikes whose ends differ is not one group.

    Args:
        matrix: cosines in the order of the results.
        similarity: from which on two are the same.
    """
    groups: list[list[int]] = []
    for place in range(len(matrix)):
        firsts = [group[0] for group in groups]
        like = np.flatnonzero(matrix[firsts, place] >= similarity - TOLERANCE) if firsts else firsts
        if len(like):
            groups[like[0]].append(place)
        else:
            groups.append([place])
    return groups


def diverse(worth: Sequence[float], matrix: Matrix, diversity: float, limit: int) -> list[int]:
    """Places of at most `limit` results, each the best of (1 - d) worth - d likeness to one chosen.

    Both are brought to 0 to 1 over the results first, because cosines of texts to pictures and of
    pictures to pictures are not of one scale. Ties go to the better place.

    Args:
        worth: of each result, in the order of the results.
        matrix: their cosines.
        diversity: 0 keeps the order, 1 looks only at likeness once the first is chosen.
    """
    if not len(worth):
        return []
    value = (1.0 - diversity) * _scaled(np.asarray(worth, np.float64))
    like = _scaled(np.where(np.eye(len(matrix), dtype=bool), matrix.min(), matrix))
    chosen = [0]
    nearest = like[0].copy()
    open_ = np.ones(len(value), dtype=bool)
    open_[0] = False
    while open_.any() and len(chosen) < limit:
        gain = np.where(open_, value - diversity * nearest, -np.inf)
        best = int(np.argmax(gain))
        chosen.append(best)
        open_[best] = False
        nearest = np.maximum(nearest, like[best])
    return chosen


def _scaled(values: Floats) -> Floats:
    low, high = float(values.min()), float(values.max())
    if high <= low:
        return np.zeros_like(values)
    return np.asarray((values - low) / (high - low), np.float64)
