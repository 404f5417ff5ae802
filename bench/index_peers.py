"""Writing vectors: Kioku beside raw asyncpg into the same graph, with twenty searches a second.

Run: `.venv/bin/python -m bench.index_peers [--rows 20000] [--updates 2000] [--dimension 128]`

Live: raw is one UPSERT a transaction by as many connections as the service has slots. Kioku's
update is the event fetched and recorded, the vector checked and stored, stage and asset marked, the
audit row written, in one transaction, and the event acknowledged. Both write into a graph that is
there, and PostgreSQL syncs every commit. Rounds alternate. Bulk: COPY into a bare table of ids and
vectors and then its graph, beside COPY into Kioku's schema (assets, tags by trigger, vectors under
all checks and keys) and then the same graph. Targets: live 0.5 of raw, bulk 0.8.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from statistics import median

import asyncpg
from kioku.common.v1 import vector_pb2
from kioku.search.v1 import search_service_pb2 as pb
from kioku.search.v1.search_service_pb2_grpc import SearchServiceStub
from kioku_rt.db.vectors import register_codecs
from kioku_search.settings import Settings
from kioku_search.spaces.space import Space

from bench.clustered_vectors import Clusters
from bench.search_index_rate import DATABASE, finished, order, publish
from bench.search_stage import (
    SPACE,
    Stage,
    Vectors,
    fill,
    just_started,
    quantiles,
    servers,
    service,
)

SEARCHES_A_SECOND = 20
ROUNDS = 2
TARGET_LIVE, TARGET_BULK = 0.5, 0.8
_RAW = "raw_updates"
_UPSERT = (
    "INSERT INTO raw (asset_id, embedding) VALUES ($1, $2)"
    " ON CONFLICT (asset_id) DO UPDATE SET embedding = EXCLUDED.embedding"
)
_GRAPH = (
    "CREATE INDEX ON raw USING hnsw (embedding halfvec_cosine_ops) WITH (m=16, ef_construction=128)"
)


@dataclass
class Rates:
    """Of one side: rows a second by round, and milliseconds of the searches meanwhile."""

    rows: list[float] = field(default_factory=list)
    searches: list[float] = field(default_factory=list)


@asynccontextmanager
async def searched(
    ask: Callable[[int], Awaitable[object]], times: list[float]
) -> AsyncIterator[None]:
    """Twenty searches a second while the block runs, each timed from when it was due."""

    async def one(number: int, due: float) -> None:
        await ask(number)
        times.append((time.perf_counter() - due) * 1e3)

    async def pace() -> None:
        began, number = time.perf_counter(), 0
        async with asyncio.TaskGroup() as group:
            while True:
                due = began + number / SEARCHES_A_SECOND
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                group.create_task(one(number, due))
                number += 1

    pacing = asyncio.create_task(pace())
    try:
        yield
    finally:
        pacing.cancel()
        await asyncio.gather(pacing, return_exceptions=True)


class Raw:
    """A bare table with a graph, through asyncpg."""

    def __init__(self, pool: asyncpg.Pool, queries: Vectors) -> None:
        self._pool = pool
        self._queries = queries
        self.rates = Rates()

    async def fill(self, base: Vectors) -> float:
        """COPY, then the graph; seconds."""
        began = time.perf_counter()
        async with self._pool.acquire() as connection:
            await connection.execute(
                "CREATE TABLE raw (asset_id uuid PRIMARY KEY,"
                f" embedding halfvec({base.shape[1]}) NOT NULL)"
            )
            records = ((uuid.UUID(int=n + 1), vector) for n, vector in enumerate(base))
            await connection.copy_records_to_table("raw", records=records)
            await connection.execute(_GRAPH)
        return time.perf_counter() - began

    async def update(self, vectors: Vectors) -> None:
        """One round of UPSERTs."""
        rows = iter([(uuid.uuid4(), vector) for vector in vectors])

        async def write() -> None:
            async with self._pool.acquire() as connection:
                for row in rows:
                    await connection.execute(_UPSERT, *row)

        async with searched(self._search, self.rates.searches):
            began = time.perf_counter()
            await asyncio.gather(*(write() for _ in range(Settings().embedding_slots)))
            self.rates.rows.append(len(vectors) / (time.perf_counter() - began))

    async def _search(self, number: int) -> object:
        query = "SELECT asset_id FROM raw ORDER BY embedding <=> $1 LIMIT 20"
        return await self._pool.fetch(query, self._queries[number % len(self._queries)])


class Ours:
    """The service."""

    def __init__(self, stage: Stage, space: Space, queries: Vectors) -> None:
        self._stage = stage
        self._space = space
        self._queries = queries
        self._ready = 0
        self.rates = Rates()

    async def fill(self, base: Vectors) -> float:
        """A schema, assets, vectors, then the graph; seconds."""
        began = time.perf_counter()
        await fill(self._stage, DATABASE, base, ["everything"] * len(base), space=self._space)
        self._ready, seconds = len(base), time.perf_counter() - began
        async with service(self._stage, DATABASE):
            return seconds

    async def update(self, vectors: Vectors) -> None:
        """One round: all events are in the log when the service begins to work through them."""
        ids = await order(self._stage, len(vectors))
        await publish(self._stage, ids, vectors, self._space)
        self._ready += len(vectors)
        async with just_started(self._stage, DATABASE) as served, served.channel() as wire:
            began = time.perf_counter()
            stub, token = SearchServiceStub(wire), served.metadata("everything")

            async def search(number: int) -> object:
                values = self._queries[number % len(self._queries)].tolist()
                vector = vector_pb2.Vector(space_id=self._space.space_id, values=values)
                return await stub.Search(pb.SearchRequest(vector=vector, k=20), metadata=token)

            async with searched(search, self.rates.searches):
                await finished(self._stage, self._ready)
                self.rates.rows.append(len(vectors) / (time.perf_counter() - began))


def report(raw: Rates, ours: Rates, bulk: tuple[float, float], rows: int) -> bool:
    """Rates, ratios by round, and searches meanwhile; whether both targets are met."""
    for name, rates in (("raw asyncpg", raw), ("Kioku, by events", ours)):
        p50, p95 = quantiles(rates.searches)
        print(f"  live, {name:18} {median(rates.rows):7.0f} rows/s; searches p50 {p50:.1f}", end="")
        print(f" / p95 {p95:.1f} ms ({len(rates.searches)} of them)")
    live = median(one / other for one, other in zip(ours.rows, raw.rows, strict=True))
    loaded = bulk[0] / bulk[1]
    print(f"  live ratio {live:.2f} (target {TARGET_LIVE})")
    print(
        f"  bulk, raw {rows / bulk[0]:.0f} rows/s, Kioku's schema {rows / bulk[1]:.0f} rows/s:",
        end="",
    )
    print(f" ratio {loaded:.2f} (target {TARGET_BULK})")
    return live >= TARGET_LIVE and loaded >= TARGET_BULK


async def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--updates", type=int, default=2_000, help="in all rounds together")
    parser.add_argument("--dimension", type=int, default=128)
    options = parser.parse_args()
    clusters = Clusters(dimension=options.dimension)
    vectors = clusters.draw(options.rows + options.updates, seed=1)
    base, new = vectors[: options.rows], vectors[options.rows :]
    queries = clusters.draw(500, seed=2)
    with servers() as stage:
        stage.postgres.create_database(_RAW)
        pool = await asyncpg.create_pool(
            stage.postgres.dsn(_RAW), init=register_codecs, max_size=16
        )
        raw = Raw(pool, queries)
        ours = Ours(stage, replace(SPACE, dimension=options.dimension), queries)
        bulk = (await raw.fill(base), await ours.fill(base))
        each = len(new) // ROUNDS
        for number in range(ROUNDS):
            part = new[number * each : (number + 1) * each]
            await raw.update(part)
            await ours.update(part)
        await pool.close()
    print(f"library {options.rows} x {options.dimension}, load {os.getloadavg()[0]:.1f}")
    raise SystemExit(not report(raw.rates, ours.rates, bulk, options.rows))


if __name__ == "__main__":
    asyncio.run(main())
