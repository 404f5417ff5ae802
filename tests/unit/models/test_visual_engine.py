"""Anybody's picture-only ONNX graph becomes an engine by its manifest alone."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from kioku_embedder.checkpoint import Checkpoint, CheckpointUnusable, open_checkpoint
from kioku_embedder.engine import EngineBroken
from kioku_embedder.engines.visual_engine import VisualEngine
from kioku_embedder.extraction import extract_image_embeddings, extract_text_embeddings
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

SCALE, MEAN, STD = 1 / 255, (0.5, 0.4, 0.3), (0.2, 0.3, 0.4)
SIDE = 8
DIMENSION = 5
WriteVisual = Callable[..., Path]


def bytes_graph() -> onnx.ModelProto:
    """As converted TFLite models are: bytes, channels last, one picture, output (1, 1, 1, d)."""
    weights = np.random.default_rng(1).normal(size=(SIDE * SIDE * 3, DIMENSION))
    nodes = [
        helper.make_node("Cast", ["picture"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Flatten", ["floats"], ["flat"], axis=1),
        helper.make_node("MatMul", ["flat", "weights"], ["rows"]),
        helper.make_node("Reshape", ["rows", "shape"], ["vector"]),
    ]
    shape = np.array([1, 1, 1, DIMENSION], np.int64)
    return _model(
        nodes,
        helper.make_tensor_value_info("picture", TensorProto.UINT8, [1, SIDE, SIDE, 3]),
        helper.make_tensor_value_info("vector", TensorProto.FLOAT, [1, 1, 1, DIMENSION]),
        {"weights": weights.astype(np.float32), "shape": shape},
    )


def floats_graph() -> onnx.ModelProto:
    """As exported torch models are: floats, channels first, any number of pictures."""
    weights = np.random.default_rng(2).normal(size=(SIDE * SIDE * 3, DIMENSION))
    nodes = [
        helper.make_node("Flatten", ["pictures"], ["flat"], axis=1),
        helper.make_node("MatMul", ["flat", "weights"], ["vectors"]),
    ]
    return _model(
        nodes,
        helper.make_tensor_value_info("pictures", TensorProto.FLOAT, ["n", 3, SIDE, SIDE]),
        helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["n", DIMENSION]),
        {"weights": weights.astype(np.float32)},
    )


def _model(
    nodes: list[onnx.NodeProto],
    given: onnx.ValueInfoProto,
    result: onnx.ValueInfoProto,
    weights: Mapping[str, np.ndarray[Any, Any]],
) -> onnx.ModelProto:
    constants = [numpy_helper.from_array(value, name) for name, value in weights.items()]
    graph = helper.make_graph(nodes, "drawn", [given], [result], constants)
    return helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)])


@pytest.fixture
def write_visual(tmp_path: Path) -> WriteVisual:
    """Writes a folder with a graph and its manifest; keywords override the manifest's fields."""

    def write(graph: onnx.ModelProto, **changes: Any) -> Path:
        folder = tmp_path / "drawn-visual"
        folder.mkdir(exist_ok=True)
        data = graph.SerializeToString()
        (folder / "model.onnx").write_bytes(data)
        manifest = {
            "format": "kioku-visual-1",
            "model": "model.onnx",
            "sha256": hashlib.sha256(data).hexdigest(),
            "dimension": DIMENSION,
            "pictures": {"height": SIDE, "width": SIDE},
            "licence": "CC0-1.0",
        }
        (folder / "visual.json").write_text(json.dumps(manifest | changes))
        return folder

    return write


def opened(folder: object, precision: str = "float32") -> Checkpoint:
    return open_checkpoint(str(folder), precision=precision, long_edge=1024)


def loaded(folder: object) -> VisualEngine:
    engine = VisualEngine(opened(folder), threads=1)
    engine.load()
    return engine


def pictures(count: int) -> list[np.ndarray[Any, Any]]:
    generator = np.random.default_rng(3)
    return [generator.integers(0, 256, (SIDE, SIDE, 3), np.uint8) for _ in range(count)]


def weights_of(graph: onnx.ModelProto) -> np.ndarray[Any, Any]:
    found = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.graph.initializer}
    return found["weights"]


