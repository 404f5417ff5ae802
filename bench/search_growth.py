"""What a search costs as a space grows, at the same recall: plain SQL beside the whole service.

Run: `.venv/bin/python -m bench.search_growth [--sizes 10000 100000 1000000] [--queries 300]`

One owner, 128 numbers a vector, k = 20, HNSW with m = 16 and ef_construction = 128. For each size
the effort is found by the rpc TuneIndex for a mean recall of 0.98 on 200 queries, then every query
of another set is asked twice, not in a row: as plain SQL through bare asyncpg with that
`ef_search`, and through gRPC. An effort fixed in a file looks cheaper as a space grows and finds
less; at equal recall the cost is what it is.
Target: gRPC at p50 within 1.0 ms of plain SQL at each size; recall at least 0.97 on other queries
than those it was tuned by.
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
from kioku.common.v1 import vector_pb2
from kioku.search.v1 import index_service_pb2 as index_pb
from kioku.search.v1 import search_service_pb2 as pb
from kioku.search.v1.index_service_pb2_grpc import IndexServiceStub
from kioku.search.v1.search_service_pb2_grpc import SearchServiceStub
from kioku_rt.db.vectors import register_codecs
from kioku_search.indexes.recall import tied_recall

from bench.clustered_vectors import Clusters
from bench.recall_stage import DIMENSION, OWNER, SPACE, K, Truth, load
from bench.search_stage import Served, Stage, Vectors, quantiles, servers, service

TARGET_RECALL, ACCEPTED_RECALL, TARGET_OVERHEAD_MS, WARM_UP = 0.98, 0.97, 1.0, 50
_PLAIN = """
SELECT e.asset_id, e.embedding::halfvec(128) <=> $1::halfvec(128) AS distance
FROM search.image_embeddings e WHERE e.space_id = 'recall@0123456789ab'
ORDER BY e.embedding::halfvec(128) <=> $1::halfvec(128) LIMIT 20
"""


@dataclass
class Readings:
    """What one size gave."""

    effort: int
    sql_ms: list[float] = field(default_factory=list)
    grpc_ms: list[float] = field(default_factory=list)
    sql_recall: list[float] = field(default_factory=list)
    grpc_recall: list[float] = field(default_factory=list)
    strategies: set[str] = field(default_factory=set)


async def measure(stage: Stage, name: str, vectors: Vectors, queries: Vectors) -> Readings:
    """Fill, tune, ask."""
    seconds = await load(stage, name, vectors)
    print(f"\n{len(vectors)} vectors, index built in {seconds:.0f} s", flush=True)
    async with service(stage, name, KIOKU_RECALL_TARGET="0") as served:
        effort = await tuned(served)
        worker = await asyncpg.connect(stage.postgres.dsn(name, "search_worker"))
        await register_codecs(worker)
        await worker.execute(f"SET hnsw.ef_search = {effort}")
        try:
            return await ask(served, worker, effort, queries, Truth(vectors))
        finally:
            await worker.close()


async def tuned(served: Served) -> int:
    """The smallest effort for the target, found and set by the service."""
    async with served.channel() as wire:
        answer = await IndexServiceStub(wire).TuneIndex(
            index_pb.TuneIndexRequest(
                space_id=SPACE.space_id,
                target=TARGET_RECALL,
                vectors=[
                    vector_pb2.Vector(values=one.tolist())
                    for one in Clusters(dimension=DIMENSION).draw(200, seed=4)
                ],
            ),
            metadata=served.metadata("bench", "index.admin"),
            timeout=280,
        )
    for one in answer.tried:
        print(f"  effort {one.effort:>5}: recall {one.mean:.4f} p5 {one.p5:.2f}", flush=True)
    return int(answer.index.effort)


async def ask(
    served: Served,
    worker: asyncpg.Connection[Any],
    effort: int,
    queries: Vectors,
    truth: Truth,
) -> Readings:
    """Every query both ways, but never both ways in a row: a graph just walked is warm."""
    readings, token = Readings(effort), served.metadata(OWNER)
    async with served.channel() as wire:
        stub = SearchServiceStub(wire)
        for step in range(-WARM_UP, len(queries)):
            here, there = (queries[n % len(queries)] for n in (step, step + len(queries) // 2))
            started = time.perf_counter()
            rows = await worker.fetch(_PLAIN, here)
            between = time.perf_counter()
            vector = vector_pb2.Vector(space_id=SPACE.space_id, values=there.tolist())
            answer = await stub.Search(pb.SearchRequest(vector=vector, k=K), metadata=token)
            ended = time.perf_counter()
            if step >= 0:
                readings.sql_ms.append((between - started) * 1e3)
                readings.grpc_ms.append((ended - between) * 1e3)
                found = sorted(row["distance"] for row in rows)
                readings.sql_recall.append(tied_recall(found, truth.distances(here), K))
                hits = [1 - hit.score - 1e-6 for hit in answer.hits]  # scores are single precision
                readings.grpc_recall.append(tied_recall(hits, truth.distances(there), K))
                readings.strategies.add(answer.explain.strategy)
    return readings


def report(size: int, readings: Readings) -> bool:
    """Print one size; whether the targets are met."""
    sql, ours = quantiles(readings.sql_ms), quantiles(readings.grpc_ms)
    recalls = float(np.mean(readings.sql_recall)), float(np.mean(readings.grpc_recall))
    print(f"  {size:>9} rows, effort {readings.effort}, {','.join(sorted(readings.strategies))}")
    print(f"    plain SQL  p50 {sql[0]:7.2f}  p95 {sql[1]:7.2f} ms  recall {recalls[0]:.4f}")
    print(f"    gRPC       p50 {ours[0]:7.2f}  p95 {ours[1]:7.2f} ms  recall {recalls[1]:.4f}")
    print(f"    added      p50 {ours[0] - sql[0]:7.2f} ms (target {TARGET_OVERHEAD_MS})")
    return recalls[1] >= ACCEPTED_RECALL and ours[0] - sql[0] <= TARGET_OVERHEAD_MS


async def main() -> None:
    """Measure every size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--queries", type=int, default=300)
    options = parser.parse_args()
    clusters, met, first = Clusters(dimension=DIMENSION), [], 0.0
    queries = clusters.draw(options.queries, seed=2)
    with servers() as stage:
        for size in options.sizes:
            readings = await measure(stage, f"growth_{size}", clusters.draw(size, 1), queries)
            met.append(report(size, readings))
            p50 = quantiles(readings.grpc_ms)[0]
            first = first or p50
            print(f"    gRPC p50 is {p50 / first:.1f} times that of the smallest", flush=True)
    print(f"load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print("all targets met" if all(met) else "A TARGET IS MISSED")
    raise SystemExit(not all(met))


if __name__ == "__main__":
    asyncio.run(main())
