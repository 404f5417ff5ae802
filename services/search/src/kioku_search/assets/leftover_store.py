"""Uploads that ended, in PostgreSQL.  Implements `UploadLeftovers`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kioku_rt.db import forget_processed
from kioku_rt.reasons import CATALOGUE, Reason

from kioku_search.database import SCHEMA, unbound

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta
    from uuid import UUID

    import asyncpg

_GIVE_UP = """
UPDATE search.assets a SET state = 'FAILED', reason = $2, message = $3, updated_at = now()
FROM (SELECT owner, asset_id FROM search.assets
      WHERE state = 'UPLOADING' AND upload_until < now() LIMIT $1 FOR UPDATE SKIP LOCKED) late
WHERE a.owner = late.owner AND a.asset_id = late.asset_id
"""


class LeftoverStore:
    """Finds what uploads leave behind.

    Args:
        pool: of the role `search_worker`.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def give_up(self, limit: int) -> int:
        """FAILED with UPLOAD_EXPIRED, for uploads that were never completed; how many."""
        reason = Reason.UPLOAD_EXPIRED
        async with unbound(self._pool) as connection:
            status = await connection.execute(_GIVE_UP, limit, reason, CATALOGUE[reason].meaning)
        return int(status.split()[-1])

    async def uncleared(self, older_than: timedelta, limit: int) -> list[tuple[str, UUID]]:
        """Assets whose bytes under `incoming/` no signed URL can bring back any more."""
        async with unbound(self._pool) as connection:
            rows = await connection.fetch(
                "SELECT owner, asset_id FROM search.assets WHERE state <> 'UPLOADING'"
                " AND NOT incoming_cleared AND updated_at < now() - $1::interval LIMIT $2",
                older_than,
                limit,
            )
        return [(row["owner"], row["asset_id"]) for row in rows]

    async def cleared(self, assets: Sequence[tuple[str, UUID]]) -> None:
        """Remember that nothing is left there."""
        async with unbound(self._pool) as connection:
            await connection.execute(
                "UPDATE search.assets SET incoming_cleared = true WHERE state <> 'UPLOADING'"
                " AND (owner, asset_id) IN (SELECT * FROM unnest($1::text[], $2::uuid[]))",
                [owner for owner, _ in assets],
                [asset_id for _, asset_id in assets],
            )

    async def forget_processed(self) -> int:
        """Drop records of events that the event log has forgotten too; how many."""
        async with unbound(self._pool) as connection:
            return await forget_processed(connection, schema=SCHEMA)
