"""Promise: vectors compared without torch, by the names the specification gives.

CPU workers and scripts import this; what needs the model is imported explicitly from the torch
modules. A matrix may be as large as memory, or a `numpy.memmap`: it is never copied whole, and a
call needs some 50 MiB besides it.

A matrix is an array of shape (n, d), float16, float32 or float64, one vector a row; d is the
space's dimension. Scores are cosines, -1 to 1, computed in float32 (float64 for float64 matrices).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kioku_embedder.matrices import Matrix, cosines_of, matrix_of, pieces_of, units_of

Indices = npt.NDArray[np.int64]

_QUERIES_AT_ONCE = 256
_UNIT_TOLERANCE = 0.01


@dataclass(frozen=True)
class SimilarFrame:
    """A frame and its cosine similarity to the query, -1 to 1."""

    frame: str
    score: float


@dataclass(frozen=True)
class Nearest:
    """The rows nearest to each of m queries, best first; equal scores in the order of the rows.

    Args:
        indices: int64 of shape (m, k'), rows of the matrix; k' is the smaller of k and n.
        scores: cosines of the same shape.
    """

    indices: Indices
    scores: Matrix


def cosine_similarity(left: npt.ArrayLike, right: npt.ArrayLike) -> float:
    """Cosine of the angle between two vectors of one length, computed in float64.

    Raises:
        ValueError: the lengths differ, or a vector is zero or not finite.
    """
    return float(_unit(left) @ _unit(right))


def cosine_similarities(queries: npt.ArrayLike, vectors: npt.ArrayLike) -> Matrix:
    """Cosines (m, n) of m queries and n vectors; needs memory for all of them.

    Args:
        queries: matrix (m, d).
        vectors: matrix (n, d).

    Raises:
        ValueError: another shape or type, or a vector is zero or not finite.
    """
    asked, stored = _pair(queries, vectors)
    units = units_of(asked, "a query")
    pieces = [cosines_of(units, piece, "a vector") for _, piece in pieces_of(stored, len(units))]
    scores: Matrix = np.concatenate(pieces, axis=1) if pieces else np.empty((len(asked), 0))
    return scores


def top_k(
    queries: npt.ArrayLike, vectors: npt.ArrayLike, k: int = 20, *, normalised: bool = False
) -> Nearest:
    """The k rows of `vectors` nearest to each query, exactly.

    Args:
        queries: matrix (m, d), or one vector (d,), which counts as one query.
        vectors: matrix (n, d); n may be 0.
        k: at least 1.
        normalised: every row has length one, as Kioku stores them; saves a third of the time or
            more. Rows are then not looked at one by one, but a score beyond 1 is refused.

    Raises:
        ValueError: another shape or type, k below 1, or a vector is zero or not finite.
    """
    if k < 1:
        raise ValueError(f"k must be at least 1, not {k}")
    asked, stored = _pair(np.atleast_2d(np.asarray(queries)), vectors)
    units = units_of(asked, "a query")
    groups = [
        _nearest(units[at : at + _QUERIES_AT_ONCE], stored, k, normalised=normalised)
        for at in range(0, len(units), _QUERIES_AT_ONCE)
    ]
    if not groups:
        empty = (0, min(k, len(stored)))
        return Nearest(np.empty(empty, np.int64), np.empty(empty, units.dtype))
    return Nearest(
        np.concatenate([group.indices for group in groups]),
        np.concatenate([group.scores for group in groups]),
    )


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
    if not frames or limit < 1:
        return []
    names = sorted(frames)
    rows = np.stack([_row(frames[name], len(direction)) for name in names])
    found = top_k(direction, rows, limit)
    pairs = zip(found.indices[0], found.scores[0], strict=True)
    return [SimilarFrame(names[index], float(score)) for index, score in pairs]


def near_duplicate_runs(vectors: npt.ArrayLike, *, threshold: float = 0.98) -> list[range]:
    """Runs of neighbouring rows that look like their first row, in order and without gaps.

    A row begins a new run when its cosine to the first row of the run is below the threshold;
    comparing with the first one keeps a slow pan from being one long run.

    Args:
        vectors: matrix (n, d) in the order of time, such as the frames of one video.
        threshold: cosine, -1 to 1.

    Raises:
        ValueError: another shape or type, or a vector is zero or not finite.
    """
    runs: list[range] = []
    first: Matrix | None = None
    begin = 0
    for start, piece in pieces_of(matrix_of(vectors, "vectors")):
        for number, row in enumerate(units_of(piece, "a vector"), start):
            if first is not None and float(first @ row) >= threshold:
                continue
            if first is not None:
                runs.append(range(begin, number))
            first, begin = row, number
    if first is not None:
        runs.append(range(begin, len(np.asarray(vectors))))
    return runs


def _nearest(units: Matrix, stored: Matrix, k: int, *, normalised: bool) -> Nearest:
    """Keeps the best k of every piece; from the second on only what beats the worst kept."""
    count = len(units)
    indices = np.empty((count, 0), np.int64)
    scores: Matrix = np.empty((count, 0), units.dtype)
    for start, piece in pieces_of(stored, count):
        if normalised:
            fresh: Matrix = units @ piece.astype(units.dtype, copy=False).T
            _require_cosines(fresh)
        else:
            fresh = cosines_of(units, piece, "a vector")
        merged = [
            _merged(indices[n], scores[n], fresh[n], start, min(k, start + len(piece)))
            for n in range(count)
        ]
        indices = np.stack([pair[0] for pair in merged])
        scores = np.stack([pair[1] for pair in merged])
    return Nearest(indices, scores)


def _merged(
    kept: Indices, scores: Matrix, fresh: Matrix, start: int, size: int
) -> tuple[Indices, Matrix]:
    """The best `size` of what was kept and of a piece's scores, which begin at row `start`."""
    if len(kept) == size:
        chosen = np.flatnonzero(fresh > scores[-1])
    else:
        wanted = min(len(fresh), size)
        last = len(fresh) - wanted
        chosen = np.flatnonzero(fresh >= np.partition(fresh, last)[last])
    all_indices = np.concatenate([kept, chosen + start])
    all_scores = np.concatenate([scores, fresh[chosen]])
    order = np.lexsort((all_indices, -all_scores))[:size]
    return all_indices[order], all_scores[order]


def _pair(queries: npt.ArrayLike, vectors: npt.ArrayLike) -> tuple[Matrix, Matrix]:
    asked, stored = matrix_of(queries, "queries"), matrix_of(vectors, "vectors")
    if asked.shape[1] != stored.shape[1]:
        raise ValueError(
            f"queries have {asked.shape[1]} components and vectors have {stored.shape[1]}"
        )
    double = stored.dtype.itemsize == np.dtype(np.float64).itemsize
    return asked.astype(np.float64 if double else np.float32), stored


def _require_cosines(scores: Matrix) -> None:
    """Raises ValueError for NaN, and where rows that should have length one have not."""
    most = np.abs(scores).max(initial=0.0)
    if not most <= 1 + _UNIT_TOLERANCE:
        raise ValueError("a vector is not finite, or `normalised` is said of rows that are not")


def _row(values: npt.ArrayLike, length: int) -> npt.NDArray[np.float64]:
    row = np.asarray(values, np.float64)
    if row.shape != (length,):
        raise ValueError(f"a frame's vector has the shape {row.shape}; the query has ({length},)")
    return row


def _unit(values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    vector = np.asarray(values, np.float64)
    largest = np.abs(vector).max(initial=0.0)
    if vector.ndim != 1 or not np.isfinite(largest) or largest == 0:
        raise ValueError("a vector must have one axis, finite values and a length")
    scaled = vector / largest  # squares of its components neither overflow nor vanish
    unit: npt.NDArray[np.float64] = scaled / np.linalg.norm(scaled)
    return unit
