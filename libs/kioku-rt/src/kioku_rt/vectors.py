"""Promise: a vector that leaves here has its space's length and holds only finite numbers.

Arithmetic is float64 until the end, so neither 1e38 overflows nor 1e-30 vanishes on the way.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kioku_rt.errors import InvalidInput
from kioku_rt.reasons import Reason

Vector = npt.NDArray[np.float32]

# Below this length a float32 vector carries rounding noise, not a direction.
SMALLEST_NORM = 1e-12


def checked_vector(values: npt.ArrayLike, dimension: int, *, field: str | None = None) -> Vector:
    """The values as float32 of shape (dimension,), their length untouched.

    Raises:
        InvalidInput: VECTOR_WRONG_DIMENSION or VECTOR_NOT_FINITE.
    """
    vector = np.asarray(values, dtype=np.float64)
    if vector.shape != (dimension,):
        raise _wrong_dimension(int(vector.size), dimension, field)
    with np.errstate(over="ignore"):
        single = vector.astype(np.float32)
    if not np.isfinite(single).all():
        raise InvalidInput(Reason.VECTOR_NOT_FINITE, field=field)
    return single


def unit_vector(values: npt.ArrayLike, dimension: int, *, field: str | None = None) -> Vector:
    """The values scaled to length one (L2), float32 of shape (dimension,).

    Raises:
        InvalidInput: VECTOR_WRONG_DIMENSION, VECTOR_NOT_FINITE or VECTOR_ZERO_NORM.
    """
    vector = checked_vector(values, dimension, field=field).astype(np.float64)
    norm = float(np.linalg.norm(vector))
    if norm < SMALLEST_NORM:
        raise InvalidInput(Reason.VECTOR_ZERO_NORM, field=field)
    unit: Vector = (vector / norm).astype(np.float32)
    return unit


def _wrong_dimension(actual: int, expected: int, field: str | None) -> InvalidInput:
    return InvalidInput(
        Reason.VECTOR_WRONG_DIMENSION,
        f"The vector has {actual} values; its space has {expected}.",
        field=field,
        metadata={"values": str(actual), "dimension": str(expected)},
    )
