"""Every engine in every precision: how faithful, how fast, how soon ready, how large.

Each runs in a process of its own with the same weights; all stay up and take turns, a few passes at
a time, so that whatever else the machine does meets all of them. Exports are made beforehand and
their time is told apart. Beside them: one picture of SigLIP 2 base, decode included, on this
machine against the specification's 300 ms.

`python -m bench.embedder_engines [--model base|tiny] [--rounds 8] [--threads 0]
[--ways torch:float32,...]`
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from kioku_embedder.checkpoint import open_checkpoint
from kioku_embedder.engine import Engine
from kioku_embedder.engines.choice import choose
from kioku_embedder.engines.memory import resident_bytes
from kioku_embedder.engines.probes import drawn_pictures, drawn_texts
from kioku_embedder.engines.store import Store
from kioku_embedder.engines.workshop import Workshop
from kioku_rt.images import decode

from bench.embedder_stage import SPECIFIED_MILLISECONDS, checkpoint_folder, draw_jpegs, percentile

WAYS = (
    "torch:float32,torch:bfloat16,onnxruntime:float32,onnxruntime:int8,"
    "openvino:float32,openvino:bfloat16,openvino:float16"
)
LONG_EDGE = 1024
MIB = 2**20
KINDS = ("image 1", "image 8", "text 1", "text 8", "picture 1")


@dataclass
class Way:
    """One engine in its process, and what was measured of it, milliseconds an item."""

    name: str
    process: subprocess.Popen[str]
    facts: dict[str, float] = field(default_factory=dict)
    times: dict[str, list[float]] = field(default_factory=dict)

    def ask(self, line: str) -> dict[str, float]:
        """One answer to one line."""
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.answer()

    def answer(self) -> dict[str, float]:
        """The next line that is no log line.

        Raises:
            SystemExit: the process has ended.
        """
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith("{"):
                answer: dict[str, float] = json.loads(line)
                return answer
        raise SystemExit(f"{self.name} ended")

    def row(self) -> str:
        """One line of the table: medians, and the best in brackets."""
        times = "".join(
            f"{np.median(self.times[kind]):9.1f} ({min(self.times[kind]):.1f})" for kind in KINDS
        )
        facts = self.facts
        return (
            f"{self.name:22s} {facts['fidelity']:.6f}{times}{facts['load_seconds']:7.1f}"
            f"{facts['grown_mib']:8.0f}{facts['resident_mib']:8.0f}{facts['after_mib']:8.0f}"
        )


@contextmanager
def started(folder: Path, cache: str, name: str, threads: int) -> Iterator[Way]:
    """A worker process, not loaded yet."""
    command = [sys.executable, "-m", "bench.embedder_engines", "--worker", name]
    options = ["--folder", str(folder), "--cache", cache, "--threads", str(threads)]
    process = subprocess.Popen(
        command + options,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"OMP_WAIT_POLICY": "PASSIVE", **os.environ},
    )
    try:
        yield Way(name, process)
    finally:
        process.kill()
        process.wait()


def work(folder: Path, cache: str, name: str, threads: int) -> None:
    """The worker: loads first, then answers `KIND COUNT` until its input ends."""
    engine_name, precision = name.split(":")
    store = Store(Path(cache))
    checkpoint = open_checkpoint(
        str(folder), precision="float32", long_edge=LONG_EDGE, cache=store.root
    )
    workshop = Workshop(checkpoint, store, long_edge=LONG_EDGE, device="cpu", threads=threads)
    before = time.perf_counter()
    chosen = choose(workshop, engine=engine_name, precision=precision, least=0)
    prepared = time.perf_counter()
    chosen.engine.load()
    _answer(
        prepare_seconds=prepared - before,
        load_seconds=time.perf_counter() - prepared,
        fidelity=chosen.fidelity or 0.0,
        grown_mib=chosen.engine.memory_bytes / MIB,
        resident_mib=resident_bytes() / MIB,
    )
    rules = checkpoint.preprocessing
    passes = Passes(
        chosen.engine, drawn_pictures(rules.height, rules.width, 8), drawn_texts(8), draw_jpegs(8)
    )
    for line in sys.stdin:
        kind, count = line.split()
        if kind == "unload":
            chosen.engine.unload()
            _answer(after_mib=resident_bytes() / MIB)
        else:
            _answer(milliseconds=passes.run(kind, int(count), rules))


@dataclass
class Passes:
    """What a worker times."""

    engine: Engine
    pictures: list[np.ndarray]
    texts: list[str]
    jpegs: list[bytes]

    def run(self, kind: str, count: int, rules: object) -> float:
        """Milliseconds an item of one pass."""
        before = time.perf_counter()
        if kind == "image":
            self.engine.images(self.pictures[:count])
        elif kind == "text":
            self.engine.texts(self.texts[:count])
        else:
            assert callable(rules)
            self.engine.images([rules(decode(data).pixels) for data in self.jpegs[:count]])
        return 1000 * (time.perf_counter() - before) / count


def _answer(**facts: float) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


def compare(folder: Path, cache: str, names: list[str], rounds: int, threads: int) -> list[Way]:
    """Loads one after the other, then lets them take turns."""
    with ExitStack() as stack:
        ways = []
        for name in names:
            way = stack.enter_context(started(folder, cache, name, threads))
            way.facts = way.answer()
            ways.append(way)
        for _ in range(rounds):
            for kind in KINDS:
                for way in ways:
                    measured = way.ask(kind)["milliseconds"]
                    way.times.setdefault(kind, []).append(measured)
        for way in ways:
            way.facts |= way.ask("unload 0")
    return ways


def measure(kind: str, names: list[str], rounds: int, threads: int) -> None:
    """Prints one model's table."""
    with (
        checkpoint_folder(kind, whole_text=True) as folder,
        tempfile.TemporaryDirectory(prefix="kioku-bench-") as cache,
    ):
        ways = compare(folder, cache, names, rounds, threads)
    print(f"{kind}; milliseconds an item, median (best) of {rounds} turns; MiB of memory")
    heads = "".join(f"{head:>17s}" for head in KINDS)
    print(f"{'engine':22s} fidelity{heads}  load s   grown    here   after")
    for way in ways:
        print(way.row())
    base = ways[0]
    for way in ways:
        ratio = np.median(base.times["image 1"]) / np.median(way.times["image 1"])
        print(
            f"  {way.name}: {ratio:.1f} x {base.name}; one JPEG to vector "
            f"{percentile(way.times['picture 1'], 0.5):.0f} ms p50, "
            f"{percentile(way.times['picture 1'], 0.95):.0f} ms p95 "
            f"(specified <= {SPECIFIED_MILLISECONDS:.0f} ms); "
            f"prepared in {way.facts['prepare_seconds']:.0f} s, once",
            flush=True,
        )


def main() -> None:
    """Measures the models asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=["base", "tiny"])
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--ways", default=WAYS)
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--cache", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        work(options.folder, options.cache, options.worker, options.threads)
        return
    for kind in [options.model] if options.model else ["base", "tiny"]:
        measure(kind, options.ways.split(","), options.rounds, options.threads)


if __name__ == "__main__":
    main()
