"""Teaches the detector of kioku-faces where faces are.  Resumable.

    OMP_WAIT_POLICY=passive python models/train/faces_finding.py --set .data/faces

Writes detector.safetensors beside the pictures of faces_drawing.py.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
import torch
from faces_anchors import Floats, loss_of, wanted_of
from faces_drawing import Pixels
from faces_network import Detector
from learning_run import run
from numpy.typing import NDArray
from precision import low_precision
from safetensors.torch import save_file
from torch import Tensor

Doubles = NDArray[np.float64]
SIDE = 256
_SMALLER, _LARGER = 0.3, 2.2
_TURN = 12.0
_SEEN = 0.5
_SWAPPED = [0, 1, 2, 3, 6, 7, 4, 5, 8, 9, 12, 13, 10, 11]
"""A mirrored face's left eye is its right one."""


def read_options() -> argparse.Namespace:
    """The command line; the defaults are what trained the published detector."""
    parser = argparse.ArgumentParser(description="Train the detector of kioku-faces.")
    parser.add_argument("--set", type=Path, required=True, help="folder with scenes.npy, marks.npy")
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--minutes", type=float, default=25, help="finish by then, if slower")
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def disturbed(picture: Pixels, faces: Floats, rng: np.random.Generator) -> tuple[Pixels, Floats]:
    """The picture cut, turned, mirrored and relit, (SIDE, SIDE, 3), and its faces (n, 14) with it.

    Faces that are cut off are left out, boxes follow their middle and size.
    """
    zoom = float(np.exp(rng.uniform(np.log(_SMALLER), np.log(_LARGER))))
    middle = rng.uniform(0, picture.shape[0], 2)
    if len(faces) and rng.random() < 0.8:
        face = faces[rng.integers(len(faces))]
        middle = (face[:2] + face[2:4]) / 2
    turn: Doubles = np.array(
        cv2.getRotationMatrix2D(tuple(map(float, middle)), rng.uniform(-_TURN, _TURN), zoom)
    )
    turn[:, 2] += rng.uniform(0.2, 0.8, 2) * SIDE - middle
    if rng.random() < 0.5:
        turn[0] = np.array([0, 0, SIDE - 1]) - turn[0]
        mirrored = _moved(faces, turn)[:, _SWAPPED]
    else:
        mirrored = _moved(faces, turn)
    cut = cv2.warpAffine(picture, turn, (SIDE, SIDE), flags=cv2.INTER_AREA)
    return _relit(np.asarray(cut, np.uint8), rng), mirrored[_inside(mirrored) >= _SEEN]


def _moved(faces: Floats, turn: Doubles) -> Floats:
    if not len(faces):
        return faces
    scale = np.sqrt(abs(np.linalg.det(turn[:, :2])))
    middles = (faces[:, :2] + faces[:, 2:4]) / 2 @ turn[:, :2].T + turn[:, 2]
    half = (faces[:, 2:4] - faces[:, :2]) / 2 * scale
    points = faces[:, 4:].reshape(-1, 5, 2) @ turn[:, :2].T + turn[:, 2]
    rows = [middles - half, middles + half, points.reshape(-1, 10)]
    return np.hstack(rows).astype(np.float32)


def _inside(faces: Floats) -> Floats:
    """The share of each box that is in the picture."""
    seen = np.clip(faces[:, :4], 0, SIDE)
    areas = [(box[:, 2:4] - box[:, :2]).prod(axis=1) for box in (seen, faces[:, :4])]
    return np.asarray(areas[0] / np.maximum(areas[1], 1e-6), np.float32)


def _relit(picture: Pixels, rng: np.random.Generator) -> Pixels:
    values: Doubles = picture.astype(np.float64)
    if rng.random() < 0.15:
        values = np.repeat(values.mean(axis=2, keepdims=True), 3, axis=2)
    values = values * rng.uniform(0.6, 1.3) * rng.uniform(0.92, 1.08, 3) + rng.uniform(-25, 25)
    return np.clip(values, 0, 255).astype(np.uint8)


class Pictures:
    """Batches of disturbed pictures, by step number."""

    def __init__(self, folder: Path, batch: int) -> None:
        self._scenes = np.load(folder / "scenes.npy", mmap_mode="r")
        self._marks = np.load(folder / "marks.npy")
        self._batch = batch

    def at_step(self, step: int) -> tuple[Tensor, list[Floats]]:
        """Pictures (n, 3, SIDE, SIDE) as the detector takes them, and each one's faces."""
        rng = np.random.default_rng([5, step])
        pixels, faces = [], []
        for at in rng.choice(len(self._scenes), self._batch, replace=False):
            marks = self._marks[at]
            known = marks[~np.isnan(marks[:, 0])]
            picture, moved = disturbed(self._scenes[at], known, rng)
            pixels.append(picture)
            faces.append(moved)
        values = torch.from_numpy(np.stack(pixels)).permute(0, 3, 1, 2).float()
        return (values - 127.5) / 128, faces


def learn(options: argparse.Namespace) -> Detector:
    """Trains from the checkpoint beside the pictures, or from nothing, to the end."""
    pictures, detector = Pictures(options.set, options.batch), Detector()
    detector.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def loss_at(step: int) -> Tensor:
        pixels, faces = pictures.at_step(step)
        with low_precision():
            maps = detector(pixels.contiguous(memory_format=torch.channels_last))
        scores, boxes, points = (torch.cat([one[at] for one in maps], 1).float() for at in range(3))
        return loss_of(scores, boxes, points, wanted_of(faces, SIDE))

    run(detector, options, options.set / "finding", loss_at)
    return detector


def main() -> None:
    """Train and write the detector."""
    options = read_options()
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(options.threads)
    torch.manual_seed(1)
    weights = learn(options).state_dict()
    saved = {name: value.contiguous() for name, value in weights.items()}
    save_file(saved, options.set / "detector.safetensors")


if __name__ == "__main__":
    main()
