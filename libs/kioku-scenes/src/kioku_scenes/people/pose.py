"""From a head's own measures to a picture's pixels: where it is, how large, which way it looks.

A head is measured in half its height: x to the right of the picture, y down, z towards the viewer,
its middle at 0.  Chin and crown are at y = 1 and y = -1.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float64]
"""(n, 2) on the face as seen from the front, or (n, 3) in space."""
_DEPTH = 0.85


@dataclass(frozen=True)
class Pose:
    """Where a head is in a picture.

    Args:
        x, y: the head's middle, pixels.
        scale: half the head's height, pixels.
        yaw, pitch, roll: radians; to the picture's right, downwards, clockwise.
    """

    x: float
    y: float
    scale: float
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0

    def project(self, points: Points) -> Points:
        """Points in space (n, 3) to pixels (n, 2), without perspective."""
        across, down, near = points.T
        across, near = (
            across * np.cos(self.yaw) + near * np.sin(self.yaw),
            near * np.cos(self.yaw) - across * np.sin(self.yaw),
        )
        down = down * np.cos(self.pitch) + near * np.sin(self.pitch)
        return self.flat(np.stack([across, down], axis=1))

    def flat(self, points: Points) -> Points:
        """Points of the head's outline (n, 2) to pixels: they only roll, whichever way it looks."""
        across, down = points.T
        x = across * np.cos(self.roll) - down * np.sin(self.roll)
        y = across * np.sin(self.roll) + down * np.cos(self.roll)
        return np.stack([self.x + self.scale * x, self.y + self.scale * y], axis=1)


def on_head(points: Points, width: float, proud: float = 0.0) -> Points:
    """Points of the face (n, 2) to space (n, 3), on an egg of half-width `width`.

    `proud` is how far they stand out from it.
    """
    inside = 1 - (points[:, 0] / (1.1 * width)) ** 2 - (points[:, 1] / 1.1) ** 2
    near = _DEPTH * np.sqrt(np.clip(inside, 0.02, 1)) + proud
    return np.column_stack([points, near])


def oval(middle: tuple[float, float], across: float, down: float, turn: float = 0.0) -> Points:
    """The edge of an oval (24, 2), turned by `turn` radians."""
    angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    x, y = across * np.cos(angles), down * np.sin(angles)
    turned = (x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn))
    edge: Points = np.column_stack(turned) + np.asarray(middle)
    return edge
