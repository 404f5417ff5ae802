"""Draws a head's shapes on a picture as its pose shows them."""

import numpy as np
from PIL import Image, ImageDraw

from kioku_scenes.colour import Rgb
from kioku_scenes.people.pose import Points, Pose, on_head


class Sketch:
    """A pencil for one head.

    Args:
        image: RGB, drawn on in place.
        pose: of the head, in this image's pixels.
        width: half the head's width in head units.
    """

    def __init__(self, image: Image.Image, pose: Pose, width: float) -> None:
        self._pencil = ImageDraw.Draw(image)
        self.pose, self.width = pose, width

    def patch(self, points: Points, fill: Rgb, proud: float = 0.0) -> None:
        """A filled shape (n, 2) on the face."""
        self._fill(self.pose.project(on_head(points, self.width, proud)), fill)

    def stroke(self, points: Points, fill: Rgb, thick: float, proud: float = 0.0) -> None:
        """A line (n, 2) on the face, `thick` in head units."""
        self._line(self.pose.project(on_head(points, self.width, proud)), fill, thick)

    def behind(self, points: Points, fill: Rgb) -> None:
        """A filled shape (n, 2) of the outline: hair, ears, the head itself."""
        self._fill(self.pose.flat(points), fill)

    def edge(self, points: Points, fill: Rgb, thick: float) -> None:
        """A line (n, 2) of the outline."""
        self._line(self.pose.flat(points), fill, thick)

    def place(self, points: Points, proud: float = 0.0) -> Points:
        """Where points of the face are in the image, pixels (n, 2)."""
        return self.pose.project(on_head(points, self.width, proud))

    def _fill(self, pixels: Points, fill: Rgb) -> None:
        self._pencil.polygon(pixels.ravel().tolist(), fill=fill)

    def _line(self, pixels: Points, fill: Rgb, thick: float) -> None:
        wide = max(1, round(thick * self.pose.scale))
        self._pencil.line(pixels.ravel().tolist(), fill=fill, width=wide, joint="curve")


def joined(*pieces: Points) -> Points:
    """One shape out of several runs of points."""
    return np.concatenate(pieces)
