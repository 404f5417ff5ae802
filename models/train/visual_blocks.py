"""Four ways to describe a picture by one row of numbers; kioku-visual joins them.

Each block takes pictures (n, 3, SIDE, SIDE) float32 from 0 to 1 and gives rows of length one.
`fit` methods learn from drawn pictures, by closed forms and k-means, without gradients.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, avg_pool2d, conv2d
from visual_edges import DIRECTIONS, Edges, Planes, Retina
from visual_network import Network

SIDE = 128
_CELLS = 4
_TINY = 1e-6


def rooted(rows: Tensor) -> Tensor:
    """Signed square roots: what happens often says less than it counts (Perronnin et al., 2010)."""
    return rows.sign() * rows.abs().sqrt()


def unit(rows: Tensor) -> Tensor:
    """The last axis to length one; zeros stay zeros, also after export."""
    return rows / (rows.square().sum(dim=-1, keepdim=True) + _TINY).sqrt()


def over_regions(maps: Tensor, halves: int) -> Tensor:
    """Means over the whole and over `halves` x `halves` regions, (n, channels * regions)."""
    whole = maps.mean(dim=(2, 3))
    parts = adaptive_avg_pool2d(maps, halves).flatten(1)
    return torch.cat([whole, parts], dim=1)


class Colours(nn.Module):
    """Histograms of light and two hues together, softly binned, over the whole and quarters."""

    _LIGHT, _HUE, _SPAN = 6, 9, 0.3

    def forward(self, pictures: Tensor) -> Tensor:
        """Rows (n, 486 * 5)."""
        small = avg_pool2d(pictures, 2)
        light = small[:, 0] * 0.3 + small[:, 1] * 0.59 + small[:, 2] * 0.11
        red = 0.5 * (small[:, 0] - small[:, 1])
        yellow = 0.25 * (small[:, 0] + small[:, 1]) - 0.5 * small[:, 2]
        lights = _binned(light, self._LIGHT, 0.0, 1.0)
        reds = _binned(rooted(red), self._HUE, -0.6, 0.6)
        yellows = _binned(rooted(yellow), self._HUE, -0.6, 0.6)
        hues = (reds[:, :, None] * yellows[:, None]).flatten(1, 2)
        joint = (lights[:, :, None] * hues[:, None]).flatten(1, 2)
        return unit(over_regions(joint, 2).clamp(min=0).sqrt())


def _binned(plane: Tensor, bins: int, low: float, high: float) -> Tensor:
    """(n, h, w) to (n, bins, h, w): each value's two nearest bins share it."""
    place = ((plane.clamp(low, high) - low) / (high - low) * (bins - 1))[:, None]
    centres = torch.arange(bins, dtype=torch.float32)[None, :, None, None]
    return (1 - (place - centres).abs()).clamp(min=0)


class Products(nn.Module):
    """Second moments of the retina's maps: which edges and colours go together, and where."""

    first: Tensor
    second: Tensor
    middle: Tensor
    spread: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.retina = Retina()
        count = Retina.channels
        first, second = torch.triu_indices(count, count)
        self.register_buffer("first", first)
        self.register_buffer("second", second)
        self.register_buffer("middle", torch.zeros(1, count, 1, 1))
        self.register_buffer("spread", torch.ones(1, count, 1, 1))

    def fit(self, pictures: Tensor) -> None:
        """Mean and spread of every map."""
        maps = self.retina(pictures)
        self.middle.copy_(maps.mean(dim=(0, 2, 3), keepdim=True))
        self.spread.copy_(maps.std(dim=(0, 2, 3), keepdim=True))

    def forward(self, pictures: Tensor) -> Tensor:
        """Rows (n, (pairs + channels) * 5)."""
        maps = (self.retina(pictures) - self.middle) / self.spread
        pairs = maps[:, self.first] * maps[:, self.second]
        return unit(rooted(over_regions(torch.cat([pairs, maps], dim=1), 2)))


class Patches(nn.Module):
    """Dense SIFT of one cell size, gathered around visual words (VLAD: Jégou et al., 2010).

    Args:
        cell: side of a cell, pixels; a patch has 4 x 4 of them.
        width: numbers kept of each patch.
        words: size of the codebook.
    """

    kernel: Tensor
    middle: Tensor
    axes: Tensor
    words: Tensor
    FLAT = 0.03
    _STRIDE, _SHARPNESS = 4, 8.0

    def __init__(self, cell: int = 4, width: int = 48, words: int = 64) -> None:
        super().__init__()
        self.planes, self.edges = Planes(), Edges()
        self.step = cell // self._STRIDE
        ramp = 1 - ((torch.arange(2 * cell) + 0.5 - cell).abs() / cell)
        tent = torch.outer(ramp, ramp)
        kernel = (tent / tent.sum()).repeat(DIRECTIONS, 1, 1, 1)
        size = _CELLS * _CELLS * DIRECTIONS
        self.register_buffer("kernel", kernel)
        self.register_buffer("middle", torch.zeros(size))
        self.register_buffer("axes", torch.zeros(size, width))
        self.register_buffer("words", torch.zeros(words, width))

    def forward(self, pictures: Tensor) -> Tensor:
        """Rows (n, words * width)."""
        patches, strength = self.patches(pictures)
        codes = (patches - self.middle) @ self.axes
        away = codes.square().sum(-1, keepdim=True) - 2 * codes @ self.words.T
        away = away + self.words.square().sum(-1)
        share = (-self._SHARPNESS * away).softmax(dim=-1) * (strength > self.FLAT).float()
        gathered = share.transpose(1, 2) @ codes - share.sum(dim=1)[..., None] * self.words
        rows = rooted(gathered)
        rows = rows / (rows.square().sum(-1, keepdim=True).sqrt() + 1e-3)
        return unit(rows.flatten(1))

    def patches(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """SIFT rows (n, places, 128) of length one and their strengths (n, places, 1)."""
        light, _ = self.planes(pictures)
        pooled = conv2d(self.edges(light), self.kernel, stride=self._STRIDE, groups=DIRECTIONS)
        reach = (_CELLS - 1) * self.step
        high, wide = pooled.shape[2] - reach, pooled.shape[3] - reach
        cells = [
            pooled[:, :, down : down + high, across : across + wide]
            for down in range(0, reach + 1, self.step)
            for across in range(0, reach + 1, self.step)
        ]
        rows = torch.cat(cells, dim=1).flatten(2).transpose(1, 2)
        strength = rows.square().sum(-1, keepdim=True).sqrt()
        return unit((rows / (strength + 0.02)).clamp(max=0.2)), strength


class Learned(nn.Module):
    """What the trained network makes of a picture, averaged over the picture."""

    def __init__(self) -> None:
        super().__init__()
        self.network = Network()

    def forward(self, pictures: Tensor) -> Tensor:
        """Rows (n, widths of the last two stages)."""
        stages = self.network(pictures * 2 - 1)
        pooled = [unit(maps.mean(dim=(2, 3))) for maps in stages[-2:]]
        return unit(torch.cat(pooled, dim=1))
