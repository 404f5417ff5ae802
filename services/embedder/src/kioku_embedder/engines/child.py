"""Promise: makes what one engine needs, in a process that ends with it, or with its parent.

`python -m kioku_embedder.engines.child ORDER`; the order is a `workshop.Order` as JSON.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import threading
from pathlib import Path

from kioku_embedder.checkpoint import Checkpoint, open_checkpoint
from kioku_embedder.engines.arithmetic import ONNXRUNTIME, OPENVINO, TORCH, Arithmetic
from kioku_embedder.engines.fidelity import ProbeVectors, fidelity
from kioku_embedder.engines.memory import give_back
from kioku_embedder.engines.opening import open_engine
from kioku_embedder.engines.store import Store
from kioku_embedder.engines.workshop import Order, Workshop

_REFERENCE = Arithmetic(TORCH, "float32")


def main() -> None:
    """Does what the command line orders."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    order = Order(**json.loads(sys.argv[1]))
    store = Store(Path(order.cache))
    checkpoint = open_checkpoint(
        order.folder, precision="float32", long_edge=order.long_edge, cache=store.root
    )
    workshop = Workshop(
        checkpoint,
        store,
        long_edge=order.long_edge,
        device=order.device,
        threads=order.threads,
        compiled=order.compiled,
    )
    prepare(workshop, Arithmetic(order.engine, order.precision))


def prepare(workshop: Workshop, how: Arithmetic) -> None:
    """Makes the graphs, the reference and the proof, each unless it is there.

    Raises:
        Exception: what the libraries raise.
    """
    if how.engine != TORCH:
        workshop.store.made(
            *workshop.graph_entry(how),
            lambda folder: write_graphs(workshop.checkpoint, how, folder),
        )
        give_back()
    workshop.store.made(*workshop.proof_entry(how), lambda folder: _prove(workshop, how, folder))


def write_graphs(checkpoint: Checkpoint, how: Arithmetic, folder: Path) -> None:
    """Exports both towers for one library.

    Raises:
        Exception: what the exporters raise has no one base.
    """
    from kioku_embedder.engines import export  # noqa: PLC0415 - brings torch

    if how.engine == OPENVINO:
        export.export_openvino(checkpoint, folder)
    elif how.engine == ONNXRUNTIME and how.precision == "int8":
        from kioku_embedder.engines.quantisation import quantise  # noqa: PLC0415 - brings onnx

        with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
            export.export_onnx(checkpoint, Path(scratch))
            quantise(Path(scratch), folder)
    else:
        export.export_onnx(checkpoint, folder)


def _prove(workshop: Workshop, how: Arithmetic, folder: Path) -> None:
    reference = workshop.store.made(*workshop.reference_entry(), lambda at: _refer(workshop, at))
    ours = _probed(workshop, how, device=workshop.device)
    measured = fidelity(ours, ProbeVectors.read(reference))
    (folder / "proof.json").write_text(json.dumps({"fidelity": measured}))


def _refer(workshop: Workshop, folder: Path) -> None:
    _probed(workshop, _REFERENCE, device="cpu").write(folder)


def _probed(workshop: Workshop, how: Arithmetic, *, device: str) -> ProbeVectors:
    engine = open_engine(workshop, how, device=device)
    engine.load()
    vectors = ProbeVectors.by(engine, workshop.checkpoint)
    engine.unload()
    return vectors


def _end_with_parent() -> None:
    """The parent's end of the pipe closes when it dies, however it dies."""
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    main()
