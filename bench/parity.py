"""Are our vectors those of the models' authors?

Every picture and text of `bench.parity_samples` through decoding, preprocessing, tokens and engine,
against transformers' own processor and model in float32 on the picture as Pillow alone reads it.
Target: cosine at least 0.9999, alone and in batches.

`python -m bench.parity` draws a random checkpoint per family; `--full` adds SigLIP 2 base at its
full size; `--model FOLDER` takes a checkpoint of your own instead.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from kioku_embedder.checkpoint import Checkpoint, open_checkpoint
from kioku_embedder.engine import Engine, Matrix
from kioku_embedder.engines.torch_engine import TorchEngine
from kioku_embedder.random_checkpoint import (
    write_siglip2_base,
    write_tiny_clip,
    write_tiny_siglip,
    write_tiny_siglip1,
)
from kioku_embedder.reference import Reference
from kioku_rt.images import ImageLimits, decode

from bench.parity_samples import Sample, large_pictures, pictures, texts

TARGET = 0.9999
FAMILIES: dict[str, Callable[[Path], Path]] = {
    "CLIP": write_tiny_clip,
    "SigLIP": write_tiny_siglip1,
    "SigLIP 2": write_tiny_siglip,
}
_FULL = {"SigLIP 2 base, full size": write_siglip2_base}


@dataclass(frozen=True)
class Agreement:
    """How near n vectors came to the reference's.

    Args:
        what: kind of items.
        worst: smallest cosine.
        item: the item that had it.
        count: n.
        target: what the smallest cosine must reach; 0 where it is only reported.
    """

    what: str
    worst: float
    item: str
    count: int
    target: float = TARGET


def cosines(left: Matrix, right: Matrix) -> np.ndarray:
    """Cosine of each row (n) of two matrices (n, dimension), in float64."""
    one, other = left.astype(np.float64), right.astype(np.float64)
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    cosine: np.ndarray = (one * other).sum(axis=1) / lengths
    return cosine


def compare(engine: Engine, checkpoint: Checkpoint, reference: Reference) -> list[Agreement]:
    """Pictures, large pictures and texts, each alone and in batches."""
    return [
        *compare_pictures(engine, checkpoint, reference, pictures(), "pictures"),
        *compare_pictures(
            engine, checkpoint, reference, large_pictures(), "pictures over 1024 px", 0.0
        ),
        *compare_texts(engine, reference, texts()),
    ]


def compare_pictures(
    engine: Engine,
    checkpoint: Checkpoint,
    reference: Reference,
    samples: Sequence[Sample],
    what: str,
    target: float = TARGET,
) -> Iterator[Agreement]:
    """From file bytes to vectors, alone and, where there are enough, in batches."""
    expected = reference.images([sample.upright for sample in samples])
    ours = [checkpoint.preprocessing(decode(sample.data).pixels) for sample in samples]
    names = [sample.name for sample in samples]
    alone = np.concatenate([engine.images([pixels]) for pixels in ours])
    yield _agreement(what, alone, expected, names, target)
    if len(samples) > 8:
        together = np.concatenate(
            [engine.images(ours[at : at + 8]) for at in range(0, len(ours), 8)]
        )
        yield _agreement(f"{what}, batches of 8", together, expected, names, target)


def compare_texts(
    engine: Engine, reference: Reference, words: Sequence[str]
) -> Iterator[Agreement]:
    """Texts alone and in batches."""
    expected = reference.texts(words)
    alone = np.concatenate([engine.texts([text]).vectors for text in words])
    yield _agreement("texts", alone, expected, words, TARGET)
    batches = [engine.texts(words[at : at + 8]).vectors for at in range(0, len(words), 8)]
    yield _agreement("texts, batches of 8", np.concatenate(batches), expected, words, TARGET)


def _agreement(
    what: str, ours: Matrix, expected: Matrix, names: Sequence[str], target: float
) -> Agreement:
    near = cosines(ours, expected)
    return Agreement(what, float(near.min()), names[int(near.argmin())], len(near), target)


def opened(folder: Path) -> Checkpoint:
    """A folder as the embedder opens it in float32."""
    return open_checkpoint(str(folder), precision="float32", long_edge=ImageLimits().long_edge)


def report(family: str, engine_name: str, rows: Sequence[Agreement]) -> None:
    """Prints one family's lines of the table."""
    for row in rows:
        verdict = "" if row.worst >= row.target else f" BELOW {row.target}: {row.item[:40]!r}"
        print(
            f"| {family} | {engine_name} | {row.what} | {row.count} | {row.worst:.7f} |{verdict}",
            flush=True,
        )


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--full", action="store_true")
    options = parser.parse_args()
    print("| family | engine | items | n | worst cosine |\n|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory(prefix="kioku-parity-") as scratch:
        writers = {**FAMILIES, **(_FULL if options.full else {})}
        folders = (
            {options.model.name: options.model}
            if options.model
            else {name: write(Path(scratch) / name) for name, write in writers.items()}
        )
        for name, folder in folders.items():
            checkpoint = opened(folder)
            engine = TorchEngine(checkpoint, device="cpu")
            engine.load()
            report(name, "torch float32", compare(engine, checkpoint, Reference(folder)))


if __name__ == "__main__":
    main()
