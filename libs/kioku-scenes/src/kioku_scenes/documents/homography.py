"""Plane projective maps: how a flat page looks to a camera.

Solved from four pairs of corners by the direct linear system with the last coefficient fixed at 1
(Hartley and Zisserman, Multiple View Geometry, section 4.1).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from kioku_scenes.documents.frame import Frame

Matrix = npt.NDArray[np.float64]
Corner = tuple[float, float]


def projection(source: Sequence[Corner], target: Sequence[Corner]) -> Matrix:
    """The 3 x 3 matrix that takes four corners to four others.

    Raises:
        numpy.linalg.LinAlgError: three of the corners are on one line.
    """
    rows, right = [], []
    for (x, y), (u, v) in zip(source, target, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        right += [u, v]
    solved = np.linalg.solve(np.array(rows, float), np.array(right, float))
    return np.append(solved, 1.0).reshape(3, 3)


def project(matrix: Matrix, corner: Corner) -> Corner:
    """Where a point goes."""
    x, y, depth = matrix @ np.array([*corner, 1.0])
    return float(x / depth), float(y / depth)


def project_frame(matrix: Matrix, frame: Frame) -> Frame:
    """The upright rectangle around where a rectangle goes."""
    corners = [project(matrix, corner) for corner in frame.corners]
    across, down = [x for x, _ in corners], [y for _, y in corners]
    return Frame(min(across), min(down), max(across), max(down))


def coefficients(matrix: Matrix) -> tuple[float, ...]:
    """The inverse map as Pillow's `PERSPECTIVE` wants it: from target to source, eight numbers."""
    inverse = np.linalg.inv(matrix)
    return tuple(float(value) for value in (inverse / inverse[2, 2]).ravel()[:8])
