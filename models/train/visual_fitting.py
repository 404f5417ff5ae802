"""Fits kioku-visual to drawn pictures and writes it as one ONNX graph with its manifest.

    OMP_WAIT_POLICY=passive python models/train/visual_fitting.py --set .data/visual

reads pictures.npy and network.safetensors from the folder.  Needs no photograph.
"""

import argparse
import hashlib
import json
import tempfile
from pathlib import Path

import numpy as np
import onnx
import torch
from graph import bare, in_float16
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn.functional import interpolate
from visual_blocks import SIDE, Colours, Learned, Patches, Products, unit

_ROOT = Path(__file__).resolve().parents[2]
_FIT, _SOME, _BATCH = 1800, 500, 32
_PATCHES, _ROUNDS = 30_000, 12
_SHRINK = 1e-3


class Part(nn.Module):
    """A block with its whitening: rows are centred, turned, scaled and of length `weight`.

    Args:
        block: gives rows.
        size: numbers kept.
        power: of the variances each axis is divided by; 0.5 is whitening, 0 leaves them.
        weight: the share of the part in the joined vector, as a length.
    """

    middle: Tensor
    axes: Tensor

    def __init__(self, block: nn.Module, size: int, power: float, weight: float) -> None:
        super().__init__()
        self.block, self.size, self.power, self.weight = block, size, power, weight
        self.register_buffer("middle", torch.zeros(0))
        self.register_buffer("axes", torch.zeros(0))

    def fit(self, rows: Tensor) -> None:
        """Principal axes of drawn pictures' rows."""
        self.middle = rows.mean(dim=0)
        _, lengths, axes = torch.linalg.svd(rows - self.middle, full_matrices=False)
        variances = (lengths.square() / len(rows))[: self.size]
        scale = (variances + _SHRINK * variances[0]) ** -self.power
        scale = scale / scale.max()
        self.axes = axes[: self.size].T * scale

    def forward(self, pictures: Tensor) -> Tensor:
        """(n, 3, SIDE, SIDE) to (n, size)."""
        rows = (self.block(pictures) - self.middle) @ self.axes
        return self.weight * unit(rows)


class Visual(nn.Module):
    """The whole model: bytes of pictures in, vectors of about length one out."""

    def __init__(self, parts: list[Part]) -> None:
        super().__init__()
        self.parts = nn.ModuleList(parts)

    def forward(self, pictures: Tensor) -> Tensor:
        """(n, SIDE, SIDE, 3) uint8 to (n, dimension) float32."""
        scaled = pictures.permute(0, 3, 1, 2).float() / 255
        return torch.cat([part(scaled) for part in self.parts], dim=1)


def parts_of(folder: Path, drawn: Tensor) -> list[Part]:
    """The model's blocks, each fitted on drawn pictures, with its share."""
    products, learned = Products(), Learned()
    small, large = Patches(cell=4), Patches(cell=8)
    products.fit(drawn[:_SOME])
    for patches in (small, large):
        fit_words(patches, drawn[:_SOME])
    learned.network.load_state_dict(load_file(folder / "network.safetensors"))
    return [
        Part(products, 192, 0.25, 1.0),
        Part(small, 192, 0.25, 1.0),
        Part(large, 128, 0.25, 0.7),
        Part(learned, 128, 0.25, 0.6),
        Part(Colours(), 96, 0.25, 0.5),
    ]


def in_batches(values: Tensor) -> list[Tensor]:
    """The rows in pieces of at most _BATCH."""
    return [values[at : at + _BATCH] for at in range(0, len(values), _BATCH)]


def fit_words(block: Patches, drawn: Tensor) -> None:
    """Axes of the patches, then k-means in them."""
    found = [block.patches(several) for several in in_batches(drawn)]
    rows = torch.cat([rows[strength[..., 0] > block.FLAT] for rows, strength in found])
    draw = torch.Generator().manual_seed(4)
    rows = rows[torch.randperm(len(rows), generator=draw)[:_PATCHES]]
    block.middle.copy_(rows.mean(dim=0))
    _, lengths, axes = torch.linalg.svd(rows - block.middle, full_matrices=False)
    width = block.axes.shape[1]
    variances = (lengths.square() / len(rows))[:width]
    block.axes.copy_(axes[:width].T * (variances + _SHRINK * variances[0]) ** -0.25)
    codes = (rows - block.middle) @ block.axes
    block.words.copy_(_means(codes, len(block.words)))


def _means(rows: Tensor, count: int) -> Tensor:
    """Lloyd's k-means from the first `count` rows."""
    means = rows[:count].clone()
    for _ in range(_ROUNDS):
        nearest = torch.cdist(rows, means).argmin(dim=1)
        sizes = nearest.bincount(minlength=count).clamp(min=1).float()
        means = torch.zeros_like(means).index_add_(0, nearest, rows) / sizes[:, None]
    return means


def drawn_pictures(folder: Path, count: int) -> Tensor:
    """One view of each of the first things, (count, 3, SIDE, SIDE) from 0 to 1."""
    pictures = np.load(folder / "pictures.npy", mmap_mode="r")[:count, 0]
    values = torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2)
    parts = [
        interpolate(several.float(), (SIDE, SIDE), mode="bicubic", antialias=True)
        for several in in_batches(values)
    ]
    return torch.cat(parts).clamp(0, 255) / 255


def fitted(folder: Path) -> Visual:
    """The model, ready."""
    drawn = drawn_pictures(folder, _FIT)
    parts = parts_of(folder, drawn)
    model = Visual(parts).eval()
    for part in parts:
        part.fit(torch.cat([part.block(several) for several in in_batches(drawn)]))
        length = sum(other.weight**2 for other in parts) ** 0.5
        print(f"{type(part.block).__name__}: {part.size} numbers, share {part.weight / length:.2f}")
    return model


def write_model(model: Visual, output: Path) -> None:
    """model.onnx and visual.json."""
    output.mkdir(parents=True, exist_ok=True)
    sample = torch.zeros(2, SIDE, SIDE, 3, dtype=torch.uint8)
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "model.onnx"
        torch.onnx.export(
            model,
            (sample,),
            path,
            input_names=["pictures"],
            output_names=["vectors"],
            dynamic_shapes={"pictures": {0: torch.export.Dim("n", min=1, max=256)}},
            dynamo=True,
            external_data=False,
            optimize=True,
        )
        data = bare(in_float16(onnx.load(path))).SerializeToString()
    (output / "model.onnx").write_bytes(data)
    write_manifest(output, data, model(sample).shape[1])


def write_manifest(output: Path, data: bytes, dimension: int) -> None:
    """visual.json beside the graph whose bytes these are."""
    manifest = {
        "format": "kioku-visual-1",
        "model": "model.onnx",
        "sha256": hashlib.sha256(data).hexdigest(),
        "dimension": dimension,
        "pictures": {"height": SIDE, "width": SIDE, "resample": 3},
        "licence": "Apache-2.0",
    }
    (output / "visual.json").write_text(json.dumps(manifest, indent=2) + "\n")
    print(f"wrote {len(data) / 1e6:.1f} MB, {dimension} numbers a vector")


def main() -> None:
    """Fit and write."""
    parser = argparse.ArgumentParser(description="Fit and export kioku-visual.")
    parser.add_argument("--set", type=Path, required=True)
    parser.add_argument("--output", type=Path, default=_ROOT / "models" / "kioku-visual")
    options = parser.parse_args()
    torch.set_num_threads(1)
    with torch.no_grad():
        write_model(fitted(options.set), options.output)


if __name__ == "__main__":
    main()
