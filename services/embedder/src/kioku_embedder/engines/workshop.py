"""Promise: everything an engine needs from the cache is there, whole, and was made only once.

Three kinds of entries belong to a checkpoint: graphs (one per library, and one with int8 weights),
the vectors that float32 torch gives to the probes, and proofs: how close an engine comes to those
vectors on this hardware. All are made in a child process, so that the memory and the libraries of
the making are gone afterwards.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import structlog

from kioku_embedder.checkpoint import Checkpoint
from kioku_embedder.engine import EngineBroken
from kioku_embedder.engines.arithmetic import ONNXRUNTIME, OPENVINO, TORCH, Arithmetic
from kioku_embedder.engines.hardware import processor
from kioku_embedder.engines.probes import VERSION as PROBES_VERSION
from kioku_embedder.engines.store import Store

# Raised when what is made changes though the packages do not.
_FORMAT = 1
_MAKERS = ("torch", "transformers")
_log = structlog.get_logger()


@dataclass(frozen=True)
class Order:
    """What a child process is to make, as it travels there.

    Args:
        folder: the checkpoint's.
        name: its name.
        long_edge: part of its space.
        cache: root of the store.
        device, threads, compiled: as `Workshop` has them.
    """

    folder: str
    name: str
    long_edge: int
    cache: str
    engine: str
    precision: str
    device: str
    threads: int
    compiled: bool


class Workshop:
    """Finds what a checkpoint's engines need, or has it made.

    Args:
        checkpoint: whose; its precision does not matter.
        store: where it is kept.
        long_edge: with which the checkpoint was opened.
        device, threads, compiled: how engines run here.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        store: Store,
        *,
        long_edge: int,
        device: str,
        threads: int,
        compiled: bool = False,
    ) -> None:
        self.checkpoint = checkpoint
        self.store = store
        self.device = device
        self.threads = threads
        self.compiled = compiled
        self._long_edge = long_edge

    def graphs(self, how: Arithmetic) -> Path:
        """The folder with both towers' graphs; made again when it is missing or damaged.

        Raises:
            EngineBroken: it cannot be made.
        """
        kind, facts = self.graph_entry(how)
        whole = self.store.whole(kind, facts)
        if whole is None:
            self.make(how)
            whole = self.store.whole(kind, facts)
        if whole is None:
            raise EngineBroken(f"The cache {self.store.root} does not keep what is put into it.")
        return whole

    def fidelity(self, how: Arithmetic) -> float:
        """The lowest cosine to float32 torch over the probes, on this hardware.

        Raises:
            EngineBroken: it cannot be measured.
        """
        kind, facts = self.proof_entry(how)
        if self.store.whole(kind, facts) is None:
            self.make(how)
        folder = self.store.whole(kind, facts)
        if folder is None:
            raise EngineBroken(f"The cache {self.store.root} does not keep what is put into it.")
        return float(json.loads((folder / "proof.json").read_text())["fidelity"])

    def make(self, how: Arithmetic) -> None:
        """Runs a child process that makes all that is missing for one engine.

        Raises:
            EngineBroken: with the last line of what it said.
        """
        _log.info("engine_preparing", engine=how.engine, precision=how.precision)
        order = Order(
            str(self.checkpoint.folder.absolute()),
            self.checkpoint.name,
            self._long_edge,
            str(self.store.root),
            how.engine,
            how.precision,
            self.device,
            self.threads,
            self.compiled,
        )
        command = [sys.executable, "-m", "kioku_embedder.engines.child", json.dumps(asdict(order))]
        with subprocess.Popen(  # noqa: S603 - this interpreter, our own module
            command,
            stdin=subprocess.PIPE,  # its end tells the child that nobody waits any more
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env={"OMP_WAIT_POLICY": "PASSIVE", **os.environ},
        ) as child:
            said = "" if child.stderr is None else child.stderr.read().strip()
        if child.returncode:
            last = said.splitlines()[-1] if said else f"it ended with {child.returncode}"
            raise EngineBroken(f"{how.engine} in {how.precision} cannot be prepared: {last}")

    def graph_entry(self, how: Arithmetic) -> tuple[str, dict[str, object]]:
        """Kind and facts of the graphs that an engine runs."""
        packages = {OPENVINO: ("openvino",), ONNXRUNTIME: ("onnx", "onnxscript")}[how.engine]
        quantised = how.precision == "int8"
        facts = self._facts(*packages, *(("onnxruntime",) if quantised else ()))
        name = f"{how.engine}-int8" if quantised else how.engine
        return f"{self._short}-{name}", {**facts, "graphs": name}

    def reference_entry(self) -> tuple[str, dict[str, object]]:
        """Kind and facts of the vectors that float32 torch gives to the probes."""
        return f"{self._short}-reference", {**self._facts(), "probes": PROBES_VERSION}

    def proof_entry(self, how: Arithmetic) -> tuple[str, dict[str, object]]:
        """Kind and facts of an engine's proof."""
        library = () if how.engine == TORCH else (how.engine,)
        hardware = processor() if self.device == "cpu" else self.device
        facts = {
            **self._facts(*library),
            "probes": PROBES_VERSION,
            "hardware": hardware,
            "compiled": self.compiled,
            **asdict(how),
        }
        return f"{self._short}-proof-{how.engine}-{how.precision}", facts

    @property
    def _short(self) -> str:
        space = self.checkpoint.space
        return f"{space.model}-{space.revision[:12]}"

    def _facts(self, *packages: str) -> dict[str, object]:
        space = self.checkpoint.space
        return {
            "format": _FORMAT,
            "revision": space.revision,
            "preprocessing": space.preprocessing,
            "packages": {name: _version(name) for name in (*_MAKERS, *packages)},
        }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
