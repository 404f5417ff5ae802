"""Teaches the embedder of kioku-faces to tell drawn people apart.  Resumable.

    OMP_WAIT_POLICY=passive python models/train/faces_knowing.py --set .data/faces

A margin on the cosine of the right person (Wang et al., "CosFace", 2018) pushes people apart.
Writes embedder.safetensors beside the faces of faces_drawing.py.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from faces_network import DIMENSION, Embedder
from learning_run import run
from numpy.typing import NDArray
from precision import low_precision
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn.functional import affine_grid, avg_pool2d, cross_entropy, grid_sample, normalize

_SCALE, _MARGIN = 24.0, 0.3
_WARM = 300


def read_options() -> argparse.Namespace:
    """The command line; the defaults are what trained the published embedder."""
    parser = argparse.ArgumentParser(description="Train the embedder of kioku-faces.")
    parser.add_argument("--set", type=Path, required=True, help="folder with faces.npy")
    parser.add_argument("--steps", type=int, default=700)
    parser.add_argument("--batch", type=int, default=96)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--minutes", type=float, default=25, help="finish by then, if slower")
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


class Margin(nn.Module):
    """One direction for each person; the head of the training alone."""

    def __init__(self, people: int) -> None:
        super().__init__()
        self.directions = nn.Parameter(torch.randn(people, DIMENSION) * 0.05)

    def forward(self, rows: Tensor, who: Tensor, margin: float) -> Tensor:
        """The loss of rows (n, 512) of these people (n,)."""
        cosines = normalize(rows.float(), dim=1) @ normalize(self.directions, dim=1).T
        right = torch.zeros_like(cosines).scatter_(1, who[:, None], margin)
        return cross_entropy(_SCALE * (cosines - right), who)


def some_faces(faces: NDArray[np.uint8], batch: int, step: int) -> tuple[Tensor, Tensor]:
    """Faces (n, 112, 112, 3) uint8 and whose they are (n,); each person at most once."""
    rng = np.random.default_rng([6, step])
    who = np.sort(rng.choice(len(faces), batch, replace=False))
    views = rng.integers(faces.shape[1], size=batch)
    return torch.from_numpy(faces[who, views]), torch.from_numpy(who)


def disturbed(faces: Tensor, draw: torch.Generator) -> Tensor:
    """Shifted, mirrored, recoloured, coarsened; uint8 channels last to floats from -1 to 1."""
    pixels = (faces.permute(0, 3, 1, 2).float() - 127.5) / 127.5
    count = len(pixels)

    def between(low: float, high: float, *more: int) -> Tensor:
        return low + (high - low) * torch.rand(count, *more, generator=draw)

    mirror = torch.where(between(0, 1) < 0.5, -1.0, 1.0)
    zoom, angle, shift = between(0.94, 1.06), between(-0.06, 0.06), between(-0.04, 0.04, 2)
    rows = torch.stack([mirror * zoom, -angle, shift[:, 0]], 1)
    more = torch.stack([mirror * angle, zoom, shift[:, 1]], 1)
    grid = affine_grid(torch.stack([rows, more], 1), list(pixels.shape), align_corners=False)
    moved = grid_sample(pixels, grid, align_corners=False)
    coarse = avg_pool2d(moved, 3, 1, 1)
    moved = torch.where((between(0, 1) < 0.25)[:, None, None, None], coarse, moved)
    gain = between(0.75, 1.25)[:, None, None, None] * between(0.93, 1.07, 3)[:, :, None, None]
    return ((moved + 1) * gain - 1 + between(-0.12, 0.12, 1, 1, 1)).clamp(-1, 1)


def learn(options: argparse.Namespace) -> Embedder:
    """Trains from the checkpoint beside the faces, or from nothing, to the end."""
    faces = np.load(options.set / "faces.npy", mmap_mode="r")
    embedder, margin = Embedder(), Margin(len(faces))
    embedder.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def loss_at(step: int) -> Tensor:
        pixels, who = some_faces(faces, options.batch, step)
        given = disturbed(pixels, torch.Generator().manual_seed(step))
        with low_precision():
            rows = embedder(given.contiguous(memory_format=torch.channels_last))
        loss: Tensor = margin(rows, who, _MARGIN * min(1.0, step / _WARM))
        return loss

    parts = nn.ModuleDict({"embedder": embedder, "margin": margin})
    run(parts, options, options.set / "knowing", loss_at)
    return embedder


def main() -> None:
    """Train and write the embedder."""
    options = read_options()
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    weights = learn(options).state_dict()
    saved = {name: value.contiguous() for name, value in weights.items()}
    save_file(saved, options.set / "embedder.safetensors")


if __name__ == "__main__":
    main()
