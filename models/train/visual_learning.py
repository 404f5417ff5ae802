"""Teaches the network of kioku-visual that two views show the same thing.  Resumable.

    OMP_WAIT_POLICY=passive python models/train/visual_learning.py --set .data/visual

Contrastive, without labels but the thing's number: of all views of a batch the network has to find
the one of the same thing (NT-Xent: Chen et al., "A Simple Framework for Contrastive Learning of
Visual Representations", 2020).  Writes network.safetensors beside the pictures.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from learning_run import run
from numpy.typing import NDArray
from precision import low_precision
from safetensors.torch import save_file
from torch import Tensor
from torch.nn.functional import affine_grid, cross_entropy, grid_sample
from visual_network import Network, Projector

SIDE = 96
_TEMPERATURE = 0.1
_GREY = torch.tensor([0.3, 0.59, 0.11])


def read_options() -> argparse.Namespace:
    """The command line; the defaults are what trained the published model."""
    parser = argparse.ArgumentParser(description="Train the network of kioku-visual.")
    parser.add_argument("--set", type=Path, required=True, help="folder with pictures.npy")
    parser.add_argument("--things", type=int, help="use only the first so many")
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--batch", type=int, default=128, help="things of one step, two views each")
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--minutes", type=float, default=55, help="finish by then, if slower")
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def some_views(pictures: NDArray[np.uint8], batch: int, step: int) -> Tensor:
    """Two views of each of `batch` things, (2 * batch, side, side, 3) uint8, pairs half-way apart.

    Of every second thing both are the same picture, to be disturbed in two ways: without these
    easy pairs the loss hardly moves for the first hundreds of steps.
    """
    rng = np.random.default_rng([3, step])
    things = rng.choice(len(pictures), batch, replace=False)
    picks = np.argsort(rng.random((batch, pictures.shape[1])), axis=1)[:, :2]
    picks[::2, 1] = picks[::2, 0]
    return torch.from_numpy(np.concatenate([pictures[things, picks[:, at]] for at in range(2)]))


def disturbed(views: Tensor, draw: torch.Generator) -> Tensor:
    """Cut, mirrored, recoloured; (n, h, w, 3) uint8 to (n, 3, SIDE, SIDE) float32 from -1 to 1."""
    pixels = views.permute(0, 3, 1, 2).float() / 127.5 - 1
    count = len(pixels)

    def between(low: float, high: float, *more: int) -> Tensor:
        return low + (high - low) * torch.rand(count, *more, generator=draw)

    zoom = between(0.55, 1.0, 2)
    shift = between(-1, 1, 2) * (1 - zoom)
    angle = between(-0.15, 0.15)
    mirror = torch.where(between(0, 1) < 0.5, -1.0, 1.0)
    rows = torch.stack(
        [zoom[:, 0] * angle.cos() * mirror, -zoom[:, 1] * angle.sin(), shift[:, 0]], 1
    )
    more = torch.stack(
        [zoom[:, 0] * angle.sin() * mirror, zoom[:, 1] * angle.cos(), shift[:, 1]], 1
    )
    grid = affine_grid(torch.stack([rows, more], 1), [count, 3, SIDE, SIDE], align_corners=False)
    cut = grid_sample(pixels, grid, padding_mode="reflection", align_corners=False)
    grey = torch.einsum("nchw,c->nhw", cut, _GREY)[:, None]
    colour = torch.where(between(0, 1) < 0.2, 0.0, between(0.5, 1.4))[:, None, None, None]
    gain = between(0.7, 1.3)[:, None, None, None] * between(0.9, 1.1, 3)[:, :, None, None]
    return ((grey + colour * (cut - grey)) * gain + between(-0.2, 0.2, 1, 1, 1)).clamp(-1, 1)


def loss_of(rows: Tensor) -> Tensor:
    """Cross-entropy of each view's partner among all other views; rows (2 n, d) of length one."""
    count = len(rows) // 2
    logits = rows @ rows.T / _TEMPERATURE
    logits.fill_diagonal_(-1e4)
    partners = torch.arange(2 * count).roll(count)
    return cross_entropy(logits, partners)


def learn(options: argparse.Namespace) -> Network:
    """Trains from the checkpoint beside the pictures, or from nothing, to the end."""
    pictures = np.load(options.set / "pictures.npy", mmap_mode="r")[: options.things]
    network, projector = Network(), Projector()
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def loss_at(step: int) -> Tensor:
        draw = torch.Generator().manual_seed(step)
        views = disturbed(some_views(pictures, options.batch, step), draw)
        with low_precision():
            return loss_of(projector(network(views)[-1]))

    parts = torch.nn.ModuleDict({"network": network, "projector": projector})
    run(parts, options, options.set / "learning", loss_at)
    return network


def main() -> None:
    """Train and write the network."""
    options = read_options()
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    network = learn(options)
    weights = {name: value.contiguous() for name, value in network.state_dict().items()}
    save_file(weights, options.set / "network.safetensors")


if __name__ == "__main__":
    main()
