"""The small convolutional network of kioku-visual, in shape a narrow ResNet (He et al., 2015)."""

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, conv2d, relu

WIDTHS = (48, 96, 192)
BLOCKS = (1, 2, 2)
DIRECTIONS = 8


class Block(nn.Module):
    """Two 3 x 3 convolutions beside a way through."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        stride = 1 if before == after else 2
        self.first = nn.Conv2d(before, after, 3, stride, 1, bias=False)
        self.first_norm = nn.BatchNorm2d(after)
        self.second = nn.Conv2d(after, after, 3, 1, 1, bias=False)
        self.second_norm = nn.BatchNorm2d(after)
        self.way = nn.Identity() if before == after else _shrink(before, after)
        nn.init.zeros_(self.second_norm.weight)

    def forward(self, maps: Tensor) -> Tensor:
        """Maps (n, before, h, w) to (n, after, h or h / 2, w or w / 2)."""
        inner = relu(self.first_norm(self.first(maps)))
        return relu(self.way(maps) + self.second_norm(self.second(inner)))


def _shrink(before: int, after: int) -> nn.Module:
    return nn.Sequential(
        nn.AvgPool2d(2), nn.Conv2d(before, after, 1, bias=False), nn.BatchNorm2d(after)
    )


class Eye(nn.Module):
    """The fixed eye: oriented edges and colours, pooled to a grid of a quarter of the side.

    Differences of neighbours at two scales, split into directions, half-wave rectified, square
    root, pooled; the colours themselves beside them. The idea of HOG (Dalal and Triggs, 2005).
    Nothing here is learnt, so nothing is sent back through the full resolution.
    """

    kernels: Tensor
    mix: Tensor
    channels = 2 * DIRECTIONS + 2 * DIRECTIONS // 2 + 3

    def __init__(self) -> None:
        super().__init__()
        angles = torch.arange(DIRECTIONS) * 2 * torch.pi / DIRECTIONS
        kernels = torch.zeros(DIRECTIONS, 1, 3, 3)
        smooth = torch.tensor([3.0, 10.0, 3.0]) / 32
        slope = torch.tensor([-1.0, 0.0, 1.0])
        across, down = torch.outer(smooth, slope), torch.outer(slope, smooth)
        for number, angle in enumerate(angles):
            kernels[number, 0] = torch.cos(angle) * across + torch.sin(angle) * down
        self.register_buffer("kernels", kernels)
        mix = torch.tensor([[0.3, 0.59, 0.11], [0.5, -0.5, 0.0], [0.25, 0.25, -0.5]])
        self.register_buffer("mix", mix.view(3, 3, 1, 1))

    @torch.no_grad()
    def forward(self, pictures: Tensor) -> Tensor:
        """Pictures (n, 3, side, side) from -1 to 1 to maps (n, channels, side / 4, side / 4)."""
        opponent = conv2d(pictures, self.mix)
        light, hues = opponent[:, :1], opponent[:, 1:]
        halved = avg_pool2d(light, 2)
        fine = avg_pool2d(self._directions(light), 4)
        coarse = avg_pool2d(self._directions(halved), 2)
        half = DIRECTIONS // 2
        colours = avg_pool2d(hues, 2)
        edges = [self._directions(colours[:, at : at + 1]) for at in range(2)]
        both = [avg_pool2d(edge[:, :half] + edge[:, half:], 2) for edge in edges]
        return torch.cat([fine, coarse, *both, avg_pool2d(opponent, 4)], dim=1)

    def _directions(self, plane: Tensor) -> Tensor:
        padded = nn.functional.pad(plane, (1, 1, 1, 1), mode="replicate")
        return (relu(conv2d(padded, self.kernels)) + 1e-4).sqrt()


class Network(nn.Module):
    """Pictures (n, 3, side, side) from -1 to 1 to maps of every stage."""

    def __init__(self) -> None:
        super().__init__()
        self.eye = Eye()
        self.entry = nn.Sequential(
            nn.BatchNorm2d(Eye.channels),
            nn.Conv2d(Eye.channels, WIDTHS[0], 3, 1, 1, bias=False),
            nn.BatchNorm2d(WIDTHS[0]),
            nn.ReLU(),
        )
        self.stages = nn.ModuleList(_stage(number) for number in range(len(WIDTHS)))

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """One tensor (n, width, h, w) per stage."""
        maps = self.entry(self.eye(pictures))
        outputs = []
        for stage in self.stages:
            maps = stage(maps)
            outputs.append(maps)
        return outputs


def _stage(number: int) -> nn.Module:
    before, after = WIDTHS[max(0, number - 1)], WIDTHS[number]
    return nn.Sequential(
        Block(before, after), *(Block(after, after) for _ in range(BLOCKS[number] - 1))
    )


class Projector(nn.Module):
    """The head of the training alone: pooled maps to points on a sphere (SimCLR, 2020)."""

    def __init__(self, width: int = 512, dimension: int = 128) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(WIDTHS[-1], width, bias=False),
            nn.BatchNorm1d(width),
            nn.ReLU(),
            nn.Linear(width, dimension),
        )

    def forward(self, maps: Tensor) -> Tensor:
        """Last maps (n, width, h, w) to unit rows (n, dimension) float32."""
        rows = self.layers(maps.mean(dim=(2, 3)))
        return torch.nn.functional.normalize(rows.float(), dim=1)
