"""Promise: what an ONNX file is, told by its inputs and outputs; its weights are not run."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique
from pathlib import Path

import onnx
from google.protobuf.message import DecodeError

_RANK = 4
_SCRFD_OUTPUTS = (9, 15)  # with five points: three of each of three or five strides
_YUNET_OUTPUTS = frozenset(
    f"{name}_{stride}" for name in ("cls", "obj", "bbox", "kps") for stride in (8, 16, 32)
)
_ALIGNED_SIDES = (112, 128, 224, 256)  # what insightface's alignment knows; 192 are landmarks


@unique
class GraphKind(StrEnum):
    """What a graph does, by the names of `pack.json`."""

    SCRFD = "scrfd"
    YUNET = "yunet"
    ARCFACE = "arcface"
    OTHER = "other"


@dataclass(frozen=True)
class Graph:
    """A graph's face.

    Args:
        side: of the square pictures it takes; None: it takes any size.
        dimension: components of its output; None: the file does not say.
    """

    kind: GraphKind
    side: int | None = None
    dimension: int | None = None


def graph_of(path: Path) -> Graph:
    """Reads a file.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no ONNX graph, or its weights lie in other files.
    """
    try:
        graph = onnx.load(str(path), load_external_data=False).graph
    except DecodeError as error:
        raise ValueError(f"{path.name} is no ONNX file") from error
    if any(each.data_location == onnx.TensorProto.EXTERNAL for each in graph.initializer):
        raise ValueError(f"{path.name} keeps its weights in other files")
    weights = {each.name for each in graph.initializer}
    inputs = [_shape(each) for each in graph.input if each.name not in weights]
    if len(inputs) != 1 or len(inputs[0]) != _RANK:
        return Graph(GraphKind.OTHER)
    return _graph(inputs[0], {each.name: _shape(each) for each in graph.output})


def _graph(taken: list[int | None], outputs: dict[str, list[int | None]]) -> Graph:
    side = taken[2] if taken[2] == taken[3] else None
    if outputs.keys() == _YUNET_OUTPUTS:
        return Graph(GraphKind.YUNET, side)
    if len(outputs) in _SCRFD_OUTPUTS:
        return Graph(GraphKind.SCRFD, side)
    if len(outputs) == 1 and side in _ALIGNED_SIDES:
        (given,) = outputs.values()
        return Graph(GraphKind.ARCFACE, side, given[-1] if given else None)
    return Graph(GraphKind.OTHER, side)


def _shape(value: onnx.ValueInfoProto) -> list[int | None]:
    """Each dimension; None where it is open."""
    return [each.dim_value or None for each in value.type.tensor_type.shape.dim]
