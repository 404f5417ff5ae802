"""Promise: matrices of vectors, checked, read in pieces, and scaled to length one; without torch.

A matrix is an array of shape (n, d), float16, float32 or float64, one vector a row.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.floating[Any]]

_PIECE_BYTES = 32 * 2**20
_SINGLE_BYTES = 4
_KINDS = ("float16", "float32", "float64")


def vectors_of(
    data: bytes | memoryview, dimension: int, *, kind: Literal["float16", "float32"] = "float32"
) -> Matrix:
    """A read-only matrix (n, dimension) over stored bytes: little-endian rows, nothing between.

    Raises:
        ValueError: the bytes are not whole rows, or hold NaN or an infinity.
    """
    if dimension < 1:
        raise ValueError(f"a dimension must be at least 1, not {dimension}")
    flat: Matrix = np.frombuffer(data, np.dtype(kind).newbyteorder("<"))
    if flat.size % dimension:
        raise ValueError(f"{len(data)} bytes are no whole vectors of {dimension} x {kind}")
    if not np.isfinite(flat).all():
        raise ValueError("the bytes hold NaN or an infinity")
    return flat.reshape(-1, dimension)


def matrix_of(values: npt.ArrayLike, name: str) -> Matrix:
    array = np.asarray(values)
    if array.dtype.kind in "iu":
        array = array.astype(np.float64)
    if array.ndim != 2 or array.shape[1] == 0:
        raise ValueError(f"{name} must be a matrix of one vector a row, not of shape {array.shape}")
    if array.dtype.name not in _KINDS:
        raise ValueError(f"{name} must be one of {', '.join(_KINDS)}, not {array.dtype.name}")
    return array


def pieces_of(matrix: Matrix, queries: int = 0) -> Iterator[tuple[int, Matrix]]:
    """The matrix in pieces of whole rows, each with the number of its first row.

    Args:
        matrix: of any size.
        queries: what a piece is compared with. Rows that numpy must copy to compare come in pieces
            whose copy has about 32 MiB; others in as long pieces as their cosines allow, because
            every further product makes the threads of the linear algebra wait for each other.
            0: the rows are copied.
    """
    copied = queries == 0 or matrix.dtype.itemsize < _SINGLE_BYTES
    width = max(1, matrix.shape[1]) if copied else queries
    rows = max(1, _PIECE_BYTES // (_SINGLE_BYTES * width))
    for start in range(0, len(matrix), rows):
        yield start, matrix[start : start + rows]


def cosines_of(units: Matrix, rows: Matrix, name: str) -> Matrix:
    """Cosines (m, n) of m vectors of length one and n rows of any length.

    Raises:
        ValueError: a row is zero or not finite.
    """
    wide, lengths = _with_lengths(rows)
    if lengths is None:
        return units @ _extreme_units(wide, name).T
    cosines: Matrix = (units @ wide.T) / lengths
    return cosines


def units_of(rows: Matrix, name: str) -> Matrix:
    """The rows scaled to length one, float32 or wider.

    Raises:
        ValueError: a row is zero or not finite.
    """
    wide, lengths = _with_lengths(rows)
    if lengths is None:
        return _extreme_units(wide, name)
    units: Matrix = wide / lengths[:, np.newaxis]
    return units


def _with_lengths(rows: Matrix) -> tuple[Matrix, Matrix | None]:
    """The rows as float32 or wider and their lengths; None where squares overflow or vanish."""
    wide = rows.astype(np.promote_types(rows.dtype, np.float32), copy=False)
    with np.errstate(over="ignore", invalid="ignore"):
        lengths: Matrix = np.sqrt(np.einsum("ij,ij->i", wide, wide))
    usual = np.isfinite(lengths) & (lengths > np.finfo(wide.dtype).tiny ** 0.25)
    return wide, lengths if usual.all() else None


def _extreme_units(rows: Matrix, name: str) -> Matrix:
    """The rows scaled by their largest component first, so that no square is lost."""
    largest = np.abs(rows).max(axis=1, keepdims=True)
    if not np.isfinite(largest).all():
        raise ValueError(f"{name} holds NaN or an infinity")
    if not (largest > 0).all():
        raise ValueError(f"{name} is zero and has no direction")
    scaled = (rows / largest).astype(rows.dtype)
    units: Matrix = scaled / np.linalg.norm(scaled, axis=1, keepdims=True)
    return units
