"""Orders of callers, in PostgreSQL, each in their name.  Implements `AskStore`.

`pool` is of the role `vlm_api`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kioku_vlm.database import owned, record
from kioku_vlm.observing.noting import Turn, note_asset, note_bytes, order, send
from kioku_vlm.observing.observation import State

if TYPE_CHECKING:
    from datetime import date
    from uuid import UUID

    import asyncpg
    from kioku_rt.auth import Acting

    from kioku_vlm.observing.observation import Heard, Original, Wish

_NOW = Turn(urgent=True, delay=0.0)
_OF_ASSET = """
SELECT observation_id FROM vlm.vlm_observation_assets WHERE owner = $1 AND asset_id = $2
"""
_WISH = """
UPDATE vlm.vlm_observations SET zone = coalesce(nullif($3, ''), zone),
    locale = coalesce(nullif($4, ''), locale), updated_at = clock_timestamp()
WHERE owner = $1 AND observation_id = $2
"""
# Whoever reads it keeps it; whoever would wait for another delivery does so no longer.
_URGE = """
UPDATE vlm.vlm_observations SET interactive = true,
    try_after = CASE WHEN claim IS NULL THEN clock_timestamp() ELSE try_after END
WHERE owner = $1 AND observation_id = $2 AND state = 'PENDING'
"""
_EXISTS = """
SELECT FROM vlm.vlm_observations WHERE owner = $1 AND observation_id = $2 FOR UPDATE
"""


class AskPostgres:
    """What callers order."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def observation_of(self, acting: Acting, asset_id: UUID) -> UUID | None:
        """The observation of an asset; None: it was not heard of."""
        async with owned(self._pool, acting) as connection:
            found: UUID | None = await connection.fetchval(_OF_ASSET, acting.owner, asset_id)
            await record(
                connection,
                acting,
                "schedule.extract",
                str(asset_id),
                **({} if found is None else {"observation_id": str(found)}),
            )
        return found

    async def note_asset(
        self, acting: Acting, original: Original, today: date, wish: Wish
    ) -> UUID | None:
        """The observation of an asset that was not heard of; None: it is deleted."""
        async with owned(self._pool, acting) as connection:
            noted = await note_asset(connection, original, today, wish, _NOW)
        return noted.observation_id if noted else None

    async def note_bytes(self, acting: Acting, heard: Heard) -> UUID:
        """The observation of bytes that came with a request; what failed is tried again."""
        async with owned(self._pool, acting) as connection:
            noted = await note_bytes(connection, acting.owner, heard, _NOW)
            if noted.state is State.FAILED:
                await order(connection, acting.owner, noted.observation_id, _NOW)
            await record(connection, acting, "schedule.extract", str(noted.observation_id))
        return noted.observation_id

    async def wish(self, acting: Acting, observation_id: UUID, wish: Wish) -> None:
        """Keep what the caller says beside the picture; what they leave empty stays."""
        async with owned(self._pool, acting) as connection:
            await connection.execute(_WISH, acting.owner, observation_id, wish.zone, wish.locale)

    async def urge(self, acting: Acting, observation_id: UUID) -> None:
        """Have it read before those that nobody waits for, if it is to be read."""
        async with owned(self._pool, acting) as connection:
            await connection.execute(_URGE, acting.owner, observation_id)

    async def order(self, acting: Acting, observation_id: UUID, data: bytes | None = None) -> bool:
        """Have it read again, with a fresh count of attempts; False: there is none."""
        async with owned(self._pool, acting) as connection:
            found = await connection.fetchrow(_EXISTS, acting.owner, observation_id)
            if found is None:
                return False
            if data is not None:
                await send(connection, acting.owner, observation_id, data)
            await order(connection, acting.owner, observation_id, _NOW)
            await record(connection, acting, "observation.reanalyse", str(observation_id))
        return True
