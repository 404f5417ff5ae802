"""Promise: an engine of any kind by its name; each library is imported only for its own."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from kioku_embedder.checkpoint import Checkpoint
from kioku_embedder.engine import Engine
from kioku_embedder.engines.arithmetic import OPENVINO, TORCH, Arithmetic
from kioku_embedder.engines.graphs import OpenGraph
from kioku_embedder.engines.workshop import Workshop


def open_engine(workshop: Workshop, how: Arithmetic, *, device: str) -> Engine:
    """An engine that is not loaded yet."""
    checkpoint = in_precision(workshop.checkpoint, how.precision)
    if how.engine == TORCH:
        from kioku_embedder.engines.torch_engine import TorchEngine  # noqa: PLC0415 - torch

        return TorchEngine(
            checkpoint, device=device, threads=workshop.threads, compiled=workshop.compiled
        )
    from kioku_embedder.engines.graph_engine import GraphEngine  # noqa: PLC0415 - transformers

    return GraphEngine(checkpoint, partial(workshop.graphs, how), _opener(how, workshop.threads))


def in_precision(checkpoint: Checkpoint, precision: str) -> Checkpoint:
    """The same checkpoint with another arithmetic, and so another space."""
    return replace(checkpoint, space=replace(checkpoint.space, precision=precision))


def _opener(how: Arithmetic, threads: int) -> OpenGraph:
    if how.engine == OPENVINO:
        from kioku_embedder.engines.openvino_graph import OpenVinoOpener  # noqa: PLC0415

        return OpenVinoOpener(how.precision, threads)
    from kioku_embedder.engines.onnx_graph import OnnxOpener  # noqa: PLC0415

    return OnnxOpener(threads, one_by_one=how.precision == "int8")
