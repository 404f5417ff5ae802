"""Oriented edges, the first step of everything that kioku-visual sees; nothing here is learnt."""

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, conv2d, pad

DIRECTIONS = 8
# Large enough to outlive the exporter, which drops additions of 1e-8.
_TINY = 1e-6


class Edges(nn.Module):
    """How strongly a plane of brightness rises into each of eight directions, pixel by pixel.

    Each gradient falls into its two or three nearest directions, by a power of the cosine, as in
    SIFT's and HOG's histograms (Lowe, 2004; Dalal and Triggs, 2005).
    """

    kernels: Tensor
    turns: Tensor

    def __init__(self) -> None:
        super().__init__()
        smooth = torch.tensor([3.0, 10.0, 3.0]) / 16
        slope = torch.tensor([-1.0, 0.0, 1.0]) / 2
        kernels = torch.stack([torch.outer(smooth, slope), torch.outer(slope, smooth)])
        angles = torch.arange(DIRECTIONS) * 2 * torch.pi / DIRECTIONS
        turns = torch.stack([angles.cos(), angles.sin()], dim=1)
        self.register_buffer("kernels", kernels[:, None])
        self.register_buffer("turns", turns[:, :, None, None])

    def forward(self, plane: Tensor) -> Tensor:
        """(n, 1, h, w) to (n, DIRECTIONS, h, w), not negative."""
        slopes = conv2d(pad(plane, (1, 1, 1, 1), mode="replicate"), self.kernels)
        strength = (slopes.square().sum(dim=1, keepdim=True) + _TINY).sqrt()
        aligned = (conv2d(slopes, self.turns) / strength).clamp(min=0)
        return strength * aligned.square().square()


class Planes(nn.Module):
    """RGB from 0 to 1 to a light plane (square root of luma) and two opponent hues."""

    mix: Tensor

    def __init__(self) -> None:
        super().__init__()
        mix = torch.tensor([[0.3, 0.59, 0.11], [0.5, -0.5, 0.0], [0.25, 0.25, -0.5]])
        self.register_buffer("mix", mix[:, :, None, None])

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """(n, 3, h, w) to (n, 1, h, w) and (n, 2, h, w)."""
        mixed = conv2d(pictures, self.mix)
        return (mixed[:, :1].clamp(min=0) + 0.02).sqrt(), mixed[:, 1:]


class Retina(nn.Module):
    """Edges of light at three scales, edges of hues, light and hues: maps at a quarter."""

    channels = 3 * DIRECTIONS + DIRECTIONS + 3

    def __init__(self) -> None:
        super().__init__()
        self.planes, self.edges = Planes(), Edges()

    def forward(self, pictures: Tensor) -> Tensor:
        """(n, 3, h, w) from 0 to 1 to (n, channels, h / 4, w / 4)."""
        light, hues = self.planes(pictures)
        maps = [
            avg_pool2d(_root(self.edges(light)), 4),
            avg_pool2d(_root(self.edges(avg_pool2d(light, 2))), 2),
            _root(self.edges(avg_pool2d(light, 4))),
        ]
        half = DIRECTIONS // 2
        for number in range(2):
            edges = self.edges(avg_pool2d(hues[:, number : number + 1], 2))
            maps.append(avg_pool2d(_root(edges[:, :half] + edges[:, half:]), 2))
        return torch.cat([*maps, avg_pool2d(torch.cat([light, hues], dim=1), 4)], dim=1)


def _root(strength: Tensor) -> Tensor:
    return (strength + 1e-4).sqrt()
