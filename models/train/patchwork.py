"""What each patch of a picture shows, taught beside the captions and thrown away after.

A caption says what is in a picture but not where.  The generator knows where, so linear
heads, which are no part of the published model, read the kind, colour, texture, count and
size of the thing under each patch from that patch's last hidden state.  This teaches the
vision tower to see single things long before captions alone would.
"""

import numpy as np
import torch
from captions import COLOUR, COUNT, KIND, NUMBERS, SIZE_NUMBERS, TEXTURE
from kioku_scenes.geometry import Spot
from kioku_scenes.layout import Thing
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from architecture import IMAGE_SIDE, PATCH_SIDE

GRID = IMAGE_SIDE // PATCH_SIDE
# A patch counts as showing a thing when its centre is this near the thing's, in thing sides.
_REACH = 0.45
# The number of classes of each head; the last class is "nothing here".
CLASSES = (*(len(NUMBERS[a]) + 1 for a in (KIND, COLOUR, TEXTURE, COUNT)), len(SIZE_NUMBERS) + 1)
# A size the caption leaves unsaid is between two sizes, so it is not asked for.
_UNASKED = 255


def patch_labels(spots: list[Spot]) -> NDArray[np.uint8]:
    """The class under each patch for each head: uint8 (heads, GRID * GRID)."""
    labels = np.empty((len(CLASSES), GRID, GRID), np.uint8)
    labels[:] = np.array(CLASSES)[:, None, None] - 1
    centres = (np.arange(GRID) + 0.5) / GRID
    for spot in spots:
        reach = max(spot.side * _REACH, 0.5 / GRID)
        rows = np.abs(centres - spot.y) <= reach
        columns = np.abs(centres - spot.x) <= reach
        for plane, number in zip(labels, _numbers(spot.thing), strict=True):
            plane[np.ix_(rows, columns)] = number
    return labels.reshape(len(CLASSES), -1)


def _numbers(thing: Thing) -> tuple[int, ...]:
    return (
        NUMBERS[KIND][thing.kind],
        NUMBERS[COLOUR][thing.colour],
        NUMBERS[TEXTURE][thing.texture],
        NUMBERS[COUNT][str(thing.count)],
        SIZE_NUMBERS.get(thing.size, _UNASKED),
    )


class PatchReader(nn.Module):
    """One linear map to the classes of all heads, side by side."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.heads = nn.Linear(width, sum(CLASSES))

    def forward(self, hidden: Tensor, labels: Tensor) -> Tensor:
        """Summed cross-entropy of hidden (n, patches, width), labels int64 (n, heads, patches)."""
        scores = self.heads(hidden).float().flatten(0, 1).split(CLASSES, dim=1)
        losses = [
            cross_entropy(score, labels[:, head].flatten(), ignore_index=_UNASKED)
            for head, score in enumerate(scores)
        ]
        return torch.stack(losses).sum()


def as_labels(labels: NDArray[np.uint8]) -> Tensor:
    """uint8 labels as the int64 tensor that PatchReader takes."""
    return torch.from_numpy(labels.astype(np.int64))
