"""Promise: which engine may run in which precision on which device, the fastest first."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec

from kioku_embedder.engines.hardware import fast_precisions

AUTO = "auto"
TORCH, OPENVINO, ONNXRUNTIME = "torch", "openvino", "onnxruntime"

# Order measured by bench/embedder_engines.py.
_ON_CPU = {
    "int8": (ONNXRUNTIME,),
    "float16": (OPENVINO,),
    "bfloat16": (OPENVINO, TORCH),
    "float32": (OPENVINO, ONNXRUNTIME, TORCH),
}
_ELSEWHERE = {"float16": (TORCH,), "bfloat16": (TORCH,), "float32": (TORCH,)}
_NEEDED = {TORCH: ("torch",), OPENVINO: ("openvino",), ONNXRUNTIME: ("onnxruntime", "onnxscript")}


class EngineRefused(Exception):
    """No engine may run as the settings ask; the text is one sentence for the operator."""


@dataclass(frozen=True)
class Arithmetic:
    """Who computes, and how."""

    engine: str
    precision: str


def candidates(engine: str, precision: str, device: str) -> list[Arithmetic]:
    """Every way that the settings allow and this machine is able to, the fastest first.

    Args:
        engine, precision: one by name, or `auto`. A precision that is named may be one that the
            processor must imitate; `auto` takes only what it computes in hardware.
        device: `cpu`, or torch's name of another.

    Raises:
        EngineRefused: there is none.
    """
    table = _ON_CPU if device == "cpu" else _ELSEWHERE
    fast = fast_precisions() if device == "cpu" else frozenset(table)
    wanted = [each for each in table if precision == each or (precision == AUTO and each in fast)]
    found = [
        Arithmetic(name, each)
        for each in wanted
        for name in table[each]
        if engine in (AUTO, name) and _able(name, each, fast)
    ]
    if not found:
        raise EngineRefused(
            f"No engine can compute in {precision} on {device} with KIOKU_EMBEDDER_ENGINE={engine} "
            f"here; installed are {', '.join(filter(_installed, _NEEDED)) or 'none'}, and the "
            f"processor computes {', '.join(sorted(fast))}."
        )
    return found


def _able(engine: str, precision: str, fast: frozenset[str]) -> bool:
    """OpenVINO falls back to float32 without a word where the hardware lacks a precision."""
    return _installed(engine) and (engine != OPENVINO or precision in fast)


def _installed(engine: str) -> bool:
    return all(find_spec(name) is not None for name in _NEEDED[engine])
