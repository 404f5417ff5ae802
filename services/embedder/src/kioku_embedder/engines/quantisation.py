"""Promise: an exported tower with int8 weights, whose inputs to them are rounded as they come.

Weights are rounded once, per output channel; what meets them is rounded with each run's own scale
(dynamic quantisation), so there is nothing to calibrate and no picture the scale was not made for.
Attention, normalisation and everything else stay float32. On the checkpoints measured this loses a
tenth of what static quantisation of inputs loses; see architecture/engines.md.
"""

from __future__ import annotations

import logging
from pathlib import Path

import onnx
from onnxruntime.quantization import QuantType, quantize_dynamic

from kioku_embedder.engines.graphs import TEXT, VISION


def quantise(exported: Path, folder: Path) -> None:
    """Writes both towers of `export_onnx`'s folder with int8 weights into another.

    Raises:
        Exception: what ONNX's checks raise has no one base.
    """
    logging.getLogger().setLevel(logging.ERROR)  # advises a step that changes nothing here
    for tower in (VISION, TEXT):
        graph = onnx.load(exported / f"{tower}.onnx")
        del graph.graph.value_info[:]  # the exporter's shapes of inner values are not all right
        quantize_dynamic(
            graph,
            folder / f"{tower}.onnx",
            op_types_to_quantize=["MatMul", "Gemm"],
            per_channel=True,
            weight_type=QuantType.QInt8,
            use_external_data_format=True,
        )
