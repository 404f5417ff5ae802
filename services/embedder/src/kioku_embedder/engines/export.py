"""Promise: a checkpoint's two towers become two graphs that take bytes and token ids.

Scaling, mean and standard deviation are part of the vision graph: pixels go in as (n, height,
width, 3) uint8. Both graphs take any n. Needs torch; runs in a child process, because what an
export takes in memory is not given back.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import torch

from kioku_embedder.checkpoint import Checkpoint
from kioku_embedder.engines.graphs import INPUT_IDS, MASK, PIXELS, TEXT, VISION
from kioku_embedder.engines.towers import load_model

_BATCH = {0: torch.export.Dim.DYNAMIC}
_EXAMPLES = 2


class VisionGraph(torch.nn.Module):
    """(n, height, width, 3) uint8 to (n, dimension) float32."""

    _mean: torch.Tensor
    _std: torch.Tensor

    def __init__(self, model: Any, checkpoint: Checkpoint) -> None:
        super().__init__()
        rules = checkpoint.preprocessing
        self._model = model
        self._scale = rules.scale
        self.register_buffer("_mean", torch.tensor(rules.mean).view(1, 3, 1, 1))
        self.register_buffer("_std", torch.tensor(rules.std).view(1, 3, 1, 1))

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """The vectors."""
        scaled = pixels.permute(0, 3, 1, 2).to(torch.float32) * self._scale
        values = (scaled - self._mean) / self._std
        vectors: torch.Tensor = self._model.get_image_features(pixel_values=values).pooler_output
        return vectors


class TextGraph(torch.nn.Module):
    """Token ids (and mask, where the family has one), (n, length) int64, to (n, dimension)."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self._model = model

    def forward(self, input_ids: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        """The vectors."""
        given = {} if mask is None else {"attention_mask": mask}
        output = self._model.get_text_features(input_ids=input_ids, **given)
        vectors: torch.Tensor = output.pooler_output
        return vectors


@torch.no_grad()
def export_openvino(checkpoint: Checkpoint, folder: Path) -> None:
    """Writes `vision.xml` and `text.xml` with their weights, float32.

    Raises:
        Exception: what torch.export and OpenVINO raise has no one base.
    """
    import openvino as ov  # noqa: PLC0415 - one of two formats

    for name, module, examples, _ in _graphs(checkpoint):
        shapes = tuple(_BATCH for _ in examples)
        program = torch.export.export(module, examples, dynamic_shapes=shapes)
        graph = ov.convert_model(program)
        _name_inputs(graph, examples)
        ov.save_model(graph, folder / f"{name}.xml", compress_to_fp16=False)


@torch.no_grad()
def export_onnx(checkpoint: Checkpoint, folder: Path) -> None:
    """Writes `vision.onnx` and `text.onnx` with their weights beside them, float32.

    Raises:
        Exception: what the exporter raises has no one base.
    """
    for name, module, examples, inputs in _graphs(checkpoint):
        torch.onnx.export(
            module,
            examples,
            folder / f"{name}.onnx",
            input_names=inputs,
            output_names=["vectors"],
            dynamo=True,
            dynamic_shapes=tuple(_BATCH for _ in examples),
            external_data=True,
            verbose=False,
        )


def _graphs(
    checkpoint: Checkpoint,
) -> list[tuple[str, torch.nn.Module, tuple[torch.Tensor, ...], list[str]]]:
    """Each tower: its name, module, example inputs and their names."""
    warnings.filterwarnings("ignore")  # exporters warn of their own insides
    model = load_model(checkpoint, torch.device("cpu"), torch.float32)
    rules = checkpoint.preprocessing
    pixels = torch.zeros(_EXAMPLES, rules.height, rules.width, 3, dtype=torch.uint8)
    ids = torch.ones(_EXAMPLES, checkpoint.text_length, dtype=torch.int64)
    masked = checkpoint.family.attention_mask
    words = (ids, torch.ones_like(ids)) if masked else (ids,)
    names = [INPUT_IDS, MASK] if masked else [INPUT_IDS]
    return [
        (VISION, VisionGraph(model, checkpoint).eval(), (pixels,), [PIXELS]),
        (TEXT, TextGraph(model).eval(), words, names),
    ]


def _name_inputs(graph: Any, examples: tuple[torch.Tensor, ...]) -> None:
    """Gives the inputs the shapes of the examples, but for n."""
    shapes = {number: [-1, *example.shape[1:]] for number, example in enumerate(examples)}
    graph.reshape(shapes)
