"""Who reads what, in PostgreSQL.  Implements `Claims`; `pool` is of the role `vlm_worker`.

A claim is a random token in the observation's row and a time until which it stands. Whoever reads
renews it; a process that dies lets it lapse, and the next one takes it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING
from uuid import uuid4

import structlog
from kioku_rt.errors import DependencyDown

from kioku_vlm.database import unbound
from kioku_vlm.observing.observation import Claim, Effect

if TYPE_CHECKING:
    from uuid import UUID

    import asyncpg

log = structlog.get_logger(__name__)
_TAKEN = """
SET claim = $1, try_after = clock_timestamp() + make_interval(secs => $2), attempts = attempts + 1
"""
_COLUMNS = """
owner, observation_id, claim, sha256, today, zone, locale, interactive, attempts,
    (SELECT s.bytes FROM vlm.sent_pictures s WHERE (s.owner, s.observation_id)
        = (vlm_observations.owner, vlm_observations.observation_id)) AS sent,
    ARRAY(SELECT a.object_key FROM vlm.vlm_observation_assets a WHERE (a.owner, a.observation_id)
        = (vlm_observations.owner, vlm_observations.observation_id) ORDER BY a.created_at) AS keys
"""
_TAKE = f"""
UPDATE vlm.vlm_observations {_TAKEN} WHERE owner = $3 AND observation_id = $4
    AND state = 'PENDING' AND (claim IS NULL OR try_after < clock_timestamp())
RETURNING {_COLUMNS}
"""
_TAKE_NEXT = f"""
UPDATE vlm.vlm_observations {_TAKEN} WHERE (owner, observation_id) = (
    SELECT o.owner, o.observation_id FROM vlm.vlm_observations o
    WHERE o.state = 'PENDING' AND o.try_after < clock_timestamp()
    ORDER BY o.interactive DESC, o.try_after LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING {_COLUMNS}
"""  # noqa: S608 - constants
_STATE = "SELECT state FROM vlm.vlm_observations WHERE owner = $1 AND observation_id = $2"
_RENEW = """
UPDATE vlm.vlm_observations SET try_after = clock_timestamp() + make_interval(secs => $4)
WHERE owner = $1 AND observation_id = $2 AND claim = $3
"""
_RELEASE = """
UPDATE vlm.vlm_observations SET claim = NULL, attempts = attempts - $5::integer,
    try_after = clock_timestamp() + make_interval(secs => $4)
WHERE owner = $1 AND observation_id = $2 AND claim = $3
"""


class ClaimStore:
    """Claims on observations.

    Args:
        lease: seconds that a claim stands without being renewed.
    """

    def __init__(self, pool: asyncpg.Pool, *, lease: float) -> None:
        self._pool = pool
        self._lease = lease

    async def take(self, owner: str, observation_id: UUID) -> Claim | Effect:
        """Take one on, or say why not: HELD, KNOWN (it is not pending), GONE."""
        async with unbound(self._pool) as connection:
            row = await connection.fetchrow(_TAKE, uuid4(), self._lease, owner, observation_id)
            if row is not None:
                return _claim(row)
            state = await connection.fetchval(_STATE, owner, observation_id)
        if state is None:
            return Effect.GONE
        return Effect.HELD if state == "PENDING" else Effect.KNOWN

    async def take_next(self) -> Claim | None:
        """Take on the one whose turn it is; None: there is none."""
        async with unbound(self._pool) as connection:
            row = await connection.fetchrow(_TAKE_NEXT, uuid4(), self._lease)
            return _claim(row) if row is not None else None

    async def release(self, claim: Claim, *, delay: float, counts: bool) -> None:
        """Give one back, to be taken after `delay` seconds; `counts`: the attempt was one."""
        key = (claim.owner, claim.observation_id, claim.token)
        async with unbound(self._pool) as connection:
            await connection.execute(_RELEASE, *key, delay, int(not counts))

    @asynccontextmanager
    async def keeping(self, claim: Claim) -> AsyncIterator[None]:
        """Renew the claim inside the block, three times while it would stand."""
        keeper = asyncio.create_task(self._keep(claim))
        try:
            yield
        finally:
            keeper.cancel()
            with suppress(asyncio.CancelledError):
                await keeper

    async def _keep(self, claim: Claim) -> None:
        key = (claim.owner, claim.observation_id, claim.token)
        while True:
            await asyncio.sleep(self._lease / 3)
            try:
                async with unbound(self._pool) as connection:
                    await connection.execute(_RENEW, *key, self._lease)
            except DependencyDown:  # it may lapse: then somebody else reads it as well
                log.warning("claim.not_renewed", observation_id=str(claim.observation_id))


def _claim(row: asyncpg.Record) -> Claim:
    return Claim(
        owner=row["owner"],
        observation_id=row["observation_id"],
        token=row["claim"],
        sha256=row["sha256"],
        keys=tuple(row["keys"]),
        sent=row["sent"],
        today=row["today"],
        zone=row["zone"],
        locale=row["locale"],
        urgent=row["interactive"],
        attempts=row["attempts"],
    )
