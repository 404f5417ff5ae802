"""Vectors in bulk into PostgreSQL, by COPY in its binary format.  Implements `Loader`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import asyncpg
from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason

from kioku_search.assets.asset import EMBEDDING_STAGE
from kioku_search.assets.asset_row import asset_of
from kioku_search.assets.stage_rows import finish_stage, hold_space, is_found
from kioku_search.indexes.dedicated import dedicated
from kioku_search.spaces.backfill_rows import WHOLE
from kioku_search.spaces.space import IMAGE
from kioku_search.vectors.bulk import Loaded

if TYPE_CHECKING:
    from uuid import UUID

    from kioku_search.indexes.index import SpaceIndex
    from kioku_search.vectors.bulk import Floats

_LONGEST_SECONDS = 300.0
_COLUMNS = ["space_id", "owner", "asset_id", "generation", "kind", "tags"]
_COLUMNS += ["shown_at", "frame_no", "embedding"]
# A deletion takes each of these rows for itself first, so nothing is written for a dead asset.
_ASSETS = """
SELECT a.*, '{}'::search.asset_stages[] AS stages, EXISTS (
    SELECT FROM search.image_embeddings e WHERE e.owner = a.owner AND e.asset_id = a.asset_id
        AND e.space_id = $3 AND e.frame_no = $4) AS stored
FROM search.assets a WHERE a.owner = $1 AND a.asset_id = ANY($2) AND a.kind = 'IMAGE'
    AND a.state IN ('PROCESSING', 'READY', 'FAILED') ORDER BY a.asset_id FOR KEY SHARE OF a
"""


class BulkStore:
    """Loads vectors, each batch in a transaction and over a connection of its own.

    Args:
        dsn: of the role `search_worker`.
    """

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn

    async def put(
        self, index: SpaceIndex, owner: str, asset_ids: list[UUID], vectors: Floats
    ) -> Loaded:
        """Write what is not there yet.  Raises KiokuError ASSET_NOT_FOUND, SPACE_UNKNOWN."""
        async with dedicated(self._dsn, "bulk", seconds=_LONGEST_SECONDS) as connection:
            try:
                return await _put(connection, index, owner, asset_ids, vectors)
            except asyncpg.UniqueViolationError:  # an event brought one meanwhile
                return await _put(connection, index, owner, asset_ids, vectors)


async def _put(
    connection: asyncpg.Connection[Any],
    index: SpaceIndex,
    owner: str,
    asset_ids: list[UUID],
    vectors: Floats,
) -> Loaded:
    async with connection.transaction():
        target = await hold_space(connection, index.space_id, owner)
        if target.retired:
            raise KiokuError(Reason.SPACE_UNKNOWN)
        rows = await connection.fetch(_ASSETS, owner, asset_ids, index.space_id, WHOLE)
        known = {row["asset_id"]: row for row in rows}
        for number, one in enumerate(asset_ids):
            if one not in known:
                raise KiokuError(Reason.ASSET_NOT_FOUND, field=f"asset_ids[{number}]")
        new = [
            (known[one], vector)
            for one, vector in zip(asset_ids, vectors, strict=True)
            if not known[one]["stored"]
        ]
        await connection.copy_records_to_table(
            "image_embeddings",
            schema_name="search",
            columns=_COLUMNS,
            records=[_record(index.space_id, row, vector) for row, vector in new],
        )
        waiting = [asset_of(row) for row, _ in new if row["state"] != "READY"]
        for asset in waiting if target.kind == IMAGE else []:
            if await is_found(connection, asset):
                await finish_stage(connection, asset, EMBEDDING_STAGE, 1)
    return Loaded(len(new), len(asset_ids) - len(new))


def _record(space_id: str, row: asyncpg.Record, vector: Floats) -> tuple[Any, ...]:
    asset = asset_of(row)
    return (
        space_id,
        asset.owner,
        asset.asset_id,
        asset.generation,
        asset.kind,
        list(asset.labels),
        asset.shown_at,
        WHOLE,
        vector,
    )
