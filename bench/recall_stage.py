"""What the benches of recall stand on: a library of 128 numbers a vector, tags, and the truth."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace
from datetime import UTC, datetime
from typing import Any

import asyncpg
import numpy as np
import numpy.typing as npt
from kioku_rt.db import Migrations
from kioku_rt.db.vectors import register_codecs
from kioku_search.indexes.index import Parameters

from bench.search_stage import SPACE as WIDE
from bench.search_stage import Stage, Vectors, asset_ids

DIMENSION, K = 128, 20
OWNER = "everything"
SPACE = replace(WIDE, space_id="recall@0123456789ab", model="recall", dimension=DIMENSION)
_ASSET = ["owner", "asset_id", "tags", "kind", "state", "filename", "content_type", "size_bytes"]
_VECTOR = ["owner", "asset_id", "tags", "embedding", "kind", "space_id", "generation", "shown_at"]
_CHUNK = 50_000
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Filter:
    """A tag, and the rows that have it."""

    name: str
    rows: Rows


def shares(count: int) -> list[Filter]:
    """Tags on every n-th row: half, a tenth, and so on to a ten-thousandth."""
    every = {"50%": 2, "10%": 10, "1%": 100, "0.1%": 1000, "0.01%": 10_000}
    return [Filter(name, np.arange(0, count, step)) for name, step in every.items()]


def nearest_and_farthest(vectors: Vectors, query: Vectors, share: float) -> list[Filter]:
    """The share of rows that is nearest to a query, and the one that is farthest from it."""
    order = np.argsort(-(vectors @ query))
    count = max(1, int(len(vectors) * share))
    return [
        Filter(f"near {share:.0%}", np.sort(order[:count])),
        Filter(f"far {share:.0%}", np.sort(order[-count:])),
    ]


async def load(
    stage: Stage,
    database: str,
    vectors: Vectors,
    filters: Sequence[Filter] = (),
    parameters: Parameters | None = None,
) -> float:
    """A database with one owner's READY assets and their index; seconds for the index."""
    stage.postgres.create_database(database)
    dsn = stage.postgres.dsn(database)
    await Migrations("kioku_search.migrations", "search").apply(dsn)
    connection = await asyncpg.connect(dsn, command_timeout=3600)
    try:
        await register_codecs(connection)
        await connection.execute(
            "SELECT search.register_indexed_space($1, $2, $3, $4, $5, $6, $7, $8, $9,"
            " 'none', 'halfvec_cosine_ops', 16, 128, 100)",
            *astuple(SPACE),
        )
        await _copy(connection, vectors, filters)
        seconds = await build(connection, parameters or Parameters())
        await connection.execute("VACUUM ANALYZE search.image_embeddings")
        await connection.execute("VACUUM ANALYZE search.assets")
        await connection.execute("VACUUM ANALYZE search.asset_tags")
        await measure_costs(connection)
    finally:
        await connection.close()
    return seconds


async def _copy(
    connection: asyncpg.Connection[Any], vectors: Vectors, filters: Sequence[Filter]
) -> None:
    now, ids = datetime.now(UTC), asset_ids(len(vectors))
    tags: list[list[str]] = [[] for _ in ids]
    for one in filters:
        for row in one.rows:
            tags[row].append(one.name)
    asset = ("IMAGE", "READY", "a.jpg", "image/jpeg", 1, now)
    vector = ("IMAGE", SPACE.space_id, 1, now)
    for start in range(0, len(ids), _CHUNK):
        part = range(start, min(len(ids), start + _CHUNK))
        await connection.copy_records_to_table(
            "assets",
            schema_name="search",
            columns=[*_ASSET, "upload_until"],
            records=((OWNER, ids[row], tags[row], *asset) for row in part),
        )
        await connection.copy_records_to_table(
            "image_embeddings",
            schema_name="search",
            columns=_VECTOR,
            records=((OWNER, ids[row], tags[row], vectors[row], *vector) for row in part),
        )


async def build(connection: asyncpg.Connection[Any], parameters: Parameters) -> float:
    """Give the space an index by hand, in place of the one it has; seconds."""
    row = await connection.fetchrow(
        "SELECT s.partition_name, i.index_name FROM search.spaces s"
        " JOIN search.space_indexes i USING (space_id)"
    )
    if row is None:
        raise RuntimeError("there is no space")
    if row["index_name"]:
        await connection.execute(f"DROP INDEX search.{row['index_name']}")
    method, opclass, m, ef_construction, lists = astuple(parameters)
    name = f"{row['partition_name']}_{method}"
    text = await connection.fetchval(
        "SELECT search.index_sql('', $1, $2, $3, $4, $5, $6, $7, $8)",
        *(name, row["partition_name"], DIMENSION, method, opclass, m, ef_construction, lists),
    )
    started = asyncio.get_running_loop().time()
    await connection.execute(text)
    seconds = asyncio.get_running_loop().time() - started
    await connection.execute(
        "UPDATE search.space_indexes SET method = $1, opclass = $2, index_name = $3",
        *(method, opclass, name),
    )
    return seconds


async def measure_costs(connection: asyncpg.Connection[Any]) -> tuple[float, float]:
    """Time a row and a tuple on this machine and keep both; microseconds each."""
    row = await connection.fetchrow("SELECT * FROM search.measure_costs($1)", SPACE.space_id)
    if row is None or not row["row_us"] or row["row_us"] <= 0 or row["tuple_us"] <= 0:
        return 0.0, 0.0
    await connection.execute(
        "UPDATE search.space_indexes SET row_us = $1, tuple_us = $2, measured_rows = $3",
        *(row["row_us"], row["tuple_us"], 2**60),  # the service need not time them again
    )
    return row["row_us"], row["tuple_us"]


class Truth:
    """The true neighbours, by comparison with everything, on the numbers as stored."""

    def __init__(self, vectors: Vectors) -> None:
        self._stored = vectors.astype(np.float16).astype(np.float32)
        self._stored /= np.linalg.norm(self._stored, axis=1, keepdims=True)

    def distances(self, query: Vectors, rows: Rows | None = None, k: int = K) -> list[float]:
        """Of the k nearest among `rows`, nearest first."""
        asked = query.astype(np.float16).astype(np.float32)
        among = self._stored if rows is None else self._stored[rows]
        scores = among @ (asked / np.linalg.norm(asked))
        count = min(k, len(scores))
        nearest = -np.partition(-scores, count - 1)[:count]
        return sorted(float(1 - score) for score in nearest)
