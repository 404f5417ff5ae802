"""Promise: a purely visual model as an engine, by ONNX Runtime on the CPU, in float32.

The graph says itself how it wants its pictures: bytes or floats, channels first or last, one at a
time or many. Words are refused. The file cannot run code or read beyond its folder: ONNX Runtime
has no operator that does, and external tensor data outside the model's folder is refused by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

from kioku_embedder.checkpoint import Checkpoint
from kioku_embedder.engine import (
    EngineBroken,
    EngineOutOfMemory,
    LabelScale,
    Matrix,
    TextMatrix,
)
from kioku_embedder.engines.memory import file_bytes, give_back, grown, resident_bytes
from kioku_embedder.preprocessing import Pixels, Preprocessing
from kioku_embedder.visual import read_manifest

_CHANNELS = 3
_RANK = 4
_TYPES = {"tensor(uint8)": np.uint8, "tensor(float)": np.float32}


@dataclass(frozen=True)
class _Input:
    """How a graph wants its pictures."""

    name: str
    floats: bool
    channels_first: bool
    one_by_one: bool


class VisualEngine:
    """See `kioku_embedder.engine.Engine`.

    Args:
        checkpoint: of the family `visual`.
        threads: ONNX Runtime's threads; 0 leaves its own choice, one per core.
    """

    def __init__(self, checkpoint: Checkpoint, *, threads: int = 0) -> None:
        self._checkpoint = checkpoint
        self._threads = threads
        self._graph: _Graph | None = None
        self._memory = 0

    @property
    def loaded(self) -> bool:
        """Whether the weights are in memory."""
        return self._graph is not None

    @property
    def memory_bytes(self) -> int:
        """What the process grew by when the graph came into memory; at least its files' size."""
        return self._memory if self.loaded else 0

    def load(self) -> None:
        """Reads the graph and runs it once, so that no real picture pays for that."""
        if self._graph is None:
            before = resident_bytes()
            self._graph = self._loaded_graph()
            self._memory = grown(before, file_bytes(self._checkpoint.folder))

    def unload(self) -> None:
        """See the port."""
        self._graph = None
        give_back()

    def images(self, pictures: Sequence[Pixels]) -> Matrix:
        """See the port."""
        if self._graph is None:
            raise EngineBroken("The model is not loaded.")
        try:
            return self._graph(pictures)
        except MemoryError as error:
            raise EngineOutOfMemory from error
        except RuntimeError as error:  # ONNX Runtime's exceptions descend from it
            if "Failed to allocate memory" in str(error):
                raise EngineOutOfMemory from error
            raise

    def texts(self, texts: Sequence[str]) -> TextMatrix:
        """Raises ValueError: the model has no words; the use case refuses them before."""
        raise ValueError(f"a visual model cannot embed {len(texts)} texts")

    def label_scale(self) -> LabelScale:
        """Raises ValueError: without words there are no labels."""
        raise ValueError("a visual model has no label scale")

    def _loaded_graph(self) -> _Graph:
        try:
            graph = _Graph(self._checkpoint, self._threads)
            rules = self._checkpoint.preprocessing
            graph([np.zeros((rules.height, rules.width, _CHANNELS), np.uint8)])
        except Exception as error:  # ONNX Runtime's exceptions share no public base class
            raise EngineBroken(f"The model cannot be loaded: {error}") from error
        return graph


class _Graph:
    """A session with the rules for its input."""

    def __init__(self, checkpoint: Checkpoint, threads: int) -> None:
        manifest = read_manifest(checkpoint.folder)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        # Threads that wait sleep: spinning ones take the cores from whoever is working.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(
            checkpoint.folder / manifest.model, options, providers=["CPUExecutionProvider"]
        )
        self._rules = checkpoint.preprocessing
        self._input = _input_of(self._session, self._rules)
        self._output = manifest.output or self._session.get_outputs()[0].name
        self._dimension = manifest.dimension

    def __call__(self, pictures: Sequence[Pixels]) -> Matrix:
        """Vectors (n, dimension) float32 of (height, width, 3) uint8 pictures."""
        batch = self._values(np.stack(pictures))
        batches = np.split(batch, len(batch)) if self._input.one_by_one else [batch]
        rows = [self._run(values) for values in batches]
        return np.concatenate(rows)

    def _run(self, values: npt.NDArray[Any]) -> Matrix:
        (output,) = self._session.run([self._output], {self._input.name: values})
        rows = np.asarray(output, np.float32).reshape(len(values), -1)
        if rows.shape[1] != self._dimension:
            raise ValueError(f"the graph gives {rows.shape[1]} components, not {self._dimension}")
        return rows

    def _values(self, pixels: Pixels) -> npt.NDArray[Any]:
        values: npt.NDArray[Any] = pixels
        if self._input.floats:
            mean = np.array(self._rules.mean, np.float32)
            std = np.array(self._rules.std, np.float32)
            values = (pixels * np.float32(self._rules.scale) - mean) / std
        if self._input.channels_first:
            values = values.transpose(0, 3, 1, 2)
        return np.ascontiguousarray(values)


def _input_of(session: Any, rules: Preprocessing) -> _Input:
    """Reads the graph's one input.

    Raises:
        ValueError: it cannot take the pictures that the manifest describes.
    """
    (node,) = session.get_inputs()
    shape = tuple(size if isinstance(size, int) else None for size in node.shape)
    first, last = (_CHANNELS, rules.height, rules.width), (rules.height, rules.width, _CHANNELS)
    if node.type not in _TYPES or len(shape) != _RANK:
        raise ValueError(f"its input is {node.type} {node.shape}, not bytes or floats of pictures")
    if not (_fits(shape[1:], first) or _fits(shape[1:], last)):
        raise ValueError(f"its input {node.shape} does not take the manifest's pictures")
    return _Input(
        name=node.name,
        floats=_TYPES[node.type] is np.float32,
        channels_first=not _fits(shape[1:], last),
        one_by_one=shape[0] == 1,
    )


def _fits(shape: tuple[int | None, ...], wanted: tuple[int, ...]) -> bool:
    return all(size in (None, want) for size, want in zip(shape, wanted, strict=True))
