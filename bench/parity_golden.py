"""Stored vectors of a small checkpoint per family: a library that changes its mind is noticed.

The reference is computed anew on every run, so a new transformers, Pillow or tokenizers release
that moves it would move us along in silence. These files do not move. Their checkpoints have
weights from raw PCG64 bits, which no release changes; inputs are stored as file bytes.

`python -m bench.parity_golden` writes them again, into tests/unit/embedder/golden; a change of one
is a change of meaning and needs a reason.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np
import numpy.typing as npt
from kioku_embedder.engine import Matrix
from kioku_embedder.reference import Reference
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from bench.parity import FAMILIES
from bench.parity_samples import pictures

GOLDEN = Path(__file__).resolve().parents[1] / "tests/unit/embedder/golden"
PICTURES = ("png 33 x 200", "jpeg 96 x 97", "png mode P", "exif 6")
TEXTS = ("A Red cat", "赤い猫, and 2 Blue dogs 😀", "the sea at night " * 40)
_TENSOR = 2  # axes


@dataclass(frozen=True)
class Golden:
    """What is stored of one family.

    Args:
        files: encoded pictures.
        pictures, texts: unit vectors (n, dimension) float32.
        tokens: ids of each text, as the text tower gets them.
    """

    files: list[bytes]
    pictures: Matrix
    texts: Matrix
    tokens: npt.NDArray[np.int64]


def checkpoint_of(family: str, folder: Path) -> Path:
    """The family's small checkpoint with the weights that the stored vectors are of."""
    FAMILIES[family](folder)
    path = folder / "model.safetensors"
    with safe_open(path, framework="np") as opened:
        metadata = opened.metadata()
    bits = np.random.PCG64(8)
    weights = {name: _drawn(name, old, bits) for name, old in sorted(load_file(path).items())}
    save_file(weights, path, metadata=metadata)
    return folder


def _drawn(name: str, old: np.ndarray, bits: np.random.PCG64) -> np.ndarray:
    """Uniform; wide enough that layers matter, narrow enough that activations stay near one."""
    if old.ndim == 0 or (old.ndim == 1 and name.endswith("weight")):
        return old
    raw = np.asarray(bits.random_raw(prod(old.shape)), np.uint64)
    uniform = (raw >> np.uint64(11)).astype(np.float64) * 2.0**-52 - 1.0
    scale = (3.0 / prod(old.shape[1:])) ** 0.5 if old.ndim >= _TENSOR else 0.05
    return (uniform * scale).reshape(old.shape).astype(np.float32)


def path_of(family: str) -> Path:
    """Where a family's file lies."""
    return GOLDEN / f"{family.lower().replace(' ', '')}.npz"


def read(family: str) -> Golden:
    """The stored file of a family."""
    with np.load(path_of(family), allow_pickle=False) as stored:
        files = [stored[f"file{number}"].tobytes() for number in range(len(PICTURES))]
        return Golden(files, stored["pictures"], stored["texts"], stored["tokens"])


def _write(family: str) -> None:
    chosen = {sample.name: sample for sample in pictures()}
    samples = [chosen[name] for name in PICTURES]
    with tempfile.TemporaryDirectory(prefix="kioku-golden-") as scratch:
        reference = Reference(checkpoint_of(family, Path(scratch) / "checkpoint"))
        arrays = {
            "pictures": _unit(reference.images([sample.upright for sample in samples])),
            "texts": _unit(reference.texts(TEXTS)),
            "tokens": np.stack([reference.tokens(text)["input_ids"][0].numpy() for text in TEXTS]),
        }
    files = {f"file{n}": np.frombuffer(sample.data, np.uint8) for n, sample in enumerate(samples)}
    path_of(family).parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path_of(family), allow_pickle=False, **files, **arrays)
    print(f"{path_of(family).name}: {path_of(family).stat().st_size} bytes")


def _unit(matrix: Matrix) -> Matrix:
    unit: Matrix = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    return unit


if __name__ == "__main__":
    for each in FAMILIES:
        _write(each)
