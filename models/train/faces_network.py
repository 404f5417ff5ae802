"""The two small networks of kioku-faces: one finds faces, the other tells people apart."""

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, relu
from visual_network import Block

STRIDES = (8, 16, 32)
BASES = (2.0, 4.0)
"""Each place has two anchors, so many strides wide: SCRFD's 16 and 32 pixels at stride 8, …"""
POINTS = 10
DIMENSION = 512

_STEM = (16, 24)
_STAGES = (48, 64, 96)
_NECK = 48
_FEW = -4.0
_FACE_STAGES = (24, 48, 96, 128)
_LAST = 256

Maps = tuple[Tensor, Tensor, Tensor]
"""Raw scores (n, places, 1), boxes (n, places, 4) and points (n, places, 10) of one stride."""


def _layer(before: int, after: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, after, 3, stride, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU()
    )


class Detector(nn.Module):
    """Pictures to scores, boxes and points, in the shape of SCRFD (Guo et al., 2021).

    A narrow ResNet, a top-down neck (Lin et al., "Feature Pyramid Networks", 2017) and one head
    for all strides, since boxes are measured in anchors.
    """

    def __init__(self) -> None:
        super().__init__()
        first, second, third = _STAGES
        self.stem = nn.Sequential(_layer(3, _STEM[0], 2), _layer(_STEM[0], _STEM[1], 2))
        self.stages = nn.ModuleList(
            [
                Block(_STEM[1], first),
                nn.Sequential(Block(first, second), Block(second, second)),
                nn.Sequential(Block(second, third), Block(third, third)),
            ]
        )
        self.ways = nn.ModuleList(nn.Conv2d(width, _NECK, 1) for width in _STAGES)
        self.tower = nn.Conv2d(_NECK, _NECK, 3, 1, 1, bias=False)
        # Strides share what they look for, not how bright their maps are.
        self.norms = nn.ModuleList(nn.BatchNorm2d(_NECK) for _ in STRIDES)
        anchors = len(BASES)
        self.scores = nn.Conv2d(_NECK, anchors, 1)
        self.boxes = nn.Conv2d(_NECK, anchors * 4, 1)
        self.points = nn.Conv2d(_NECK, anchors * POINTS, 1)
        nn.init.constant_(self.scores.bias, _FEW)  # type: ignore[arg-type]
        self.register_buffer("bases", torch.tensor(BASES).view(1, 1, len(BASES), 1))

    bases: Tensor

    def forward(self, pictures: Tensor) -> list[Maps]:
        """Pictures (n, 3, h, w), RGB, (x - 127.5) / 128, h and w multiples of 32.

        Boxes are distances from a place's upper left corner to the box's four sides, points are
        offsets from it, both in strides, as insightface's `SCRFD` takes them.
        """
        maps = self.stem(pictures)
        stages = []
        for stage in self.stages:
            maps = stage(maps)
            stages.append(maps)
        return [self._read(maps) for maps in self._neck(stages)]

    def _neck(self, stages: list[Tensor]) -> list[Tensor]:
        merged = [way(maps) for way, maps in zip(self.ways, stages, strict=True)]
        for at in (1, 0):
            merged[at] = merged[at] + interpolate(merged[at + 1], scale_factor=2.0)
        towers = [self.tower(maps) for maps in merged]
        return [relu(norm(maps)) for norm, maps in zip(self.norms, towers, strict=True)]

    def _read(self, maps: Tensor) -> Maps:
        scores = _in_rows(self.scores(maps), 1)
        boxes = _in_rows(self.boxes(maps), 4)
        points = _in_rows(self.points(maps), POINTS)
        return (
            scores.flatten(1, 2),
            (boxes.clamp(-3, 3).exp() * self.bases / 2).flatten(1, 2),
            (points * self.bases).flatten(1, 2),
        )


def _in_rows(maps: Tensor, width: int) -> Tensor:
    """(n, anchors * width, h, w) to (n, h * w, anchors, width), row by row."""
    rows = maps.flatten(2).transpose(1, 2)
    return rows.reshape(rows.shape[0], rows.shape[1], len(BASES), width)


class PublishedDetector(nn.Module):
    """The detector with the nine outputs of an SCRFD file: scores, boxes, points by stride."""

    def __init__(self, detector: Detector) -> None:
        super().__init__()
        self.detector = detector

    def forward(self, pictures: Tensor) -> tuple[Tensor, ...]:
        """As `Detector`, scores from 0 to 1."""
        maps = self.detector(pictures)
        scores = [one[0].sigmoid() for one in maps]
        return (*scores, *(one[1] for one in maps), *(one[2] for one in maps))


class Embedder(nn.Module):
    """Aligned faces to vectors, in the shape of ArcFace files.

    A narrow ResNet that ends in a weighted sum over places, as MobileFaceNet does (Chen et al.,
    2018), because the middle of an aligned face says more than its corners.
    """

    def __init__(self) -> None:
        super().__init__()
        first, *rest = _FACE_STAGES
        blocks: list[nn.Module] = []
        for before, after in zip(_FACE_STAGES, rest, strict=False):
            blocks += [Block(before, after), Block(after, after)]
        self.layers = nn.Sequential(_layer(3, first, 2), *blocks)
        self.widen = nn.Sequential(
            nn.Conv2d(rest[-1], _LAST, 1, bias=False), nn.BatchNorm2d(_LAST), nn.PReLU(_LAST)
        )
        self.gather = nn.Conv2d(_LAST, _LAST, 7, groups=_LAST, bias=False)
        self.gather_norm = nn.BatchNorm1d(_LAST)
        self.last = nn.Linear(_LAST, DIMENSION, bias=False)
        self.last_norm = nn.BatchNorm1d(DIMENSION)

    def forward(self, faces: Tensor) -> Tensor:
        """Faces (n, 3, 112, 112), RGB, (x - 127.5) / 127.5, to (n, 512), not of length one."""
        gathered = self.gather(self.widen(self.layers(faces))).flatten(1)
        rows: Tensor = self.last_norm(self.last(self.gather_norm(gathered)))
        return rows
