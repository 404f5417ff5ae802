"""Promise: two exported graphs as an engine, whatever library runs them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kioku_embedder.checkpoint import Checkpoint
from kioku_embedder.engine import (
    EngineBroken,
    EngineOutOfMemory,
    LabelScale,
    Matrix,
    TextMatrix,
)
from kioku_embedder.engines.graphs import PIXELS, TEXT, VISION, Graph, Inputs, OpenGraph
from kioku_embedder.engines.label_scale import read_label_scale
from kioku_embedder.engines.memory import file_bytes, give_back, grown, resident_bytes
from kioku_embedder.preprocessing import Pixels
from kioku_embedder.text import TextRules, open_text_rules


@dataclass(frozen=True)
class _Loaded:
    vision: Graph
    text: Graph
    tokens: TextRules
    memory: int


class GraphEngine:
    """See `kioku_embedder.engine.Engine`.

    Args:
        checkpoint: whose towers they are.
        folder: finds the export, whole, or makes it again.
        open_graph: the library.
    """

    def __init__(
        self, checkpoint: Checkpoint, folder: Callable[[], Path], open_graph: OpenGraph
    ) -> None:
        self._checkpoint = checkpoint
        self._folder = folder
        self._open_graph = open_graph
        self._towers: _Loaded | None = None

    @property
    def loaded(self) -> bool:
        """Whether the weights are in memory."""
        return self._towers is not None

    @property
    def memory_bytes(self) -> int:
        """What the process grew by when they came into memory; at least their files' size."""
        return 0 if self._towers is None else self._towers.memory

    def load(self) -> None:
        """Opens both graphs and runs each once, so that no real item pays for that."""
        if self._towers is None:
            self._towers = self._opened()

    def unload(self) -> None:
        """See the port."""
        self._towers = None
        give_back()

    def images(self, pictures: Sequence[Pixels]) -> Matrix:
        """See the port."""
        return _run(self._required().vision, {PIXELS: np.stack(pictures)})

    def texts(self, texts: Sequence[str]) -> TextMatrix:
        """See the port."""
        towers = self._required()
        tokens = towers.tokens(texts)
        return TextMatrix(_run(towers.text, tokens.inputs), tokens.truncated)

    def label_scale(self) -> LabelScale:
        """See the port."""
        return read_label_scale(self._checkpoint)

    def _required(self) -> _Loaded:
        if self._towers is None:
            raise EngineBroken("The model is not loaded.")
        return self._towers

    def _opened(self) -> _Loaded:
        before = resident_bytes()
        try:
            folder = self._folder()
            vision, text = (self._open_graph(folder, tower) for tower in (VISION, TEXT))
            tokens = open_text_rules(self._checkpoint)
            self._warm_up(vision, text, tokens)
        except Exception as error:  # OpenVINO, ONNX Runtime and transformers share no base class
            raise EngineBroken(f"The model cannot be loaded: {error}") from error
        return _Loaded(vision, text, tokens, grown(before, file_bytes(folder)))

    def _warm_up(self, vision: Graph, text: Graph, tokens: TextRules) -> None:
        rules = self._checkpoint.preprocessing
        black = np.zeros((1, rules.height, rules.width, 3), np.uint8)
        widths = {vision({PIXELS: black}).shape[1], text(tokens(["a"]).inputs).shape[1]}
        if widths != {self._checkpoint.space.dimension}:
            raise ValueError("its two towers do not give vectors of the promised length")


def _run(graph: Graph, inputs: Inputs) -> Matrix:
    try:
        return graph(inputs)
    except MemoryError as error:
        raise EngineOutOfMemory from error
