"""Are our vectors those of the models' authors?

Every picture and text of `bench.parity_samples` through decoding, preprocessing, tokens and engine,
against transformers' own processor and model in float32 on the picture as Pillow alone reads it.
Targets: cosine at least 0.9999 for an engine in float32, 0.999 in another precision; alone and in
batches. "As served" decodes as the embedder does, which throws pixels away early that the model
will not see; at the tiny models' 32 pixels that is reported, at full size it is held to the target.

`python -m bench.parity` draws a random checkpoint per family. `--full` adds SigLIP 2 base at its
full size, `--model FOLDER` takes a checkpoint of your own instead, `--engines all` or names like
`openvino:bfloat16` measure more than torch in float32.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from kioku_embedder.checkpoint import Checkpoint, open_checkpoint
from kioku_embedder.engine import Engine, Matrix
from kioku_embedder.engines.arithmetic import AUTO, Arithmetic, EngineRefused, candidates
from kioku_embedder.engines.opening import open_engine
from kioku_embedder.engines.store import Store
from kioku_embedder.engines.workshop import Workshop
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
OTHER_PRECISION = 0.999
_BATCH = 8
_SEEN = 64  # a model of fewer pixels is a toy
_PRECISIONS = ("float32", "bfloat16", "float16", "int8")
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


def compare(
    engine: Engine, checkpoint: Checkpoint, reference: Reference, target: float = TARGET
) -> list[Agreement]:
    """Pictures, pictures as served, large pictures and texts, each alone and in batches."""
    served = target if checkpoint.preprocessing.needed_side >= _SEEN else 0.0
    limits = replace(ImageLimits(), needed_side=checkpoint.preprocessing.needed_side)
    whole, large = pictures(), large_pictures()
    rows = [
        ("pictures", whole, ImageLimits(), target),
        ("pictures, as served", whole, limits, served),
        ("pictures over 1024 px, as served", large, limits, served),
    ]
    return [
        *(
            row
            for what, samples, bounds, least in rows
            for row in compare_pictures(
                engine, checkpoint, reference, samples, what, limits=bounds, target=least
            )
        ),
        *compare_texts(engine, reference, texts(), target),
    ]


def compare_pictures(
    engine: Engine,
    checkpoint: Checkpoint,
    reference: Reference,
    samples: Sequence[Sample],
    what: str,
    *,
    limits: ImageLimits | None = None,
    target: float = TARGET,
) -> Iterator[Agreement]:
    """From file bytes to vectors, alone and, where there are enough, in batches."""
    expected = reference.images([sample.upright for sample in samples])
    ours = [checkpoint.preprocessing(decode(sample.data, limits).pixels) for sample in samples]
    names = [sample.name for sample in samples]
    alone = np.concatenate([engine.images([pixels]) for pixels in ours])
    yield _agreement(what, alone, expected, names, target)
    if len(samples) > _BATCH:
        batches = [ours[at : at + _BATCH] for at in range(0, len(ours), _BATCH)]
        together = np.concatenate([engine.images(batch) for batch in batches])
        yield _agreement(f"{what}, batches of {_BATCH}", together, expected, names, target)


def compare_texts(
    engine: Engine, reference: Reference, words: Sequence[str], target: float = TARGET
) -> Iterator[Agreement]:
    """Texts alone and in batches."""
    expected = reference.texts(words)
    alone = np.concatenate([engine.texts([text]).vectors for text in words])
    yield _agreement("texts", alone, expected, words, target)
    batches = [words[at : at + _BATCH] for at in range(0, len(words), _BATCH)]
    together = np.concatenate([engine.texts(batch).vectors for batch in batches])
    yield _agreement(f"texts, batches of {_BATCH}", together, expected, words, target)


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


def wanted(names: Sequence[str]) -> list[Arithmetic]:
    """Engines by name, `engine:precision`; `all` are those that this machine can run."""
    if list(names) != ["all"]:
        return [Arithmetic(*name.split(":")) for name in names]
    every: list[Arithmetic] = []
    for precision in _PRECISIONS:
        with suppress(EngineRefused):
            every += candidates(AUTO, precision, "cpu")
    return every


def measure(name: str, folder: Path, scratch: Path, engines: Sequence[Arithmetic]) -> None:
    """One checkpoint's lines, with every engine."""
    checkpoint, reference = opened(folder), Reference(folder)
    workshop = Workshop(
        checkpoint,
        Store(scratch / "cache"),
        long_edge=ImageLimits().long_edge,
        device="cpu",
        threads=0,
    )
    for how in engines:
        engine = open_engine(workshop, how, device="cpu")
        engine.load()
        target = TARGET if how.precision == "float32" else OTHER_PRECISION
        rows = compare(engine, checkpoint, reference, target)
        report(name, f"{how.engine} {how.precision}", rows)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--engines", nargs="+", default=["torch:float32"])
    options = parser.parse_args()
    print("| family | engine | items | n | worst cosine |\n|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory(prefix="kioku-parity-") as name:
        scratch, writers = Path(name), {**FAMILIES, **(_FULL if options.full else {})}
        folders = (
            {options.model.name: options.model}
            if options.model
            else {family: write(scratch / family) for family, write in writers.items()}
        )
        for family, folder in folders.items():
            measure(family, folder, scratch, wanted(options.engines))


if __name__ == "__main__":
    main()
