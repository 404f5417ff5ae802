"""The nearest of many stored vectors: `top_k` beside plain numpy, in one process, alternating.

Run: `.venv/bin/python -m bench.similarity [--rows 200000] [--kind float32] [--queries 1]`

Plain numpy is what a script would write: one product with all rows, `argsort`; and the better one
with `argpartition`. Both get rows of length one, so that they need not divide. Peak memory is what
a call allocates besides the stored vectors.
"""

from __future__ import annotations

import argparse
import statistics
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
from kioku_embedder import top_k

WIDTH = 768
K = 20
ROUNDS = 7
Run = Callable[[], Any]


def stored_vectors(rows: int, kind: str) -> Any:
    """Random rows of length one, made in pieces."""
    generator = np.random.default_rng(1)
    matrix = np.empty((rows, WIDTH), kind)
    for start in range(0, rows, 10_000):
        piece = generator.standard_normal((min(10_000, rows - start), WIDTH), np.float32)
        matrix[start : start + len(piece)] = piece / np.linalg.norm(piece, axis=1, keepdims=True)
    return matrix


def sorted_all(queries: Any, matrix: Any) -> Any:
    """Every row sorted."""
    return np.argsort(-(queries @ matrix.T.astype(np.float32, copy=False)), axis=1)[:, :K]


def partitioned(queries: Any, matrix: Any) -> Any:
    """The best K split off, then sorted."""
    scores = queries @ matrix.T.astype(np.float32, copy=False)
    best = np.argpartition(-scores, K, axis=1)[:, :K]
    order = np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1)
    return np.take_along_axis(best, order, axis=1)


def measured(run: Run) -> float:
    """Seconds of one call."""
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def peak_of(run: Run) -> int:
    """Bytes that a call allocates at most."""
    tracemalloc.start()
    run()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def main() -> None:
    """Prints the median of each way, its ratio to the first, and its peak memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--kind", choices=["float16", "float32"], default="float32")
    parser.add_argument("--queries", type=int, default=1)
    chosen = parser.parse_args()
    matrix = stored_vectors(chosen.rows, chosen.kind)
    queries = np.array(matrix[: chosen.queries], np.float32)
    ways: dict[str, Run] = {
        "numpy, argsort": lambda: sorted_all(queries, matrix),
        "numpy, argpartition": lambda: partitioned(queries, matrix),
        "top_k, any length": lambda: top_k(queries, matrix, K).indices,
        "top_k, normalised": lambda: top_k(queries, matrix, K, normalised=True).indices,
    }
    answers = [run() for run in ways.values()]
    same = all(np.array_equal(answers[0], answer) for answer in answers)
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, run in ways.items():
            times[name].append(measured(run))
    print(f"{chosen.rows} x {WIDTH} {chosen.kind}, {chosen.queries} queries, k={K}; same: {same}")
    first = statistics.median(times["numpy, argsort"])
    for name, run in ways.items():
        middle = statistics.median(times[name])
        peak = peak_of(run) / 2**20
        print(f"{name:20} {1e3 * middle:9.1f} ms  {first / middle:5.2f} x  {peak:8.1f} MiB")


if __name__ == "__main__":
    main()
