"""Recall and time of filtered searches, from half of the rows down to a ten-thousandth.

Run: `.venv/bin/python -m bench.search_filters [--rows 100000] [--queries 200]`

One owner, 128 numbers a vector, k = 20. Filters are tags that every n-th asset has, and two for
the first query: the 5 % that are nearest to it and the 5 % that are farthest. Each filter is asked
three ways in turn, one query after the other: by the router; always through the index; and as plain
SQL with pgvector's defaults (`iterative_scan` off), which is what most programs send. Recall counts
a hit that is as near as the true 20th; `short` counts answers with fewer rows than there are.
Targets: recall of the router at least 0.99 at every selectivity, none short, p95 at most 10 ms.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import time
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import numpy as np
from kioku_rt.db.vectors import register_codecs
from kioku_search.indexes.recall import tied_recall

from bench.clustered_vectors import Clusters
from bench.recall_stage import (
    DIMENSION,
    OWNER,
    SPACE,
    Filter,
    K,
    Truth,
    load,
    nearest_and_farthest,
    shares,
)
from bench.search_stage import Vectors, quantiles, servers

TARGET_RECALL, TARGET_P95_MS, WARM_UP = 0.99, 10.0, 20
_ROUTED = "SELECT * FROM search.nearest_images($1, $2, $3, NULL, $4, p_tags => $5{})"
_PLAIN = """
SELECT e.embedding::halfvec(128) <=> $1::halfvec(128) AS distance FROM search.image_embeddings e
WHERE e.space_id = 'recall@0123456789ab' AND e.owner = 'everything' AND e.tags @> $2
ORDER BY e.embedding::halfvec(128) <=> $1::halfvec(128) LIMIT 20
"""


@dataclass
class Readings:
    """What one way of asking gave for one filter."""

    ms: list[float] = field(default_factory=list)
    recall: list[float] = field(default_factory=list)
    short: int = 0
    strategies: set[str] = field(default_factory=set)

    def note(self, rows: list[Any], took: float, true: list[float]) -> None:
        """Add one answer."""
        self.ms.append(took)
        self.recall.append(tied_recall([row["distance"] for row in rows], true, K))
        self.short += len(rows) < len(true)
        self.strategies.update(row["strategy"] for row in rows if "strategy" in row)


async def measure(
    api: asyncpg.Connection[Any],
    worker: asyncpg.Connection[Any],
    one: Filter,
    queries: Vectors,
    truth: Truth,
) -> dict[str, Readings]:
    """Every query each way, in turn."""
    readings = {name: Readings() for name in ("router", "index", "plain SQL")}
    for step in range(-WARM_UP, len(queries)):
        query = queries[step % len(queries)]
        true = truth.distances(query, one.rows)
        for name, reading in readings.items():
            started = time.perf_counter()
            rows = await _ask(api, worker, name, one.name, query)
            took = (time.perf_counter() - started) * 1e3
            if step >= 0:
                reading.note(rows, took, true)
    return readings


async def _ask(
    api: asyncpg.Connection[Any],
    worker: asyncpg.Connection[Any],
    way: str,
    tag: str,
    query: Vectors,
) -> list[Any]:
    if way == "plain SQL":
        rows: list[Any] = await worker.fetch(_PLAIN, query, [tag])
        return rows
    option = ", p_exact_limit => 21" if way == "index" else ""
    routed: list[Any] = await api.fetch(
        _ROUTED.format(option), OWNER, SPACE.space_id, query, K, [tag]
    )
    return routed


def report(one: Filter, readings: dict[str, Readings]) -> bool:
    """Print the three ways; whether the router met its targets."""
    for name, reading in readings.items():
        p50, p95 = quantiles(reading.ms)
        mean, p5 = float(np.mean(reading.recall)), float(np.percentile(reading.recall, 5))
        how = ",".join(sorted(reading.strategies))
        print(
            f"  {one.name:>8} {len(one.rows):>7} {name:>10} recall {mean:.4f} p5 {p5:.2f}"
            f"  p50 {p50:8.2f}  p95 {p95:8.2f} ms  short {reading.short:>4}  {how}",
            flush=True,
        )
    router = readings["router"]
    met = np.mean(router.recall) >= TARGET_RECALL and not router.short
    return bool(met and quantiles(router.ms)[1] <= TARGET_P95_MS)


async def main() -> None:
    """Measure every filter."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=200)
    options = parser.parse_args()
    clusters = Clusters(dimension=DIMENSION)
    vectors, queries = clusters.draw(options.rows, seed=1), clusters.draw(options.queries, seed=2)
    apart = nearest_and_farthest(vectors, queries[0], 0.05)
    filters = [*shares(options.rows), *apart]
    with servers() as stage:
        seconds = await load(stage, "filters", vectors, filters)
        print(f"{options.rows} x {DIMENSION}, index built in {seconds:.0f} s")
        api = await asyncpg.connect(stage.postgres.dsn("filters", "search_api"))
        worker = await asyncpg.connect(stage.postgres.dsn("filters", "search_worker"))
        for connection in (api, worker):
            await register_codecs(connection)
        costs = await worker.fetchrow("SELECT row_us, tuple_us FROM search.space_indexes")
        if costs and costs["row_us"]:
            print(f"a row {costs['row_us']:.2f} us, a tuple {costs['tuple_us']:.2f} us")
        truth = Truth(vectors)
        met = []
        for one in filters:
            asked = queries[:1].repeat(20, axis=0) if one in apart else queries
            met.append(report(one, await measure(api, worker, one, asked, truth)))
        await api.close()
        await worker.close()
    print(f"load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print("all targets met" if all(met) else "A TARGET IS MISSED")
    raise SystemExit(not all(met))


if __name__ == "__main__":
    asyncio.run(main())
