"""Runs a pack through insightface's own classes and counts how often it is right."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from faces_export import DETECTOR, EMBEDDER
from insightface.model_zoo.arcface_onnx import ArcFaceONNX
from insightface.model_zoo.scrfd import SCRFD
from insightface.utils.face_align import norm_crop
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
_OVERLAP = 0.5


@dataclass(frozen=True)
class Seen:
    """Faces of one picture: boxes (n, 4) in pixels, scores (n,), points (n, 5, 2)."""

    boxes: Floats
    scores: Floats
    points: Floats


class Judge:
    """A pack's detector and embedder, one thread each.

    Args:
        folder: of the pack.
        edge: side of the square the detector looks at, pixels.
    """

    def __init__(self, folder: Path, edge: int = 640) -> None:
        self._edge = edge
        self._least = json.loads((folder / "pack.json").read_text())["detector"]["least_score"]
        path = str(folder / DETECTOR)
        self._detector = SCRFD(model_file=path, session=_session(path), static_shape_sessions=False)
        path = str(folder / EMBEDDER)
        self._embedder = ArcFaceONNX(model_file=path, session=_session(path))

    def find(self, picture: Pixels) -> Seen:
        """The faces of an RGB picture (h, w, 3)."""
        turned = np.ascontiguousarray(picture[:, :, ::-1])
        rows, points = self._detector.detect(
            turned, input_size=(self._edge, self._edge), det_thresh=self._least
        )
        return Seen(rows[:, :4], rows[:, 4], points)

    def know(self, picture: Pixels, points: Floats) -> Floats:
        """The unit vector (512,) of a face with these five points (5, 2) in an RGB picture."""
        face = norm_crop(np.ascontiguousarray(picture[:, :, ::-1]), points)
        row = self._embedder.get_feat(face)[0]
        unit: Floats = row / np.linalg.norm(row)
        return unit


def _session(path: str) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def overlaps(boxes: Floats, others: Floats) -> Floats:
    """Intersection over union of every box (n, 4) with every other (m, 4): (n, m)."""
    first, second = boxes[:, None], others[None]
    low, high = (
        np.maximum(first[..., :2], second[..., :2]),
        np.minimum(first[..., 2:], second[..., 2:]),
    )
    both = np.clip(high - low, 0, None).prod(axis=-1)
    areas = [(one[..., 2:] - one[..., :2]).prod(axis=-1) for one in (first, second)]
    return np.asarray(both / (areas[0] + areas[1] - both), np.float32)


def matched(found: Floats, true: Floats) -> list[tuple[int, int]]:
    """Pairs (found, true) of boxes that overlap by half, each box once, the best first."""
    if not len(found) or not len(true):
        return []
    table, pairs = overlaps(found, true), []
    while table.max() >= _OVERLAP:
        one, other = np.unravel_index(table.argmax(), table.shape)
        pairs.append((int(one), int(other)))
        table[one], table[:, other] = 0, 0
    return pairs


@dataclass
class Tally:
    """Faces found rightly, found in all, and there in all."""

    right: int = 0
    found: int = 0
    true: int = 0

    def add(self, right: int, found: int, true: int) -> None:
        """One more picture."""
        self.right, self.found, self.true = self.right + right, self.found + found, self.true + true

    @property
    def precision(self) -> float:
        """Right among found."""
        return self.right / max(1, self.found)

    @property
    def recall(self) -> float:
        """Found among those there."""
        return self.right / max(1, self.true)


def accepted_at(vectors: Floats, who: NDArray[np.int64], rate: float) -> float:
    """The share of same-person pairs above the score that `rate` of all other pairs reach."""
    scores = vectors @ vectors.T
    upper = np.triu(np.ones(scores.shape, bool), 1)
    same = who[:, None] == who[None]
    others = np.sort(scores[upper & ~same])
    threshold = others[-max(1, round(rate * len(others)))]
    return float((scores[upper & same] > threshold).mean())


def first_rank(vectors: Floats, who: NDArray[np.int64]) -> float:
    """The share of faces whose nearest among each person's first face is their own person's."""
    _, firsts = np.unique(who, return_index=True)
    rest = np.setdiff1d(np.arange(len(who)), firsts)
    nearest = (vectors[rest] @ vectors[firsts].T).argmax(axis=1)
    return float((who[firsts][nearest] == who[rest]).mean())
