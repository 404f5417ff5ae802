"""An index is damaged on purpose; the service's own measure of recall falls, and comes back.

Run: `.venv/bin/python -m bench.recall_watch [--rows 100000] [--seconds 60]`

One owner, 128 numbers a vector, k = 20; every search by the index may be run twice, and at once
(`KIOKU_RECALL_SHARE=1`, `KIOKU_RECALL_DUTY=1`; by default it is one in a hundred, in a tenth of the
time). What the service says of itself is read from its metrics, and beside it stands the recall
that this bench counts against the truth. Chapters:

1. as built; 2. the effort forced to 20, and left to find its way back; 3. a third of the vectors
deleted, no vacuum; 4. a graph of 4 neighbours a vector in place of 16; 5. the rpc TuneIndex orders
one of 16 again.

Targets: in every chapter the told mean is within 0.03 of the counted one; at the end of chapters 2
and 5 the counted one is at least 0.97; chapter 4 is seen (told below 0.98, or more effort).
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import numpy as np
from kioku.common.v1 import vector_pb2
from kioku.search.v1 import index_service_pb2 as index_pb
from kioku.search.v1 import search_service_pb2 as pb
from kioku.search.v1.index_service_pb2_grpc import IndexServiceStub
from kioku.search.v1.search_service_pb2_grpc import SearchServiceStub
from kioku_rt.db.vectors import register_codecs
from kioku_search.indexes.index import Parameters
from kioku_search.indexes.recall import tied_recall

from bench.clustered_vectors import Clusters
from bench.recall_stage import DIMENSION, OWNER, SPACE, K, Rows, Truth, build, load
from bench.search_stage import Served, Vectors, servers, service

NEAR_ENOUGH, RECOVERED, TARGET = 0.03, 0.97, 0.98
PAUSE_SECONDS, LAST = 0.1, 40
_FRESH = "UPDATE search.space_indexes SET effort_since = clock_timestamp(), missed_effort = 0"


@dataclass(frozen=True)
class Chapter:
    """What was told and counted at the end of one."""

    name: str
    told: float
    p5: float
    count: int
    effort: int
    counted: float
    last: float


class World:
    """The service under steady searches, and the truth beside it."""

    def __init__(self, served: Served, owner: asyncpg.Connection[Any], vectors: Vectors) -> None:
        self.served, self.owner = served, owner
        self.vectors, self.truth = vectors, Truth(vectors)
        self.alive: Rows = np.arange(len(vectors))
        self._queries: Iterator[Vectors] = iter(Clusters(dimension=DIMENSION).draw(50_000, seed=3))

    async def live(self, name: str, seconds: float) -> Chapter:
        """Search for a while; what those searches really found, and what the metrics say of them.

        Both are means over the chapter, or over its newest 200 searches.
        """
        await self.owner.execute("DELETE FROM search.recall_samples")
        counted: list[float] = []
        async with self.served.channel() as wire:
            stub = SearchServiceStub(wire)
            end = asyncio.get_running_loop().time() + seconds
            while asyncio.get_running_loop().time() < end:
                counted.append(await self._ask(stub))
                await asyncio.sleep(PAUSE_SECONDS)
        await asyncio.sleep(11)  # metrics are refreshed every ten seconds
        told = await self._metrics()
        chapter = Chapter(
            name,
            told.get("mean", 0.0),
            told.get("p5", 0.0),
            int(told.get("count", 0)),
            int(told["ef_search"]),
            float(np.mean(counted[-200:])),
            float(np.mean(counted[-LAST:])),
        )
        print(
            f"  {name:<42} told mean {chapter.told:.3f} p5 {chapter.p5:.2f} of {chapter.count:>4}"
            f"  effort {chapter.effort:>4}  counted {chapter.counted:.3f},"
            f" at the end {chapter.last:.3f}",
            flush=True,
        )
        return chapter

    async def _ask(self, stub: Any) -> float:
        query = next(self._queries)
        answer = await stub.Search(
            pb.SearchRequest(
                vector=vector_pb2.Vector(space_id=SPACE.space_id, values=query.tolist()), k=K
            ),
            metadata=self.served.metadata(OWNER),
        )
        found = [1 - hit.score - 1e-6 for hit in answer.hits]  # scores are single precision
        return tied_recall(found, self.truth.distances(query, self.alive), K)

    async def _metrics(self) -> dict[str, float]:
        async with httpx.AsyncClient() as client:
            page = (await client.get(f"http://127.0.0.1:{self.served.metrics_port}/metrics")).text
        found = re.findall(r'^kioku_search_recall\{.*statistic="(\w+)"\} (\S+)', page, re.M)
        effort = re.findall(r"^(kioku_search_ef_search)\{.*\} (\S+)", page, re.M)
        return {name.removeprefix("kioku_search_"): float(one) for name, one in found + effort}

    async def force(self, effort: int) -> None:
        """Set the effort by hand."""
        await self.owner.execute("UPDATE search.space_indexes SET effort = $1", effort)
        await self.owner.execute(_FRESH)

    async def delete(self, share: float) -> None:
        """Remove vectors, and keep the table from being vacuumed."""
        partition = await self.owner.fetchval("SELECT partition_name FROM search.spaces")
        await self.owner.execute(f"ALTER TABLE search.{partition} SET (autovacuum_enabled = off)")
        gone = np.random.default_rng(5).random(len(self.vectors)) < share
        self.alive = np.flatnonzero(~gone)
        await self.owner.execute(
            "DELETE FROM search.image_embeddings WHERE asset_id = ANY($1)",
            [UUID(int=int(row) + 1) for row in np.flatnonzero(gone)],
        )

    async def order(self, parameters: index_pb.IndexParameters) -> str:
        """Have the service build another index; the job's last state."""
        token = self.served.metadata("bench", "index.admin")
        async with self.served.channel() as wire:
            stub = IndexServiceStub(wire)
            await stub.TuneIndex(
                index_pb.TuneIndexRequest(space_id=SPACE.space_id, parameters=parameters),
                metadata=token,
            )
            while True:
                answer = await stub.GetIndex(
                    index_pb.GetIndexRequest(space_id=SPACE.space_id), metadata=token
                )
                if answer.index.job.state in ("DONE", "FAILED"):
                    return f"{answer.index.job.state} {answer.index.job.message}".strip()
                await asyncio.sleep(1)


