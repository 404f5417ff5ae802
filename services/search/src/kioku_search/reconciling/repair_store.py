"""The set difference in PostgreSQL, and what restores a lost event store.

Implements `RepairStore`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kioku_search.assets.asset import EMBEDDING_STAGE, Kind
from kioku_search.assets.asset_events import announce_deleted, announce_uploaded, request_embedding
from kioku_search.assets.asset_row import asset_of
from kioku_search.database import unbound

if TYPE_CHECKING:
    from datetime import timedelta
    from uuid import UUID

    import asyncpg
    from kioku_rt.db.pool import Connection

    from kioku_search.reconciling.repair import Hole, RepairRules

_PICTURES = """
FROM search.assets a JOIN search.asset_stages s
    ON s.owner = a.owner AND s.asset_id = a.asset_id AND s.stage = $2
WHERE a.state = ANY($3::text[]) AND a.kind = 'IMAGE' AND s.updated_at < now() - $4::interval
    AND ($5 = '' OR search.in_canary($5, a.owner, $6) = $7)
    AND NOT EXISTS (SELECT FROM search.image_embeddings e
        WHERE e.space_id = $1 AND e.owner = a.owner AND e.asset_id = a.asset_id)
"""
# A video lacks vectors while its cutting is not over, or while fewer frames have one than should.
_VIDEOS = """
FROM search.assets a JOIN search.asset_stages s
    ON s.owner = a.owner AND s.asset_id = a.asset_id AND s.stage = $2
LEFT JOIN search.videos v ON v.owner = a.owner AND v.asset_id = a.asset_id
WHERE a.state = ANY($3::text[]) AND a.kind = 'VIDEO'
    AND ($5 = '' OR search.in_canary($5, a.owner, $6) = $7)
    AND greatest(s.updated_at, v.updated_at) < now() - $4::interval
    AND (v.total_frames IS NULL OR v.frames_cut < v.total_frames
        OR v.total_frames - v.frames_failed > (SELECT count(*) FROM search.image_embeddings e
            WHERE e.space_id = $1 AND e.owner = a.owner AND e.asset_id = a.asset_id
                AND e.frame_no >= 0))
"""
MISSING = {Kind.IMAGE: _PICTURES, Kind.VIDEO: _VIDEOS}
"""What lacks vectors: $1 space, $2 stage, $3 states, $4 grace, $5 to $7 whose (see `Share`)."""
_UNFINISHED = ["PROCESSING"]
EVERYTHING = ["PROCESSING", "READY"]
# A READY asset stays so while some of its frames still find it.
_AGAIN = """
UPDATE search.assets a SET generation = generation + 1, updated_at = now(), state = CASE
    WHEN EXISTS (SELECT FROM search.image_embeddings e WHERE e.space_id = $3
        AND e.owner = a.owner AND e.asset_id = a.asset_id) THEN a.state ELSE 'PROCESSING' END
WHERE a.owner = $1 AND a.asset_id = $2
RETURNING a.*, '{}'::search.asset_stages[] AS stages
"""
_WAIT = """
UPDATE search.asset_stages s SET repairs = s.repairs + 1,
    repair_after = now() + least($4::interval * (2 ^ least(s.repairs, 20)), $5::interval),
    state = CASE WHEN a.state = 'PROCESSING' THEN 'PENDING' ELSE s.state END
FROM search.assets a
WHERE s.owner = $1 AND s.asset_id = $2 AND s.stage = $3
    AND a.owner = s.owner AND a.asset_id = s.asset_id
"""
# Everything that a video goes through begins again.
_STAGES_AGAIN = """
UPDATE search.asset_stages s SET state = 'PENDING' FROM search.assets a
WHERE s.owner = $1 AND s.asset_id = $2 AND s.stage <> $3 AND s.state <> 'PENDING'
    AND a.owner = s.owner AND a.asset_id = s.asset_id AND a.state = 'PROCESSING'
"""


class RepairStore:
    """Finds and orders what is missing.

    Args:
        pool: of the role `search_worker`.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def missing(self, hole: Hole, grace: timedelta) -> int:
        """Assets that should have a vector in the space for longer than `grace` and have none.

        Of a video, every frame that can have one should.
        """
        async with unbound(self._pool) as connection:
            count: int = await connection.fetchval(
                f"SELECT count(*) {MISSING[hole.kind]}", *_where(hole, grace)
            )
        return count

    async def order(self, hole: Hole, rules: RepairRules) -> int:
        """Order vectors for the next of them; how many.  Two processes never order the same."""
        async with unbound(self._pool) as connection:
            due = await connection.fetch(
                f"SELECT a.owner, a.asset_id {MISSING[hole.kind]} AND s.repair_after < now()"
                " ORDER BY s.repair_after, s.updated_at LIMIT $8 FOR UPDATE OF a SKIP LOCKED",
                *_where(hole, rules.grace),
                rules.batch,
            )
            for row in due:
                await _order(connection, (row["owner"], row["asset_id"]), hole.space_id, rules)
        return len(due)

    async def in_backfill(self) -> int:
        """Vectors that back-fills ordered and that did not come yet."""
        async with unbound(self._pool) as connection:
            count: int = await connection.fetchval(
                "SELECT coalesce(sum(units), 0)::bigint FROM search.backfill_items"
                " WHERE state = 'ORDERED'"
            )
        return count

    async def unsent(self) -> bool:
        """Whether an event still waits in the outbox."""
        async with unbound(self._pool) as connection:
            return bool(
                await connection.fetchval(
                    "SELECT EXISTS (SELECT FROM search.outbox WHERE published_at IS NULL)"
                )
            )


def _where(hole: Hole, grace: timedelta) -> tuple[object, ...]:
    states = EVERYTHING if hole.everything else _UNFINISHED
    owners = hole.owners
    share = (owners.canary, owners.percent, owners.inside)
    return (hole.space_id, EMBEDDING_STAGE, states, grace, *share)


async def _order(
    connection: Connection, key: tuple[str, UUID], space_id: str, rules: RepairRules
) -> None:
    """The next generation of one asset, whose row is locked."""
    again = await connection.fetchrow(_AGAIN, *key, space_id)
    await connection.execute(_WAIT, *key, EMBEDDING_STAGE, rules.grace, rules.longest)
    await connection.execute(_STAGES_AGAIN, *key, EMBEDDING_STAGE)
    if again is not None:
        await request_embedding(connection, asset_of(again), space_id)


async def announce_outstanding(connection: Connection) -> int:
    """Announce all unfinished work anew, for an event store that has lost it; how many events.

    Unfinished are assets in process and deletions that somebody has not confirmed. Finished work
    needs no event any more.
    """
    assets = await connection.fetch(
        "SELECT a.*, '{}'::search.asset_stages[] AS stages FROM search.assets a"
        " WHERE a.state = 'PROCESSING'"
    )
    for row in assets:
        await announce_uploaded(connection, asset_of(row))
    deletions = await connection.fetch(
        "SELECT owner, asset_id FROM search.deletions WHERE completed_at IS NULL"
    )
    for row in deletions:
        await announce_deleted(connection, row["owner"], row["asset_id"])
    return len(assets) + len(deletions)
