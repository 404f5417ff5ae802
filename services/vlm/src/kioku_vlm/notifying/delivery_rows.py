"""One owner's deliveries in PostgreSQL, as the role `vlm_api`.  Implements `DeliveryRows`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason

from kioku_vlm.database import owned, record
from kioku_vlm.notifying.delivery import DeliveryState
from kioku_vlm.notifying.delivery_store import new_delivery_id
from kioku_vlm.notifying.told_again import DeliveryRow

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    import asyncpg
    from kioku_rt.auth.principal import Acting
    from kioku_rt.db.pool import Connection

_COLUMNS = """
delivery_id, observation_id, version, state, attempts, http_status, reason, next_at, created_at,
updated_at
"""
_THERE = """
SELECT version FROM vlm.vlm_observations WHERE owner = $1 AND observation_id = $2 FOR KEY SHARE
"""
# The ids are in order of time.
_PAGE = f"""
SELECT {_COLUMNS} FROM vlm.webhook_deliveries
WHERE owner = $1 AND observation_id = $2 AND ($3::uuid IS NULL OR delivery_id < $3)
ORDER BY delivery_id DESC LIMIT $4
"""  # noqa: S608 - constants
# What the last event said of this version, or what is certain without one.
_AGAIN = f"""
INSERT INTO vlm.webhook_deliveries (owner, delivery_id, observation_id, version, request, facts)
SELECT $1, $3, $2, $4, coalesce(max(d.request), 0) + 1,
    coalesce((array_agg(d.facts ORDER BY d.request))[1], '{{}}')
FROM vlm.webhook_deliveries d WHERE d.owner = $1 AND d.observation_id = $2 AND d.version = $4
RETURNING {_COLUMNS}
"""  # noqa: S608 - constants


class DeliveryRowStore:
    """Deliveries of one owner at a time; `pool` is of the role `vlm_api`."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def page(
        self, acting: Acting, observation_id: UUID, before: UUID | None, size: int
    ) -> Sequence[DeliveryRow]:
        """See the port."""
        async with owned(self._pool, acting) as connection:
            await _version(connection, acting, observation_id)
            rows = await connection.fetch(_PAGE, acting.owner, observation_id, before, size)
        return [_row(one) for one in rows]

    async def again(self, acting: Acting, observation_id: UUID) -> DeliveryRow:
        """See the port."""
        async with owned(self._pool, acting) as connection:
            version = await _version(connection, acting, observation_id)
            if not version:
                raise KiokuError(Reason.OBSERVATION_NOT_READY)
            row = await connection.fetchrow(
                _AGAIN, acting.owner, observation_id, new_delivery_id(), version
            )
            await record(connection, acting, "observation.redeliver", str(observation_id))
        assert row is not None  # noqa: S101 - an aggregate gives one row
        return _row(row)


async def _version(connection: Connection, acting: Acting, observation_id: UUID) -> int:
    version: int | None = await connection.fetchval(_THERE, acting.owner, observation_id)
    if version is None:
        raise KiokuError(Reason.OBSERVATION_NOT_FOUND)
    return version


def _row(row: asyncpg.Record) -> DeliveryRow:
    facts = dict(row)
    return DeliveryRow(
        failure=facts.pop("reason"), state=DeliveryState(facts.pop("state")), **facts
    )