async def chapters(world: World, seconds: float) -> list[Chapter]:
    """Damage and mend."""
    told = [await world.live("as built", seconds)]
    await world.force(20)
    told.append(await world.live("effort forced to 20, then left alone", seconds))
    await world.delete(1 / 3)
    told.append(await world.live("a third deleted, no vacuum", seconds))
    await build(world.owner, Parameters(m=4, ef_construction=8))
    await world.owner.execute(_FRESH)
    told.append(await world.live("a graph of 4 neighbours a vector", seconds))
    print(f"  TuneIndex: {await world.order(index_pb.IndexParameters(m=16, ef_construction=128))}")
    told.append(await world.live("a graph of 16 again", seconds))
    return told


def met(told: list[Chapter]) -> bool:
    """Whether the targets are met."""
    honest = all(abs(one.told - one.counted) <= NEAR_ENOUGH for one in told if one.count >= LAST)
    built, forced, _, damaged, mended = told
    seen = damaged.told < TARGET or damaged.effort > built.effort
    return honest and seen and forced.last >= RECOVERED and mended.last >= RECOVERED


async def main() -> None:
    """Tell the story."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args()
    vectors = Clusters(dimension=DIMENSION).draw(options.rows, seed=1)
    with servers() as stage:
        seconds = await load(stage, "watch", vectors)
        print(f"{options.rows} x {DIMENSION}, index built in {seconds:.0f} s", flush=True)
        owner = await asyncpg.connect(stage.postgres.dsn("watch"))
        await register_codecs(owner)
        environment = {
            "KIOKU_RECALL_SHARE": "1",
            "KIOKU_RECALL_DUTY": "1",
            "KIOKU_RECALL_TARGET": str(TARGET),
            "KIOKU_RECALL_WINDOW": "200",
            "KIOKU_SEARCH_INDEX_DSN": stage.postgres.dsn("watch"),
        }
        async with service(stage, "watch", **environment) as served:
            told = await chapters(World(served, owner, vectors), options.seconds)
        await owner.close()
    print(f"load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print("all targets met" if met(told) else "A TARGET IS MISSED")
    raise SystemExit(not met(told))


if __name__ == "__main__":
    asyncio.run(main())
