"""Kioku's search beside vector libraries, raw SQL and a bare gRPC echo, in one run on one library.

Run: `bench/peers/setup DIR`, then
`.venv/bin/python -m bench.search_peers --peers DIR [--rows 100000] [--dimension 128] [--real]`

Every side takes the same rows (unit vectors, rounded to half precision) and the same queries, k=20,
graphs with m=16 and ef_construction=128 searched with the same `--ef`. Rounds go through the sides
in turn, so that a busy machine disturbs them alike. Recall counts a hit as near as the true 20th,
whatever its number (near-duplicates tie); truth is a comparison with every row.
Latencies are of one caller; queries a second are of four callers at once over a socket, and of a
batch by all cores in a library. Libraries answer inside a process and keep no row but the vector:
no durability, filter, owner or name. `--real` takes vectors of photographs from KIOKU_EVAL_DATA
by a model of this house instead of drawn ones.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from statistics import median

import numpy as np

from bench.clustered_vectors import Clusters
from bench.peers.vector_servers import CALLERS, DATABASE, EchoSide, KiokuSide, SqlSide
from bench.peers.vector_side import Answers, Built, EngineSide, Library, Side, Vectors
from bench.real_vectors import real_vectors
from bench.search_stage import Stage, quantiles, servers, service

K = 20
ROUNDS = 5
EF = 200
ENGINES = (
    "faiss flat fp32",
    "faiss flat fp16",
    "faiss hnsw",
    "hnswlib",
    "usearch f16",
    "lancedb",
)
_TIE = 1e-6
_BLOCK = 64


@dataclass
class Entry:
    """One side and what was measured of it."""

    side: Side
    built: Built
    slices: list[Answers] = field(default_factory=list)
    recalls: list[float] = field(default_factory=list)


class Truth:
    """The distance of the true K-th neighbour of each query, by comparison with every row."""

    def __init__(self, library: Library) -> None:
        self._base = library.base
        self._queries = library.queries
        self._least = np.concatenate(
            [self._kth(start) for start in range(0, len(library.queries), _BLOCK)]
        )

    def _kth(self, start: int) -> Vectors:
        scores = self._queries[start : start + _BLOCK] @ self._base.T
        return np.partition(scores, -K, axis=1)[:, -K] - np.float32(_TIE)

    def recall(self, number: int, found: Sequence[int]) -> float:
        """Share of K that the answer is as near as; a row named twice counts once."""
        rows = list(dict.fromkeys(found))
        scores = self._base[rows] @ self._queries[number]
        return float(np.sum(scores >= self._least[number]) / K)


def half(vectors: Vectors) -> Vectors:
    """Unit vectors as half precision stores them."""
    rounded = vectors.astype(np.float16).astype(np.float32)
    unit: Vectors = rounded / np.linalg.norm(rounded, axis=1, keepdims=True)
    return unit


def drawn(options: argparse.Namespace, folder: Path) -> Library:
    """The rows and queries that were asked for."""
    if options.real:
        every = half(real_vectors(options.model))
        asked = np.random.default_rng(3).permutation(len(every))
        queries = asked[: min(options.queries, len(every) // 5)]
        library = Library(np.delete(every, queries, axis=0), every[queries], folder)
    else:
        clusters = Clusters(dimension=options.dimension)
        base = half(clusters.draw(options.rows, seed=1))
        library = Library(base, half(clusters.draw(options.queries, seed=2)), folder)
    library.save()
    return library


async def started(options: argparse.Namespace, stage: Stage) -> list[Side]:
    """Every side, not yet built."""
    python = options.peers / "vectors" / "bin" / "python"
    engines = [await EngineSide.start(name, python, options.ef) for name in ENGINES]
    return [*engines, SqlSide(stage, options.ef), EchoSide(), KiokuSide(stage)]


async def measure(options: argparse.Namespace, stage: Stage, library: Library) -> list[Entry]:
    """Build every side, then ask them in turn."""
    sides, entries = await started(options, stage), []
    for side in sides:
        entries.append(Entry(side, await side.build(library)))
        print(f"  {side.name} built in {entries[-1].built.seconds:.1f} s", flush=True)
    truth = Truth(library)
    async with AsyncExitStack() as stack:
        environment = {"KIOKU_EF_SEARCH": str(options.ef)}
        served = await stack.enter_async_context(service(stage, DATABASE, **environment))
        for side in sides:
            stack.push_async_callback(side.close)
            if isinstance(side, KiokuSide):
                side.serve(served)
        await _rounds(entries, len(library.queries), truth)
    return entries


async def _rounds(entries: list[Entry], queries: int, truth: Truth) -> None:
    bounds = np.linspace(0, queries, ROUNDS + 1, dtype=int)
    for entry in entries:
        await entry.side.search(0, max(1, queries // 10), K)  # warm
    for start, end in pairwise(bounds):
        for entry in entries:
            answers = await entry.side.search(int(start), int(end), K)
            entry.slices.append(answers)
            if any(answers.ids):
                numbered = enumerate(answers.ids, int(start))
                entry.recalls += [truth.recall(number, found) for number, found in numbered]


def report(entries: list[Entry], library: Library) -> None:
    """One row a side."""
    rows, dimension = library.base.shape
    print(
        f"\n{rows} x {dimension}, {len(library.queries)} queries, k={K}, {ROUNDS} rounds in turn;"
    )
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores at the end\n")
    print("| side | recall@20 mean | p5 | p50 ms | p95 ms | q/s | built rows/s | bytes/row |")
    print("|---|---|---|---|---|---|---|---|")
    for entry in entries:
        print(f"| {entry.side.name} | {_row(entry, rows)} |")
    by_name = {entry.side.name: entry for entry in entries}
    ours, sql = by_name[KiokuSide.name], by_name[SqlSide.name]
    ratios = sorted(
        median(a.milliseconds) / median(b.milliseconds)
        for a, b in zip(ours.slices, sql.slices, strict=True)
    )
    print(
        f"\nKioku's p50 by raw asyncpg's, round by round: {median(ratios):.2f}"
        f" ({ratios[0]:.2f}-{ratios[-1]:.2f}); {CALLERS} callers for q/s"
    )


def _row(entry: Entry, rows: int) -> str:
    recall = (
        f"{np.mean(entry.recalls):.4f} | {np.percentile(entry.recalls, 5):.2f}"
        if entry.recalls
        else "- | -"
    )
    p50, p95 = quantiles([ms for one in entry.slices for ms in one.milliseconds])
    qps = median(one.qps for one in entry.slices)
    built = entry.built
    costs = f"{rows / built.seconds:.0f} | {built.bytes / rows:.0f}" if built.seconds else "- | -"
    return f"{recall} | {p50:.2f} | {p95:.2f} | {qps:.0f} | {costs}"


async def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", type=Path, required=True, help="folder of bench/peers/setup")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--dimension", type=int, default=128)
    parser.add_argument("--queries", type=int, default=500)
    parser.add_argument("--ef", type=int, default=EF)
    parser.add_argument("--real", action="store_true", help="vectors of photographs")
    parser.add_argument("--model", default="kioku-visual", help="with --real: folder in models/")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kioku-peers-") as folder, servers() as stage:
        library = drawn(options, Path(folder))
        report(await measure(options, stage, library), library)


if __name__ == "__main__":
    asyncio.run(main())
