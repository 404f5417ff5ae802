"""Real faces for benches and evaluations, where KIOKU_EVAL_DATA (default ../shared/data) has them.

A pack of real weights (YuNet and a MobileFaceNet of 128 values, for evaluations only), group photos
with boxes, and the ORL pictures of 40 people; and what is counted on them.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from kioku_face.face import FoundFace
from PIL import Image

DATA = Path(
    os.environ.get("KIOKU_EVAL_DATA", Path(__file__).resolve().parents[2] / "shared" / "data")
)
DETECTOR = DATA / "weights" / "yunet" / "yunet_n_dynamic.onnx"
EMBEDDER = DATA / "weights" / "mobilefacenet-ncnn" / "mobilefacenet_128d.onnx"
DIMENSION = 128
NAME = "yunet-mobilefacenet"


@dataclass(frozen=True)
class GroupPhoto:
    """A photo and the faces in it: left, top, width, height in pixels; None: only counted."""

    name: str
    data: bytes
    faces: int
    boxes: npt.NDArray[np.float64] | None


def have_faces() -> bool:
    """Whether the data are there."""
    return DETECTOR.is_file() and EMBEDDER.is_file() and (DATA / "faces" / "orl").is_dir()


def real_pack(folder: Path) -> Path:
    """Makes a pack of the real weights; its licence is research only."""
    parts = {}
    for role, path in (("detector", DETECTOR), ("embedder", EMBEDDER)):
        shutil.copy(path, folder / path.name)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        parts[role] = {"file": path.name, "sha256": digest}
    manifest = {
        "format": "kioku-faces-1",
        "name": NAME,
        "version": "eval",
        "source": "libfacedetection.train (detector), ZQCNN (embedder)",
        "licence": "detector Apache-2.0; embedder for evaluation only",
        "research_only": True,
        "detector": {"kind": "yunet", **parts["detector"]},
        "embedder": {"kind": "arcface", "dimension": DIMENSION, **parts["embedder"]},
    }
    (folder / "pack.json").write_text(json.dumps(manifest))
    return folder


def group_photos() -> list[GroupPhoto]:
    """All of them."""
    folder = DATA / "groupphotos"
    rows = [json.loads(line) for line in (folder / "metadata.jsonl").read_text().splitlines()]
    return [
        GroupPhoto(
            row["file"],
            (folder / row["file"]).read_bytes(),
            row["faces"],
            np.array(row["boxes"], float) if row["boxes"] else None,
        )
        for row in rows
    ]


def orl() -> list[tuple[int, bytes]]:
    """400 pictures, ten of each of 40 people: who, and the picture as PNG."""
    found = []
    for person in range(1, 41):
        for number in range(1, 11):
            buffer = io.BytesIO()
            path = DATA / "faces" / "orl" / f"s{person}" / f"{number}.pgm"
            Image.open(path).convert("RGB").save(buffer, "PNG")
            found.append((person, buffer.getvalue()))
    return found


def boxes_of(faces: Sequence[FoundFace], width: int, height: int) -> npt.NDArray[np.float64]:
    """Left, top, width, height in pixels."""
    rows = np.array([face.box.numbers for face in faces], float).reshape(-1, 4)
    return rows * [width, height, width, height]


def pairs_at(found: npt.NDArray[np.float64], truth: npt.NDArray[np.float64], least: float) -> int:
    """How many true boxes have a found box of their own that overlaps by so much (IoU)."""
    corner = np.maximum(found[:, None, :2], truth[None, :, :2])
    end = np.minimum(
        found[:, None, :2] + found[:, None, 2:], truth[None, :, :2] + truth[None, :, 2:]
    )
    both = np.prod(np.clip(end - corner, 0, None), axis=2)
    areas = np.prod(found[:, 2:], axis=1)[:, None] + np.prod(truth[:, 2:], axis=1)[None] - both
    overlap, pairs = both / areas, 0
    while overlap.size and overlap.max() >= least:
        one, other = np.unravel_index(overlap.argmax(), overlap.shape)
        overlap[one], overlap[:, other] = 0, 0
        pairs += 1
    return pairs


def true_accepts(
    vectors: npt.NDArray[np.float32], people: npt.NDArray[np.int64], false_accepts: float
) -> tuple[float, float]:
    """Share of pairs of one person that score above the threshold, and the threshold.

    Args:
        vectors: of length one, (n, dimension); all zero where no face was found.
        people: who, (n,).
        false_accepts: share of pairs of two people that may score above it.
    """
    scores = vectors @ vectors.T
    same = people[:, None] == people[None, :]
    upper = np.triu(np.ones_like(same), 1)
    others = np.sort(scores[upper & ~same])[::-1]
    threshold = float(others[int(false_accepts * len(others))])
    return float((scores[upper & same] > threshold).mean()), threshold
