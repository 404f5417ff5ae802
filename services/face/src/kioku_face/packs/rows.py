"""Promise: found faces cross from a child as plain numbers, bit for bit, and are checked here.

No pickle comes out of a process that met hostile bytes: one that somebody took over can lie about
a picture, and do no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from kioku_face.face import Box, Flaw, Floats, FoundFace, Quality

Rows = npt.NDArray[np.float64]
FACTS: Final = 22
"""Columns before the vector: box 4, landmarks 10, score 1, quality 6, flaws 1."""
_POINTS, _SCORE, _QUALITY = 4, 14, 15
_FLAWS_IN_ORDER = tuple(Flaw)
_LENGTH_WITHIN = 1e-3


def rows_of(faces: Sequence[FoundFace], dimension: int) -> Rows:
    """Float64 (faces, FACTS + dimension); a face without a vector has NaN there."""
    rows = np.full((len(faces), FACTS + dimension), np.nan)
    for row, face in zip(rows, faces, strict=True):
        row[:FACTS] = _facts(face)
        if face.vector is not None:
            row[FACTS:] = face.vector
    return rows


def faces_of(rows: Rows) -> tuple[FoundFace, ...]:
    """The faces again.

    Args:
        rows: float64 (faces, FACTS + dimension).

    Raises:
        ValueError: they are no faces.
    """
    if not np.isfinite(rows[:, :FACTS]).all():
        raise ValueError("a face that is no number")
    return tuple(_face(row[:FACTS].tolist(), _vector(row[FACTS:])) for row in rows)


def _facts(face: FoundFace) -> list[float]:
    quality = face.quality
    return [
        *face.box.numbers,
        *(part for point in face.landmarks for part in point),
        face.detection_score,
        *(quality.score, quality.pixels, quality.sharpness),
        *(quality.yaw, quality.pitch, quality.roll),
        sum(1 << at for at, flaw in enumerate(_FLAWS_IN_ORDER) if flaw in quality.flaws),
    ]


def _face(facts: list[float], vector: Floats | None) -> FoundFace:
    points = facts[_POINTS:_SCORE]
    return FoundFace(
        box=Box(*facts[:_POINTS]),
        landmarks=tuple(zip(points[::2], points[1::2], strict=True)),
        detection_score=facts[_SCORE],
        quality=_quality(facts),
        vector=vector,
    )


def _quality(facts: list[float]) -> Quality:
    score, pixels, sharpness, yaw, pitch, roll, flaws = facts[_QUALITY:]
    return Quality(score, pixels, sharpness, yaw, pitch, roll, _flaws(int(flaws)))


def _flaws(bits: int) -> tuple[Flaw, ...]:
    return tuple(flaw for at, flaw in enumerate(_FLAWS_IN_ORDER) if bits >> at & 1)


def _vector(values: Rows) -> Floats | None:
    """Float32 of length one; None where there is none. Raises ValueError for anything else."""
    if np.isnan(values).all():
        return None
    vector = values.astype(np.float32)
    if not abs(float(np.linalg.norm(values)) - 1) < _LENGTH_WITHIN:  # NaN is no length either
        raise ValueError("a vector that is not of length one")
    return vector
