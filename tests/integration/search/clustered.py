"""A library whose vectors lie like those of photographs, with tags of every selectivity."""

from __future__ import annotations

import uuid
from dataclasses import astuple
from datetime import UTC, datetime
from functools import cache

import numpy as np
from kioku_rt.db import Migrations, close_pool, open_pool

from bench.clustered_vectors import Clusters
from tests.integration.search.rig import space

ROWS, DIMENSION, K = 3000, 32, 20
NOW = datetime(2026, 1, 1, tzinfo=UTC)
SPACE = space("clustered", DIMENSION)
SHARES = {"half": 2, "tenth": 10, "hundredth": 100, "thousandth": 1000, "once": ROWS}
IDS = [uuid.UUID(int=index + 1) for index in range(ROWS + 3)]
OWNERS = ["everything"] * ROWS + ["three"] * 3
CLUSTERS = Clusters(dimension=DIMENSION, topics=200)

_ASSET = ["owner", "asset_id", "tags", "kind", "state", "filename", "content_type", "size_bytes"]
_VECTOR = ["owner", "asset_id", "tags", "embedding", "kind", "space_id", "generation", "shown_at"]


@cache
def vectors() -> np.ndarray:
    """Unit vectors as half precision keeps them."""
    return CLUSTERS.draw(len(OWNERS), seed=1).astype(np.float16).astype(np.float32)


@cache
def queries(count: int = 12) -> np.ndarray:
    """Queries that are not in the library."""
    return CLUSTERS.draw(count, seed=2)


def tags(index: int, rank: int) -> list[str]:
    """The n-th ones have the tag of a share; near and far are so from the first query."""
    shares = [name for name, every in SHARES.items() if index % every == 0]
    return [*shares, *["near"] * (rank < ROWS // 20), *["far"] * (rank > ROWS * 9 // 10)]


async def fill(dsn: str) -> None:
    """One owner with nearly everything, one with three assets; the graph built after the load."""
    await Migrations("kioku_search.migrations", "search").apply(dsn)
    pool = await open_pool(dsn, application_name="fill")
    drawn = vectors()
    ranks = np.argsort(np.argsort(-(drawn @ queries()[0])))
    rows = [
        (owner, asset, tags(index, int(rank)), vector)
        for index, (owner, asset, vector, rank) in enumerate(
            zip(OWNERS, IDS, drawn, ranks, strict=True)
        )
    ]
    async with pool.acquire() as connection:
        await connection.execute("SET statement_timeout = 0")
        await connection.execute(
            "SELECT search.register_indexed_space($1, $2, $3, $4, $5, $6, $7, $8, $9,"
            " 'none', 'halfvec_cosine_ops', 16, 64, 50)",
            *astuple(SPACE),
        )
        await connection.copy_records_to_table(
            "assets",
            schema_name="search",
            columns=[*_ASSET, "upload_until"],
            records=[(*row[:3], "IMAGE", "READY", "a.jpg", "image/jpeg", 1, NOW) for row in rows],
            timeout=120,
        )
        await connection.copy_records_to_table(
            "image_embeddings",
            schema_name="search",
            columns=_VECTOR,
            records=[(*row, "IMAGE", SPACE.space_id, 1, NOW) for row in rows],
            timeout=120,
        )
        await build(connection, "hnsw", "halfvec_cosine_ops")
        await connection.execute("ANALYZE search.image_embeddings, search.assets", timeout=60)
    await close_pool(pool)


async def build(connection, method: str, opclass: str) -> None:
    """Give the space another index at once, as an owner could by hand."""
    row = await connection.fetchrow(
        "SELECT s.partition_name, i.index_name FROM search.spaces s"
        " JOIN search.space_indexes i USING (space_id) WHERE space_id = $1",
        SPACE.space_id,
    )
    name = f"{row['partition_name']}_{method}"
    if row["index_name"]:
        await connection.execute(f"DROP INDEX search.{row['index_name']}")
    text = await connection.fetchval(
        "SELECT search.index_sql('', $1, $2, $3, $4, $5, 16, 64, 50)",
        *(name, row["partition_name"], DIMENSION, method, opclass),
    )
    await connection.execute(text, timeout=120)
    await connection.execute(
        "UPDATE search.space_indexes SET method = $2, opclass = $3, index_name = $4"
        " WHERE space_id = $1",
        *(SPACE.space_id, method, opclass, name),
    )


def truth(query: np.ndarray, keep: np.ndarray, k: int = K) -> np.ndarray:
    """Cosine distances of the k nearest among the rows to keep, nearest first."""
    drawn = vectors()[keep].astype(np.float64)
    asked = query.astype(np.float16).astype(np.float64)
    distances = 1 - drawn @ asked / (np.linalg.norm(drawn, axis=1) * np.linalg.norm(asked))
    return np.sort(distances)[:k]
