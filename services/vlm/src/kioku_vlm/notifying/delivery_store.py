"""Deliveries in PostgreSQL, as the role `vlm_worker`.  Implements `Deliveries`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

import uuid_utils
from kioku_rt.db import acquire

from kioku_vlm.notifying.delivery import Answer, Delivery, DeliveryState, Verdict

if TYPE_CHECKING:
    import asyncpg

# The row of the observation is locked first: it may be on its way out.
_EXPECT = """
WITH there AS (
    SELECT 1 FROM vlm.vlm_observations WHERE owner = $1 AND observation_id = $2 FOR KEY SHARE
)
INSERT INTO vlm.webhook_deliveries (owner, delivery_id, observation_id, version, facts)
SELECT $1, $3, $2, $4, $5 FROM there
ON CONFLICT (owner, observation_id, version, request) DO NOTHING
"""
_DUE = """
UPDATE vlm.webhook_deliveries d SET attempts = d.attempts + 1, updated_at = clock_timestamp(),
    next_at = clock_timestamp() + make_interval(secs => $2)
FROM (
    SELECT owner, delivery_id FROM vlm.webhook_deliveries
    WHERE state = 'PENDING' AND next_at <= clock_timestamp()
    ORDER BY next_at LIMIT $1 FOR UPDATE SKIP LOCKED
) due WHERE d.owner = due.owner AND d.delivery_id = due.delivery_id
RETURNING d.owner, d.delivery_id, d.observation_id, d.version, d.attempts, d.facts
"""
# Whoever's lease ran out may be overtaken: only the last attempt's word counts.
_SETTLE = """
UPDATE vlm.webhook_deliveries SET state = $4, http_status = $5, reason = $6,
    next_at = clock_timestamp() + $7::interval, updated_at = clock_timestamp()
WHERE owner = $1 AND delivery_id = $2 AND attempts = $3 AND state = 'PENDING'
"""
_OUTSTANDING = """
SELECT state, count(*) AS deliveries,
    coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)::float8 AS oldest
FROM vlm.webhook_deliveries WHERE state <> 'DELIVERED' GROUP BY state
"""
_FORGET = """
DELETE FROM vlm.webhook_deliveries
WHERE state <> 'PENDING' AND updated_at < clock_timestamp() - make_interval(days => $1)
"""


class DeliveryStore:
    """Deliveries of every owner; `pool` is of the role `vlm_worker`."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def expect(
        self, owner: str, observation_id: UUID, version: int, facts: Mapping[str, object]
    ) -> bool:
        """Have the app told of a version; False if it is known, or the observation is gone.

        Raises:
            DependencyDown: the database does not answer.
        """
        async with acquire(self._pool) as connection:
            status = await connection.execute(
                _EXPECT,
                *(owner, observation_id, new_delivery_id(), version, json.dumps(facts)),
            )
        return str(status) == "INSERT 0 1"

    async def due(self, limit: int, lease_seconds: float) -> Sequence[Delivery]:
        """See the port."""
        async with acquire(self._pool) as connection:
            rows = await connection.fetch(_DUE, limit, lease_seconds)
        return [
            Delivery(
                delivery_id=row["delivery_id"],
                owner=row["owner"],
                observation_id=row["observation_id"],
                version=row["version"],
                attempt=row["attempts"],
                facts=json.loads(row["facts"]),
            )
            for row in rows
        ]

    async def settle(self, delivery: Delivery, answer: Answer, verdict: Verdict) -> None:
        """See the port."""
        async with acquire(self._pool) as connection:
            await connection.execute(
                _SETTLE,
                delivery.owner,
                delivery.delivery_id,
                delivery.attempt,
                verdict.state.value,
                answer.status,
                verdict.reason or "",
                verdict.again,
            )

    async def outstanding(self) -> dict[DeliveryState, tuple[int, float]]:
        """How many are not confirmed, and the oldest one's age in seconds, by state."""
        async with acquire(self._pool) as connection:
            rows = await connection.fetch(_OUTSTANDING)
        return {DeliveryState(row["state"]): (row["deliveries"], row["oldest"]) for row in rows}

    async def forget(self, days: int) -> int:
        """Remove what was settled so long ago; how many."""
        async with acquire(self._pool) as connection:
            status = await connection.execute(_FORGET, days)
        return int(status.split()[-1])


def new_delivery_id() -> UUID:
    """A UUIDv7."""
    return UUID(str(uuid_utils.uuid7()))
