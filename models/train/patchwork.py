"""What each patch of a picture shows, taught beside the captions and thrown away after.

A caption says what is in a picture but not where.  The generator knows where, so two linear
heads, which are no part of the published model, read the kind and the colour of the thing
under each patch from that patch's last hidden state.  This teaches the vision tower to see
single things long before captions alone would.
"""

import numpy as np
import torch
from captions import COLOUR_NUMBERS, KIND_NUMBERS
from kioku_scenes.geometry import Spot
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from architecture import IMAGE_SIDE, PATCH_SIDE

GRID = IMAGE_SIDE // PATCH_SIDE
# A patch counts as showing a thing when its centre is this near the thing's, in thing sides.
_REACH = 0.45


def patch_labels(spots: list[Spot]) -> NDArray[np.uint8]:
    """Kind and colour number for each patch, uint8 (2, GRID * GRID); nothing is the last number."""
    labels = np.empty((2, GRID, GRID), np.uint8)
    labels[0], labels[1] = len(KIND_NUMBERS), len(COLOUR_NUMBERS)
    centres = (np.arange(GRID) + 0.5) / GRID
    for spot in spots:
        reach = max(spot.side * _REACH, 0.5 / GRID)
        rows = np.abs(centres - spot.y) <= reach
        columns = np.abs(centres - spot.x) <= reach
        under = np.ix_(rows, columns)
        labels[0][under] = KIND_NUMBERS[spot.thing.kind]
        labels[1][under] = COLOUR_NUMBERS[spot.thing.colour]
    return labels.reshape(2, -1)


class PatchReader(nn.Module):
    """Linear heads that name the kind and the colour under each patch."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.kinds = nn.Linear(width, len(KIND_NUMBERS) + 1)
        self.colours = nn.Linear(width, len(COLOUR_NUMBERS) + 1)

    def forward(self, hidden: Tensor, labels: Tensor) -> Tensor:
        """Cross-entropy of hidden (n, patches, width) against labels int64 (n, 2, patches)."""
        kinds = self.kinds(hidden).float().flatten(0, 1)
        colours = self.colours(hidden).float().flatten(0, 1)
        loss: Tensor = cross_entropy(kinds, labels[:, 0].flatten())
        return loss + cross_entropy(colours, labels[:, 1].flatten())


def as_labels(labels: NDArray[np.uint8]) -> Tensor:
    """uint8 labels as the int64 tensor that PatchReader takes."""
    return torch.from_numpy(labels.astype(np.int64))
