"""Writes kioku-faces: two ONNX graphs in insightface's shapes, and the pack's manifest.

    python models/train/faces_export.py --set .data/faces

reads detector.safetensors and embedder.safetensors from the folder.
"""

import argparse
import hashlib
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

import onnx
import torch
from faces_network import DIMENSION, STRIDES, Detector, Embedder, PublishedDetector
from graph import bare, in_float16
from safetensors.torch import load_file
from torch import Tensor, nn

_ROOT = Path(__file__).resolve().parents[2]
_STEP, _CROP = 32, 112
VERSION = "1"
DETECTOR, EMBEDDER = "detector.onnx", "embedder.onnx"
_LEAST, _SURE = 0.6, 0.65
"""Chosen on validation people: at 0.5 there is a false face in one of seven pictures."""


def write_graph(model: nn.Module, sample: Tensor, names: Sequence[str], path: Path) -> str:
    """Export a model of one input, its first dimension free and of a detector the last two as well.

    Returns the file's SHA-256.
    """
    free: dict[int, object] = {0: torch.export.Dim("n", min=1, max=64)}
    if isinstance(model, PublishedDetector):
        for at, name in ((2, "h"), (3, "w")):
            free[at] = _STEP * torch.export.Dim(name, min=1, max=256)
    with tempfile.TemporaryDirectory() as scratch:
        written = Path(scratch) / "model.onnx"
        torch.onnx.export(
            model.eval(),
            (sample,),
            written,
            input_names=["input.1"],
            output_names=list(names),
            dynamic_shapes=(free,),
            dynamo=True,
            external_data=False,
            optimize=True,
        )
        data = named(in_float16(bare(onnx.load(written)))).SerializeToString()
    path.write_bytes(data)
    print(f"wrote {path.name}, {len(data) / 1e6:.2f} MB")
    return hashlib.sha256(data).hexdigest()


def named(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same graph with plain names for its free dimensions."""
    for value in [*model.graph.input, *model.graph.output]:
        shape = value.type.tensor_type.shape.dim
        names = "nchw" if len(shape) == len("nchw") else ("n", f"{value.name}_places")
        for dimension, name in zip(shape, names, strict=False):
            if dimension.dim_param:
                dimension.dim_param = name
    return model


def write_pack(detector: Detector, embedder: Embedder, output: Path) -> None:
    """detector.onnx, embedder.onnx and pack.json."""
    output.mkdir(parents=True, exist_ok=True)
    names = [f"{what}_{stride}" for what in ("score", "box", "points") for stride in STRIDES]
    found = write_graph(
        PublishedDetector(detector), torch.zeros(2, 3, 128, 160), names, output / DETECTOR
    )
    known = write_graph(embedder, torch.zeros(2, 3, _CROP, _CROP), ["vector"], output / EMBEDDER)
    manifest = {
        "format": "kioku-faces-1",
        "name": "kioku-faces",
        "version": VERSION,
        "source": "trained by models/train/faces_finding.py and faces_knowing.py on drawn people",
        "licence": "Apache-2.0",
        "research_only": False,
        "detector": {
            "file": DETECTOR,
            "sha256": found,
            "kind": "scrfd",
            "least_score": _LEAST,
            "sure_score": _SURE,
        },
        "embedder": {"file": EMBEDDER, "sha256": known, "kind": "arcface", "dimension": DIMENSION},
    }
    (output / "pack.json").write_text(json.dumps(manifest, indent=2) + "\n")


def main() -> None:
    """Read both networks and write the pack."""
    parser = argparse.ArgumentParser(description="Export kioku-faces.")
    parser.add_argument("--set", type=Path, required=True)
    parser.add_argument("--output", type=Path, default=_ROOT / "models" / "kioku-faces")
    options = parser.parse_args()
    detector, embedder = Detector(), Embedder()
    detector.load_state_dict(load_file(options.set / "detector.safetensors"))
    embedder.load_state_dict(load_file(options.set / "embedder.safetensors"))
    with torch.no_grad():
        write_pack(detector, embedder, options.output)


if __name__ == "__main__":
    main()
