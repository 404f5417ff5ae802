"""Promise: an exported tower run by OpenVINO on the CPU in the precision that was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov

from kioku_embedder.engine import Matrix
from kioku_embedder.engines.graphs import Graph, Inputs

_HINTS = {"float32": "f32", "bfloat16": "bf16", "float16": "f16", "int8": "f32"}


class OpenVinoGraph:
    """See `kioku_embedder.engines.graphs.Graph`."""

    def __init__(self, compiled: Any) -> None:
        self._request = compiled.create_infer_request()
        self._output = compiled.output(0)

    def __call__(self, inputs: Inputs) -> Matrix:
        """See the port."""
        try:
            answer = self._request.infer(list(inputs.values()), share_inputs=True)
        except RuntimeError as error:
            if "allocate" in str(error):
                raise MemoryError(str(error)) from error
            raise
        return np.array(answer[self._output], np.float32)


@dataclass(frozen=True)
class OpenVinoOpener:
    """See `kioku_embedder.engines.graphs.OpenGraph`.

    Args:
        precision: of the arithmetic; `int8` needs a graph with int8 weights.
        threads: 0 is one per core.
    """

    precision: str
    threads: int

    def __call__(self, folder: Path, tower: str) -> Graph:
        """See the port. Its threads sleep while they wait; denormal numbers count as zero."""
        core = ov.Core()
        properties: dict[str, Any] = {
            "INFERENCE_PRECISION_HINT": _HINTS[self.precision],
            "PERFORMANCE_HINT": "LATENCY",
            "CPU_DENORMALS_OPTIMIZATION": True,
        }
        if self.threads:
            properties["INFERENCE_NUM_THREADS"] = self.threads
        return OpenVinoGraph(core.compile_model(folder / f"{tower}.xml", "CPU", properties))


def capabilities() -> frozenset[str]:
    """The precisions this CPU computes in hardware, by OpenVINO's word."""
    known = {"FP32": "float32", "BF16": "bfloat16", "FP16": "float16", "INT8": "int8"}
    told = ov.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return frozenset(known[each] for each in told if each in known)
