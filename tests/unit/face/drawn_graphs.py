"""Small ONNX graphs in the shape of real packs: they "find" dots of colour as faces.

A dot of pure red, green or blue, as large as a stride (8, 16, 32 pixels) and aligned to it, is the
middle of a face of eight strides; its eyes, nose and mouth lie where ArcFace's template has them.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from kioku_face.packs.alignment import TEMPLATE
from onnx import TensorProto, helper, numpy_helper

STRIDES = (8, 16, 32)
COLOURS = {8: (255, 0, 0), 16: (0, 255, 0), 32: (0, 0, 255)}
REACH = 4  # strides from the middle to each side of a box
DIMENSION = 32
POINTS = (TEMPLATE / 112 - 0.5) * 2 * REACH  # in strides, from the middle


class Graph:
    """Nodes and weights of a graph in the making."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def node(self, kind: str, *inputs: str, output: str = "", **facts: Any) -> str:
        """Adds a node; the name of its output."""
        name = output or f"n{len(self.nodes)}"
        self.nodes.append(
            helper.make_node(kind, list(inputs), [name], name=f"node_{name}", **facts)
        )
        return name

    def constant(self, values: Any, dtype: Any = np.float32) -> str:
        """Adds a weight; its name."""
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(values, dtype), name))
        return name

    def written(
        self,
        path: Path,
        given: tuple[str, list[int | str]],
        outputs: dict[str, list[int | str]],
    ) -> Path:
        """Writes the file."""
        shaped = [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
            for name, shape in (given, *outputs.items())
        ]
        graph = helper.make_graph(self.nodes, "drawn", shaped[:1], shaped[1:], self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
        onnx.save(model, str(path))
        return path


def write_scrfd(path: Path, *, side: int | None = None, points: bool = True) -> Path:
    """A detector in SCRFD's contract: pixels as (RGB - 127.5) / 128, two anchors for each cell."""
    graph = Graph()
    for at, stride in enumerate(STRIDES):
        score = _cells(graph, "input", at, stride)
        missing = graph.node("Sub", score, graph.constant(9.0))
        both = graph.node("Concat", score, missing, axis=1)
        flat = graph.node("Reshape", both, graph.constant([-1, 1], np.int64))
        graph.node("Identity", flat, output=f"score_{stride}")
        nothing = graph.node("Mul", flat, graph.constant(0.0))
        middle = 0.5  # the anchor is the cell's corner
        box = [REACH - middle, REACH - middle, REACH + middle, REACH + middle]
        graph.node("Add", nothing, graph.constant([box]), output=f"box_{stride}")
        if points:
            places = (POINTS + middle).reshape(1, -1)
            graph.node("Add", nothing, graph.constant(places), output=f"points_{stride}")
    names = ("score", "box", "points") if points else ("score", "box")
    widths = {"score": 1, "box": 4, "points": 10}
    shape: list[int | str] = [1, 3, side or "height", side or "width"]
    outputs: dict[str, list[int | str]] = {
        f"{name}_{stride}": [f"cells_{stride}", widths[name]]
        for name in names
        for stride in STRIDES
    }
    return graph.written(path, ("input", shape), outputs)


def write_yunet(path: Path, *, side: int = 640) -> Path:
    """A detector in YuNet's contract: BGR 0 to 255; the score is the root of two."""
    graph = Graph()
    scaled = graph.node("Mul", "input", graph.constant(1 / 255))
    for at, stride in enumerate(STRIDES):
        score = graph.node(
            "Reshape",
            _cells(graph, scaled, 2 - at, stride),
            graph.constant([1, -1, 1], np.int64),
        )
        graph.node("Identity", score, output=f"cls_{stride}")
        graph.node("Identity", score, output=f"obj_{stride}")
        nothing = graph.node("Mul", score, graph.constant(0.0))
        box = [0.5, 0.5, np.log(2 * REACH), np.log(2 * REACH)]
        graph.node("Add", nothing, graph.constant([[box]]), output=f"bbox_{stride}")
        places = (POINTS + 0.5).reshape(1, 1, -1)
        graph.node("Add", nothing, graph.constant(places), output=f"kps_{stride}")
    widths = {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}
    outputs: dict[str, list[int | str]] = {
        f"{name}_{stride}": [1, (side // stride) ** 2, width]
        for name, width in widths.items()
        for stride in STRIDES
    }
    return graph.written(path, ("input", [1, 3, side, side]), outputs)


def write_arcface(
    path: Path, *, dimension: int = DIMENSION, side: int = 112, batch: int | str = "batch"
) -> Path:
    """An embedder in ArcFace's contract: (RGB - 127.5) / 127.5; means of 16 squares, mixed."""
    graph = Graph()
    cell = side // 4
    means = graph.node("AveragePool", "data", kernel_shape=[cell, cell], strides=[cell, cell])
    flat = graph.node("Flatten", means, axis=1)
    mixed = np.random.default_rng(dimension).standard_normal((48, dimension))
    graph.node("MatMul", flat, graph.constant(mixed), output="fc1")
    return graph.written(path, ("data", [batch, 3, side, side]), {"fc1": [batch, dimension]})


def _cells(graph: Graph, pixels: str, channel: int, stride: int) -> str:
    """(cells, 1): means of one channel over squares of the stride."""
    one = graph.node("Gather", pixels, graph.constant([channel], np.int64), axis=1)
    means = graph.node("AveragePool", one, kernel_shape=[stride, stride], strides=[stride, stride])
    return graph.node("Reshape", means, graph.constant([-1, 1], np.int64))


def sha256(path: Path) -> str:
    """Of a file, hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_pack(folder: Path, *, yunet: bool = False, **changes: Any) -> Path:
    """A whole pack with its manifest; `changes` replace what stands in it."""
    folder.mkdir(parents=True, exist_ok=True)
    detector = folder / "detector.onnx"
    detector = write_yunet(detector) if yunet else write_scrfd(detector)
    embedder = write_arcface(folder / "embedder.onnx")
    manifest = {
        "format": "kioku-faces-1",
        "name": "drawn",
        "version": "1",
        "source": "drawn by a test",
        "licence": "Apache-2.0",
        "research_only": False,
        "detector": {
            "kind": "yunet" if yunet else "scrfd",
            "file": detector.name,
            "sha256": sha256(detector),
        },
        "embedder": {
            "kind": "arcface",
            "file": embedder.name,
            "sha256": sha256(embedder),
            "dimension": DIMENSION,
        },
        **changes,
    }
    (folder / "pack.json").write_text(json.dumps(manifest))
    return folder


def picture(width: int, height: int, *marks: tuple[int, int, int]) -> np.ndarray:
    """RGB (height, width, 3): a dot for each (cell x, cell y, stride), over a soft pattern that
    makes every face look different."""
    rows, columns = np.mgrid[:height, :width]
    soft = 40 + 20 * np.sin(columns / 17) + 20 * np.cos(rows / 23 + columns / 71)
    pixels = np.repeat(soft.astype(np.uint8)[..., None], 3, axis=2)
    for x, y, stride in marks:
        pixels[y * stride : (y + 1) * stride, x * stride : (x + 1) * stride] = COLOURS[stride]
    return pixels