def test_a_graph_of_bytes_for_one_picture_answers_many(write_visual: WriteVisual) -> None:
    """A graph with a batch of one is run picture by picture, its output flattened."""
    graph, several = bytes_graph(), pictures(3)
    expected = np.stack(several).reshape(3, -1).astype(np.float32) @ weights_of(graph)
    actual = loaded(write_visual(graph)).images(several)
    np.testing.assert_allclose(actual, expected, rtol=1e-4)


def test_a_graph_of_floats_gets_scaled_pictures_channels_first(write_visual: WriteVisual) -> None:
    """The manifest's scale, mean and std are applied per channel before the graph."""
    graph, several = floats_graph(), pictures(3)
    rules = {"height": SIDE, "width": SIDE, "scale": SCALE, "mean": MEAN, "std": STD}
    folder = write_visual(graph, pictures=rules)
    floats = (np.stack(several) / 255 - np.array(MEAN)) / np.array(STD)
    expected = floats.transpose(0, 3, 1, 2).reshape(3, -1) @ weights_of(graph)
    actual = loaded(folder).images(several)
    np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-3)


def test_its_space_changes_with_its_weights_and_its_geometry(write_visual: WriteVisual) -> None:
    """Another graph or another way to cut pictures is another space."""
    spaces = [
        opened(write_visual(bytes_graph())).space.space_id,
        opened(write_visual(floats_graph())).space.space_id,
        opened(write_visual(floats_graph(), pictures={"height": 8, "width": 9})).space.space_id,
    ]
    assert len(set(spaces)) == 3


def test_its_arithmetic_is_float32_whatever_was_asked_for(write_visual: WriteVisual) -> None:
    """The precision setting is about two-tower models; the space says what is done."""
    folder = write_visual(bytes_graph())
    assert opened(folder).space.space_id == opened(folder, "bfloat16").space.space_id


def test_it_has_no_words(write_visual: WriteVisual) -> None:
    """Texts and label scores are refused with a sentence, not answered with noise."""
    folder = write_visual(bytes_graph())
    engine = loaded(folder)
    assert opened(folder).text_length == 0
    with pytest.raises(ValueError, match="cannot embed 1 texts"):
        engine.texts(["cat"])
    with pytest.raises(ValueError, match="no label scale"):
        engine.label_scale()
    with pytest.raises(ValueError, match="cannot embed"):
        extract_text_embeddings(["cat"], model=str(folder))


def test_pictures_become_unit_vectors_in_one_call(write_visual: WriteVisual) -> None:
    """Scripts reach a visual model as they reach any other."""
    stream = io.BytesIO()
    Image.fromarray(pictures(1)[0]).resize((40, 30)).save(stream, "PNG")
    rows = extract_image_embeddings([stream.getvalue()], model=str(write_visual(bytes_graph())))
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), [1.0], rtol=1e-6)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sha256": "0" * 64}, "not the file its manifest names"),
        ({"format": "kioku-visual-2"}, "kioku-visual-1"),
        ({"model": "../model.onnx"}, "pattern"),
        ({"dimension": 1}, "greater than or equal to 2"),
        ({"licence": ""}, "at least 1 character"),
        ({"surprise": 1}, "not permitted"),
        ({"pictures": {"height": 8, "width": 8, "shortest_edge": 6}}, "cut to more"),
    ],
    ids=["digest", "format", "path", "dimension", "licence", "surprise", "cut"],
)
def test_a_wrong_manifest_is_refused(
    changes: dict[str, object], said: str, write_visual: WriteVisual
) -> None:
    """What a manifest promises is checked before anything runs."""
    with pytest.raises(CheckpointUnusable, match=said):
        opened(write_visual(bytes_graph(), **changes))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"dimension": 6}, "gives 5 components, not 6"),
        ({"pictures": {"height": 9, "width": 8}}, "does not take the manifest's pictures"),
        ({"output": "nothing"}, "nothing"),
    ],
    ids=["dimension", "size", "output"],
)
def test_a_graph_unlike_its_manifest_breaks_the_engine(
    changes: dict[str, object], said: str, write_visual: WriteVisual
) -> None:
    """The first run happens at load, so the disagreement is seen before a picture comes."""
    engine = VisualEngine(opened(write_visual(bytes_graph(), **changes)), threads=1)
    with pytest.raises(EngineBroken, match=said):
        engine.load()
    assert not engine.loaded
