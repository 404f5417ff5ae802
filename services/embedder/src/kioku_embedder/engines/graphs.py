"""Promise: what an exported graph is to the engine that runs it, whatever the library."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from kioku_embedder.engine import Matrix

VISION, TEXT = "vision", "text"
PIXELS, INPUT_IDS, MASK = "pixels", "input_ids", "attention_mask"

Inputs = Mapping[str, npt.NDArray[np.integer[Any]]]


class Graph(Protocol):
    """One tower in memory, ready to run, from one thread only."""

    def __call__(self, inputs: Inputs) -> Matrix:
        """Vectors (n, dimension) float32, the caller's own.

        Args:
            inputs: in the order of the graph: `pixels`, or `input_ids` and perhaps
                `attention_mask`.

        Raises:
            MemoryError: they do not fit.
            RuntimeError: whatever else the library does not like.
        """
        ...


class OpenGraph(Protocol):
    """Brings one exported tower into memory."""

    def __call__(self, folder: Path, tower: str) -> Graph:
        """Opens `vision` or `text` of an export's folder.

        Raises:
            Exception: the library's own, when the file is damaged or cannot be run here.
        """
        ...
