"""Bytes per vector, build, latency and recall of each way that pgvector can keep vectors.

Run: `.venv/bin/python -m bench.vector_memory [--rows 20000] [--dimension 128]`

The same drawn rows (`bench.clustered_vectors`) in one table each: `vector` (float32), `halfvec`,
and `halfvec` behind a graph of one bit per component (`binary_quantize`, Hamming) whose best
candidates are compared again in half precision. Graphs have m=16 and ef_construction=128. Bits are
taken of the raw components, and of components less their mean: the components of a space of
photographs do not have their middle at zero. Recall@20 is tie-aware against float32. Latencies are
of one asyncpg connection.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import numpy as np
from kioku_rt.db.vectors import register_codecs
from kioku_stack.postgres import Postgres, PostgresTuning

from bench.clustered_vectors import Clusters, Vectors
from bench.search_stage import quantiles

K = 20
EF = 200
_TIE = 1e-6
_TUNING = PostgresTuning(shared_buffers="1GB", maintenance_work_mem="1GB")
_GRAPH = "CREATE INDEX {table}_graph ON {table} USING hnsw ({key}) WITH (m=16, ef_construction=128)"


@dataclass(frozen=True)
class Way:
    """One way to keep and to find vectors.

    Args:
        column: the type of column `v`.
        key: what the graph is over; `{d}` is the dimension.
        query: the nearest rows; $1 is the vector, `{d}` the dimension, `{n}` the candidates.
        candidates: how many the graph hands on; 0: only those that are wanted.
        centred: whether bits are taken of the components less their mean.
    """

    name: str
    column: str
    key: str
    query: str
    candidates: int = 0
    centred: bool = False

    @property
    def table(self) -> str:
        """A name that SQL takes."""
        return "rows_" + "".join(
            letter if letter.isalnum() else "_" for letter in self.name.lower()
        )


_DIRECT = "SELECT n FROM {table} ORDER BY v <=> $1 LIMIT 20"
_BIT = "binary_quantize({what})::bit({d})"
_RERANKED = """
SELECT n FROM (SELECT n, v FROM {table} ORDER BY {rows} <~> {asked} LIMIT {n}) c
ORDER BY c.v <=> $1::halfvec({d}) LIMIT 20
"""


def ways() -> list[Way]:
    """Everything that is measured."""
    plain = [
        Way("float32", "vector({d})", "v vector_cosine_ops", _DIRECT),
        Way("halfvec", "halfvec({d})", "v halfvec_cosine_ops", _DIRECT),
    ]
    bits = [
        Way(
            f"bit, {n} again{extra}",
            "halfvec({d})",
            "({rows}) bit_hamming_ops",
            _RERANKED,
            n,
            centred,
        )
        for centred, extra in ((False, ""), (True, ", centred"))
        for n in (100, 400, 1000)
    ]
    return [*plain, *bits]


@dataclass(frozen=True)
class Reading:
    """What one way measured; bytes are per row."""

    heap: float
    graph: float
    seconds: float
    recall: float
    worst: float
    p50: float
    p95: float


class Measuring:
    """One library in one database.

    Args:
        connection: knows pgvector's types.
        base, queries: unit vectors.
    """

    def __init__(self, connection: asyncpg.Connection, base: Vectors, queries: Vectors) -> None:
        self._connection = connection
        self._base = base
        self._queries = queries
        self._mean = base.mean(axis=0)
        scores = queries @ base.T
        self._least = np.partition(scores, -K, axis=1)[:, -K] - np.float32(_TIE)
        self._filled: dict[tuple[str, str, bool], tuple[str, float]] = {}

    async def read(self, way: Way) -> Reading:
        """Fill, build, ask; tables are shared by ways that differ in the candidates only."""
        table, seconds = await self._table(way)
        heap, graph = await self._sizes(table)
        ef = min(1000, max(EF, way.candidates))
        await self._connection.execute(f"SET hnsw.ef_search = {ef}")
        recalls, milliseconds = await self._ask(way, table)
        count = len(self._base)
        p50, p95 = quantiles(milliseconds)
        worst = float(np.percentile(recalls, 5))
        mean = float(np.mean(recalls))
        return Reading(heap / count, graph / count, seconds, mean, worst, p50, p95)

    def _words(self, way: Way) -> dict[str, object]:
        """What the texts of a way are filled with."""
        dimension = self._base.shape[1]
        mean = ",".join(f"{number:.5g}" for number in self._mean)
        less = f" - '[{mean}]'::halfvec({dimension})" if way.centred else ""
        return {
            "d": dimension,
            "n": way.candidates,
            "rows": _BIT.format(what=f"v{less}", d=dimension),
            "asked": _BIT.format(what=f"($1::halfvec({dimension}){less})", d=dimension),
        }

    async def _table(self, way: Way) -> tuple[str, float]:
        kind = (way.column, way.key, way.centred)
        if kind not in self._filled:
            words = self._words(way)
            await self._connection.execute(
                f"CREATE TABLE {way.table} (n int, v {way.column.format(**words)});"
                f" ALTER TABLE {way.table} ALTER COLUMN v SET STORAGE PLAIN"
            )
            rows = enumerate(self._base)
            await self._connection.copy_records_to_table(way.table, records=rows)
            began = time.perf_counter()
            graph = _GRAPH.format(table=way.table, key=way.key.format(**words))
            await self._connection.execute(graph)
            self._filled[kind] = way.table, time.perf_counter() - began
            await self._connection.execute(f"VACUUM ANALYZE {way.table}")
        return self._filled[kind]

    async def _sizes(self, table: str) -> tuple[int, int]:
        row = await self._connection.fetchrow(
            "SELECT pg_table_size($1::text::regclass), pg_relation_size($2::text::regclass)",
            table,
            f"{table}_graph",
        )
        assert row is not None
        return row[0], row[1]

    async def _ask(self, way: Way, table: str) -> tuple[list[float], list[float]]:
        query = way.query.format(table=table, **self._words(way))
        recalls, milliseconds = [], []
        for number, vector in enumerate(self._queries):
            began = time.perf_counter()
            rows = await self._connection.fetch(query, vector)
            milliseconds.append((time.perf_counter() - began) * 1e3)
            found = [row["n"] for row in rows]
            scores = self._base[found] @ self._queries[number]
            recalls.append(float(np.sum(scores >= self._least[number]) / K))
        return recalls, milliseconds


def report(way: Way, reading: Reading) -> None:
    """One row of the table."""
    print(
        f"| {way.name} | {reading.heap:.0f} | {reading.graph:.0f} | {reading.seconds:.1f} |"
        f" {reading.recall:.4f} | {reading.worst:.2f} | {reading.p50:.2f} | {reading.p95:.2f} |",
        flush=True,
    )


async def main() -> None:
    """Measure every way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--dimension", type=int, default=128)
    parser.add_argument("--queries", type=int, default=200)
    options = parser.parse_args()
    clusters = Clusters(dimension=options.dimension)
    base, queries = clusters.draw(options.rows, seed=1), clusters.draw(options.queries, seed=2)
    with database() as dsn:
        connection = await asyncpg.connect(dsn, command_timeout=3600)
        await register_codecs(connection)
        measuring = Measuring(connection, base, queries)
        print(f"{options.rows} x {options.dimension}, load {os.getloadavg()[0]:.1f}\n")
        print("| way | heap B/row | graph B/row | build s | recall@20 | p5 | p50 ms | p95 ms |")
        print("|---|---|---|---|---|---|---|---|")
        for way in ways():
            report(way, await measuring.read(way))
        await connection.close()


@contextmanager
def database() -> Iterator[str]:
    """An empty database with pgvector, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="kioku-memory-") as folder:
        Path(folder).chmod(0o711)
        server = Postgres(Path(folder) / "postgres", auth="trust", tuning=_TUNING)
        server.start()
        try:
            server.create_database("memory")
            yield server.dsn("memory")
        finally:
            server.stop()


if __name__ == "__main__":
    asyncio.run(main())
