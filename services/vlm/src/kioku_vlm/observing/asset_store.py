"""Assets that events tell of, in PostgreSQL; as the role `vlm_worker`.  Implements `Assets`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kioku_rt.db import first_time

from kioku_vlm.database import SCHEMA, lock_asset, record, unbound, worker
from kioku_vlm.observing.noting import Turn, note_asset, order
from kioku_vlm.observing.observation import Effect, State, Wish
from kioku_vlm.observing.observation_events import announce_purged

if TYPE_CHECKING:
    from datetime import date
    from uuid import UUID

    import asyncpg
    from kioku_rt.db.pool import Connection

    from kioku_vlm.observing.observation import Original

DELETIONS = "vlm-deletions"
_ENTOMB = """
INSERT INTO vlm.asset_tombstones (owner, asset_id) VALUES ($1, $2) ON CONFLICT DO NOTHING
"""
_OF_ASSET = """
SELECT observation_id FROM vlm.vlm_observation_assets WHERE owner = $1 AND asset_id = $2
"""
_LOCK = """
SELECT FROM vlm.vlm_observations WHERE owner = $1 AND observation_id = $2 FOR UPDATE
"""
_DETACH = "DELETE FROM vlm.vlm_observation_assets WHERE owner = $1 AND asset_id = $2"
_COUNTS = """
SELECT (SELECT count(*) FROM vlm.vlm_detection_entities e
        WHERE e.owner = $1 AND e.observation_id = $2) AS vlm_detection_entities,
    (SELECT count(*) FROM vlm.vlm_links l
        WHERE l.owner = $1 AND l.observation_id = $2) AS vlm_links
WHERE NOT EXISTS (SELECT FROM vlm.vlm_observation_assets a
    WHERE a.owner = $1 AND a.observation_id = $2)
"""
_DROP = "DELETE FROM vlm.vlm_observations WHERE owner = $1 AND observation_id = $2"


class AssetStore:
    """Assets of this service.

    Args:
        grace: seconds for which the backlog leaves a new observation to whoever was told of it.
    """

    def __init__(self, pool: asyncpg.Pool, *, grace: float) -> None:
        self._pool = pool
        self._turn = Turn(urgent=False, delay=grace)

    async def expect(self, original: Original, today: date) -> UUID | Effect:
        """The observation that is to be read, or KNOWN, GONE: there is nothing to read."""
        async with unbound(self._pool) as connection:
            noted = await note_asset(connection, original, today, Wish(), self._turn)
            if noted is None:
                return Effect.GONE
            if noted.state is State.FAILED and noted.again:
                await order(connection, original.owner, noted.observation_id, self._turn)
            elif noted.state is not State.PENDING:
                return Effect.KNOWN
        return noted.observation_id

    async def observation_of(self, owner: str, asset_id: UUID) -> UUID | None:
        """The observation of an asset; None: there is none."""
        async with unbound(self._pool) as connection:
            found: UUID | None = await connection.fetchval(_OF_ASSET, owner, asset_id)
        return found

    async def purge(self, event_id: str, owner: str, asset_id: UUID) -> Effect:
        """Remove all that is held of an asset, leave its tombstone, confirm: once for the event."""
        async with unbound(self._pool) as connection:
            await lock_asset(connection, owner, asset_id)
            fresh = await first_time(
                connection, schema=SCHEMA, consumer=DELETIONS, event_id=event_id
            )
            if not fresh:
                return Effect.REPEATED
            await connection.execute(_ENTOMB, owner, asset_id)
            removed = await _remove(connection, owner, asset_id)
            await record(
                connection,
                worker(owner, event_id),
                "asset.purge",
                str(asset_id),
                removed=removed,
            )
            await announce_purged(connection, owner, asset_id, removed)
        return Effect.DONE


async def _remove(connection: Connection, owner: str, asset_id: UUID) -> dict[str, int]:
    """What went: the observation as well, unless another asset of the owner holds its bytes."""
    removed = {"vlm_observations": 0, "vlm_detection_entities": 0, "vlm_links": 0}
    observation_id = await connection.fetchval(_OF_ASSET, owner, asset_id)
    if observation_id is None:
        return removed
    await connection.execute(_LOCK, owner, observation_id)
    await connection.execute(_DETACH, owner, asset_id)
    counts = await connection.fetchrow(_COUNTS, owner, observation_id)
    if counts is None:
        return removed
    await connection.execute(_DROP, owner, observation_id)
    return {**removed, **dict(counts), "vlm_observations": 1}
