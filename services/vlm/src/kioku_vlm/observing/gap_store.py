"""What is not as it should be, and what is kept no longer; as the role `vlm_worker`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kioku_rt.db import forget_processed

from kioku_vlm.database import SCHEMA, record, unbound, worker

if TYPE_CHECKING:
    from collections.abc import Mapping

    import asyncpg

_OUTSTANDING = """
SELECT count(*) FILTER (WHERE state = 'PENDING') AS pending,
    count(*) FILTER (WHERE state = 'PENDING'
        AND try_after < clock_timestamp() - make_interval(secs => $2)) AS late,
    count(*) FILTER (WHERE state = 'FAILED') AS failed,
    count(*) FILTER (WHERE state = 'READY' AND model_version <> $1) AS outdated
FROM vlm.vlm_observations
"""
_ENDED = """
DELETE FROM vlm.vlm_observations o WHERE (o.owner, o.observation_id) IN (
    SELECT e.owner, e.observation_id FROM vlm.vlm_observations e
    WHERE e.kept_until < clock_timestamp() ORDER BY e.kept_until LIMIT 100 FOR UPDATE SKIP LOCKED)
    AND NOT EXISTS (SELECT FROM vlm.vlm_observation_assets a
        WHERE a.owner = o.owner AND a.observation_id = o.observation_id)
RETURNING owner, observation_id
"""
_LATE_SECONDS = 600.0


class GapStore:
    """Observations that something is wrong with, and those whose time is over."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def outstanding(self, model_version: str) -> Mapping[str, int]:
        """How many there are of each kind; see the metric `kioku_vlm_outstanding`."""
        async with unbound(self._pool) as connection:
            row = await connection.fetchrow(_OUTSTANDING, model_version, _LATE_SECONDS)
        assert row is not None  # noqa: S101 - an aggregate without groups
        return dict(row)

    async def forget(self) -> int:
        """Remove observations of bytes that are no asset, and old records; how many went."""
        async with unbound(self._pool) as connection:
            rows = await connection.fetch(_ENDED)
            for row in rows:
                subject = str(row["observation_id"])
                await record(connection, worker(row["owner"]), "observation.forget", subject)
            await forget_processed(connection, schema=SCHEMA)
        return len(rows)
