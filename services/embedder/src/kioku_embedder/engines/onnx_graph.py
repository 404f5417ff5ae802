"""Promise: an exported tower run by ONNX Runtime on the CPU."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime

from kioku_embedder.engine import Matrix
from kioku_embedder.engines.graphs import Graph, Inputs


class OnnxGraph:
    """See `kioku_embedder.engines.graphs.Graph`."""

    def __init__(self, session: onnxruntime.InferenceSession, *, one_by_one: bool) -> None:
        self._session = session
        self._one_by_one = one_by_one

    def __call__(self, inputs: Inputs) -> Matrix:
        """See the port."""
        if not self._one_by_one:
            return self._run(inputs)
        (count,) = {len(array) for array in inputs.values()}
        rows = [
            self._run({name: array[at : at + 1] for name, array in inputs.items()})
            for at in range(count)
        ]
        return np.concatenate(rows)

    def _run(self, inputs: Inputs) -> Matrix:
        try:
            (vectors,) = self._session.run(None, dict(inputs))
        except RuntimeError as error:  # ONNX Runtime's exceptions descend from it
            if "allocate memory" in str(error):
                raise MemoryError(str(error)) from error
            raise
        return np.asarray(vectors, np.float32)


@dataclass(frozen=True)
class OnnxOpener:
    """See `kioku_embedder.engines.graphs.OpenGraph`.

    Args:
        threads: 0 is one per core.
        one_by_one: run each item by itself. An int8 graph finds one scale for everything in a run,
            so company would change a vector; on a CPU a batch is no faster.
    """

    threads: int
    one_by_one: bool = False

    def __call__(self, folder: Path, tower: str) -> Graph:
        """See the port. Its threads sleep while they wait; denormal numbers count as zero."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.threads
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.add_session_config_entry("session.set_denormal_as_zero", "1")
        session = onnxruntime.InferenceSession(
            folder / f"{tower}.onnx", options, providers=["CPUExecutionProvider"]
        )
        return OnnxGraph(session, one_by_one=self.one_by_one)
