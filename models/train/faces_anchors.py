"""Which places of the detector's maps answer for which face, and how wrong their answers are."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from faces_network import BASES, POINTS, STRIDES
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, smooth_l1_loss

Floats = NDArray[np.float32]
SMALLEST = 12.0
"""Faces of fewer pixels are neither wanted nor forbidden."""
_NEAR, _WIDE, _OPEN = 0.14, 0.75, 0.3
_OCTAVE, _NEXT = 0.5, 0.8
_FOCUS, _BALANCE = 2.0, 0.4
_BOX_WEIGHT, _POINT_WEIGHT = 2.0, 16.0


@dataclass(frozen=True)
class Places:
    """All anchors of a square picture, in the order of the detector's outputs.

    Args:
        middles: x and y in pixels (places, 2).
        strides, bases: in pixels (places,).
    """

    middles: Floats
    strides: Floats
    bases: Floats


@lru_cache(maxsize=4)
def places_of(side: int) -> Places:
    """The anchors of pictures `side` pixels a side."""
    middles, strides, bases = [], [], []
    for stride in STRIDES:
        down, across = np.mgrid[: side // stride, : side // stride]
        grid = np.stack([across, down], axis=-1).reshape(-1, 2) * stride
        middles.append(np.repeat(grid, len(BASES), axis=0))
        strides.append(np.full(len(grid) * len(BASES), stride))
        bases.append(np.tile(np.array(BASES) * stride, len(grid)))
    joined = [np.concatenate(several).astype(np.float32) for several in (middles, strides, bases)]
    return Places(*joined)


@dataclass(frozen=True)
class Wanted:
    """What the detector should have said: `truth` 1, 0 or -1 (either way), (n, places).

    boxes (n, places, 4) and points (n, places, 10) are in strides, as the detector gives them.
    """

    truth: Tensor
    boxes: Tensor
    points: Tensor


def wanted_of(faces: list[Floats], side: int) -> Wanted:
    """The answers for pictures with these faces, each (faces, 14): box, then five points."""
    rows = [_wanted_of_one(several, places_of(side)) for several in faces]
    truth, boxes, points = (
        torch.from_numpy(np.stack(column)) for column in zip(*rows, strict=True)
    )
    return Wanted(truth, boxes, points)


def _wanted_of_one(faces: Floats, places: Places) -> tuple[Floats, Floats, Floats]:
    """Larger faces first, so that a smaller one before them keeps its places."""
    count = len(places.middles)
    truth = np.zeros(count, np.float32)
    boxes, points = np.zeros((count, 4), np.float32), np.zeros((count, POINTS), np.float32)
    for face in sorted(faces, key=_size_of, reverse=True):
        mine, either = _claims(face, places)
        truth[either & (truth == 0)] = -1
        truth[mine] = 1
        middles, strides = places.middles[mine], places.strides[mine, None]
        boxes[mine] = np.hstack([middles - face[:2], face[2:4] - middles]) / strides
        points[mine] = (face[4:] - np.tile(middles, 5)) / strides
    return truth, boxes, points


def _size_of(face: Floats) -> float:
    return float(np.sqrt((face[2] - face[0]) * (face[3] - face[1])))


def _claims(face: Floats, places: Places) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """The places that must find the face, and those that may."""
    size = _size_of(face)
    middle = (face[:2] + face[2:4]) / 2
    far = np.abs(places.middles - middle).max(axis=1)
    low, high = places.bases.min(), places.bases.max()
    octaves = np.abs(np.log2(np.clip(size, low, high) / places.bases))
    near = far <= np.maximum(_WIDE * places.strides, _NEAR * size)
    mine = near & (octaves <= _OCTAVE) & (size >= SMALLEST)
    either = (near | (far <= _OPEN * size)) & (octaves <= _NEXT)
    return mine, either & ~mine


def loss_of(scores: Tensor, boxes: Tensor, points: Tensor, wanted: Wanted) -> Tensor:
    """Focal loss of the scores (Lin et al., 2017), GIoU of boxes, smooth L1 of points.

    Per face-bearing place, so that a picture without a face counts too.
    """
    known = wanted.truth >= 0
    logits, truth = scores.squeeze(-1)[known], wanted.truth[known]
    chance = logits.sigmoid()
    wrong = torch.where(truth > 0, 1 - chance, chance)
    share = torch.where(truth > 0, _BALANCE, 1 - _BALANCE)
    entropy = binary_cross_entropy_with_logits(logits, truth, reduction="none")
    mine = wanted.truth > 0
    count = mine.sum().clamp(min=1)
    found = (share * wrong**_FOCUS * entropy).sum() / count
    if not mine.any():
        return found
    sizes = (wanted.boxes[mine][:, :2] + wanted.boxes[mine][:, 2:]).mean(dim=1, keepdim=True)
    placed = 1 - _giou(boxes[mine], wanted.boxes[mine]).mean()
    pointed = smooth_l1_loss(points[mine] / sizes, wanted.points[mine] / sizes, beta=0.05)
    return found + _BOX_WEIGHT * placed + _POINT_WEIGHT * pointed


def _giou(given: Tensor, wanted: Tensor) -> Tensor:
    """Generalised IoU (Rezatofighi et al., 2019) of distances (n, 4) from one common place."""
    both = torch.minimum(given[:, :2], wanted[:, :2]) + torch.minimum(given[:, 2:], wanted[:, 2:])
    hull = torch.maximum(given[:, :2], wanted[:, :2]) + torch.maximum(given[:, 2:], wanted[:, 2:])
    shared = both.clamp(min=0).prod(dim=1)
    areas = [(one[:, :2] + one[:, 2:]).prod(dim=1) for one in (given, wanted)]
    union = areas[0] + areas[1] - shared
    around = hull.prod(dim=1)
    return shared / union - (around - union) / around
