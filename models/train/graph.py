"""ONNX graphs made smaller and clean: half the bytes, no notes of the exporter."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

_LARGE = 4096


def in_float16(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same graph with its large tensors stored as float16 and widened as it is loaded."""
    graph = model.graph
    for tensor in list(graph.initializer):
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size < _LARGE:
            continue
        small = numpy_helper.from_array(values.astype(np.float16), f"{tensor.name}_16")
        graph.initializer.remove(tensor)
        graph.initializer.append(small)
        widen = helper.make_node("Cast", [small.name], [tensor.name], to=TensorProto.FLOAT)
        graph.node.insert(0, widen)
    onnx.checker.check_model(model)
    return model


def bare(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same graph without the exporter's notes, which hold paths of this machine's files."""
    for holder in [model, model.graph, *model.graph.node, *model.graph.value_info]:
        holder.ClearField("metadata_props")
        holder.ClearField("doc_string")
    for value in [*model.graph.input, *model.graph.output, *model.graph.initializer]:
        value.ClearField("metadata_props")
        value.ClearField("doc_string")
    return model
