"""Promise: pixels reach the model as its image processor would have made them.

Only the geometry happens here, in the decoder's child process, so that a small uint8 array crosses
the pipe; scaling to floats is the engine's first step. It imports neither torch nor transformers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from kioku_rt.images.scale import RULE
from PIL import Image

Pixels = npt.NDArray[np.uint8]

# Pictures longer than this are cut before resizing, where the models' authors cut after it.
LONGEST_ASPECT = 16


@dataclass(frozen=True)
class Preprocessing:
    """One model's picture geometry; call it with a picture, get (height, width, 3) uint8.

    Args:
        height, width: of the result, pixels.
        shortest_edge: resize keeps the aspect and gives the short edge this length, then the
            middle is cut out (CLIP); None squashes to (height, width) (SigLIP).
        resample: Pillow's number of the resampling filter.
        scale, mean, std: the engine computes `(pixel * scale - mean) / std` per channel.
        decoding: name of the rule by which decoders skip what is not needed.
    """

    height: int
    width: int
    shortest_edge: int | None
    resample: int
    scale: float
    mean: tuple[float, ...]
    std: tuple[float, ...]
    decoding: str = RULE

    @property
    def needed_side(self) -> int:
        """Pixels on a side that the model's geometry asks of a picture."""
        return self.shortest_edge or max(self.height, self.width)

    @classmethod
    def from_processor(cls, facts: Mapping[str, Any]) -> Preprocessing:
        """Reads a transformers image processor's `to_dict()`.

        Raises:
            ValueError: the processor does something that is not reproduced here.
        """
        shortest = facts["size"].get("shortest_edge")
        target = facts["size"] if shortest is None else facts.get("crop_size")
        if shortest is None and facts.get("do_center_crop"):
            raise ValueError("an image processor that squashes must not cut")
        if target is None or not {"height", "width"} <= target.keys():
            raise ValueError("an image processor must give every picture the same size")
        if shortest is not None and max(target["height"], target["width"]) > shortest:
            raise ValueError("an image processor must not cut more than it resized to")
        return cls(
            height=int(target["height"]),
            width=int(target["width"]),
            shortest_edge=None if shortest is None else int(shortest),
            resample=int(facts["resample"]),
            scale=float(facts["rescale_factor"]) if facts["do_rescale"] else 1.0,
            mean=_channels(facts["image_mean"]) if facts["do_normalize"] else (0.0, 0.0, 0.0),
            std=_channels(facts["image_std"]) if facts["do_normalize"] else (1.0, 1.0, 1.0),
        )

    def __call__(self, pixels: Pixels | Image.Image) -> Pixels:
        """The picture, as an array or as Pillow's RGB, in the model's geometry, contiguous."""
        picture = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
        if self.shortest_edge is not None:
            picture = _without_far_ends(picture)
        resized = picture.resize(self._resized(*picture.size), Image.Resampling(self.resample))
        return np.ascontiguousarray(_middle(np.asarray(resized), self.height, self.width))

    def _resized(self, width: int, height: int) -> tuple[int, int]:
        """Size after resizing, (width, height); never zero, whatever the aspect."""
        if self.shortest_edge is None:
            return self.width, self.height
        short, long = sorted((width, height))
        longer = max(int(self.shortest_edge * long / short), self.shortest_edge)
        return (self.shortest_edge, longer) if width <= height else (longer, self.shortest_edge)


def _middle(pixels: Pixels, height: int, width: int) -> Pixels:
    """The middle (height, width) of a picture at least that large."""
    top = (pixels.shape[0] - height) // 2
    left = (pixels.shape[1] - width) // 2
    return pixels[top : top + height, left : left + width]


def _without_far_ends(picture: Image.Image) -> Image.Image:
    """A very long picture cut to its middle first: what is cut away later need not be resized.

    Without this a picture of 1 x 1024 pixels would grow to 229,376 pixels before the cut.
    """
    keep = min(picture.size) * LONGEST_ASPECT
    if max(picture.size) <= keep:
        return picture
    width, height = min(picture.width, keep), min(picture.height, keep)
    left, top = (picture.width - width) // 2, (picture.height - height) // 2
    return picture.crop((left, top, left + width, top + height))


def _channels(value: Sequence[float]) -> tuple[float, ...]:
    return tuple(float(channel) for channel in value)
