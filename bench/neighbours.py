"""Picture to picture: do the nearest neighbours of a photograph show the same thing?

`python -m bench.neighbours` prints mean average precision over labelled photographs, leave one out,
by cosine: every picture asks, all others are ranked, those of its class are right. Nothing is
chosen by these sets; they are for this table alone. KIOKU_EVAL_DATA names their folder (default:
../shared/data beside the repository); without it there is nothing to measure.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
from kioku_embedder.extraction import extract_image_embeddings
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
SETS = ("caltech101", "grocery")
MOBILENET = Path("weights") / "mobilenet-embedder" / "mobilenet_v1_quant_embedding_1024d.onnx"
Rows = npt.NDArray[np.float32]
Describe = Callable[[list[bytes]], Rows]


def eval_data() -> Path:
    """The folder of evaluation data, present or not."""
    return Path(os.environ.get("KIOKU_EVAL_DATA", ROOT.parent / "shared" / "data"))


def labelled(folder: Path) -> tuple[list[bytes], npt.NDArray[np.int64]]:
    """Files of a folder with one folder per class, and the number of each one's class."""
    paths = sorted(path for path in folder.glob("*/*") if path.suffix in {".jpg", ".jpeg", ".png"})
    names = sorted({path.parent.name for path in paths})
    labels = np.array([names.index(path.parent.name) for path in paths])
    return [path.read_bytes() for path in paths], labels


def mean_average_precision(rows: Rows, labels: npt.NDArray[np.int64]) -> float:
    """Leave-one-out mAP by cosine; rows (n, d) of any length but zero."""
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    similar = unit @ unit.T
    precisions = [
        _average_precision(np.delete(similar[at], at), np.delete(labels, at) == label)
        for at, label in enumerate(labels)
    ]
    return float(np.mean(precisions))


def _average_precision(scores: Rows, right: npt.NDArray[np.bool_]) -> float:
    hits = right[np.argsort(-scores, kind="stable")]
    places = np.flatnonzero(hits) + 1
    return float(np.mean(np.arange(1, len(places) + 1) / places))


def chance(files: list[bytes]) -> Rows:
    """Random directions."""
    return np.random.default_rng(0).normal(size=(len(files), 256)).astype(np.float32)


def histogram(mode: str, bins: tuple[int, int, int]) -> Describe:
    """Square-rooted colour histograms in one of Pillow's modes (Hellinger's kernel)."""

    def describe(files: list[bytes]) -> Rows:
        return np.stack([np.sqrt(_histogram(data, mode, bins)) for data in files])

    return describe


def _histogram(data: bytes, mode: str, bins: tuple[int, int, int]) -> Rows:
    with Image.open(io.BytesIO(data)) as picture:
        small = picture.convert("RGB").resize((128, 128)).convert(mode)
    values = np.asarray(small).reshape(-1, 3).astype(np.float32)
    counts, _ = np.histogramdd(values, bins, [(0, 256)] * 3)
    return counts.ravel().astype(np.float32)


def model(folder: Path) -> Describe:
    """A checkpoint's own vectors, decoded and cut as the service does it."""
    return lambda files: extract_image_embeddings(files, model=str(folder))


@contextmanager
def mobilenet(data: Path) -> Iterator[Path]:
    """A folder with MobileNet's graph and a manifest, as anybody would serve it."""
    graph = (data / MOBILENET).read_bytes()
    manifest = {
        "format": "kioku-visual-1",
        "model": MOBILENET.name,
        "sha256": hashlib.sha256(graph).hexdigest(),
        "dimension": 1024,
        "pictures": {"height": 224, "width": 224, "shortest_edge": 256},
        "licence": "Apache-2.0",
    }
    with tempfile.TemporaryDirectory(prefix="kioku-mobilenet-") as scratch:
        folder = Path(scratch)
        (folder / MOBILENET.name).write_bytes(graph)
        (folder / "visual.json").write_text(json.dumps(manifest))
        yield folder


def print_table(describers: Mapping[str, Describe], photos: Path) -> None:
    """One row per describer, one column per set."""
    sets = {name: labelled(photos / name) for name in SETS}
    counts = " | ".join(f"{name} ({len(labels)})" for name, (_, labels) in sets.items())
    print(f"| mAP, image to image | {counts} | ms a picture |\n|---|{'---|' * (len(sets) + 1)}")
    for name, describe in describers.items():
        began, scores = time.perf_counter(), []
        for files, labels in sets.values():
            scores.append(f"{mean_average_precision(describe(files), labels):.3f}")
        pictures = sum(len(labels) for _, labels in sets.values())
        each = 1000 * (time.perf_counter() - began) / pictures
        print(f"| {name} | {' | '.join(scores)} | {each:.1f} |", flush=True)


def main() -> None:
    """Measures everything there is to compare."""
    parser = argparse.ArgumentParser(description="Image to image mAP on labelled photographs.")
    parser.add_argument("--model", type=Path, action="append", default=[], help="more checkpoints")
    options = parser.parse_args()
    data = eval_data()
    if not (data / "photos").is_dir():
        sys.exit("Nothing measured: KIOKU_EVAL_DATA names no folder with photos in it.")
    folders = [ROOT / "models" / "kioku-tiny", ROOT / "models" / "kioku-visual", *options.model]
    describers: dict[str, Describe] = {
        "chance": chance,
        "histogram RGB 8x8x8": histogram("RGB", (8, 8, 8)),
        "histogram HSV 12x4x4": histogram("HSV", (12, 4, 4)),
        "histogram Lab 4x8x8": histogram("LAB", (4, 8, 8)),
        **{folder.name: model(folder) for folder in folders if folder.is_dir()},
    }
    with mobilenet(data) as folder:
        print_table(describers | {"MobileNet v1 (ImageNet labels)": model(folder)}, data / "photos")


if __name__ == "__main__":
    main()
