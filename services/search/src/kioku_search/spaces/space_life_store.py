"""The life of spaces in PostgreSQL.  Implements `LifeStore`.

What is legal stands in the migrations; here a step is one transaction: alone with the spaces, the
last difference, the change, its audit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import asyncpg
from kioku_rt.errors import DependencyDown, KiokuError
from kioku_rt.reasons import Reason

from kioku_search.database import audit_operator, unbound
from kioku_search.spaces.space import FACE
from kioku_search.spaces.space_life import Gap, SpaceStatus
from kioku_search.spaces.space_store import SPACE_FIELDS, known_space

if TYPE_CHECKING:
    from datetime import datetime

    from asyncpg import Pool
    from kioku_rt.db.pool import Connection

    from kioku_search.spaces.space_life import Step

LONG_SECONDS = 60.0
LONG = "SET LOCAL statement_timeout = '60s'"
"""For what looks at every asset."""
_STATUS = (
    f"SELECT {SPACE_FIELDS}, state, canary_percent, created_at, updated_at"  # noqa: S608
    " FROM search.spaces ORDER BY created_at, space_id"
)
_GAP = """
SELECT count(*) FILTER (WHERE item IS DISTINCT FROM 'FAILED') AS pending,
    count(*) FILTER (WHERE item = 'FAILED') AS failed, clock_timestamp() AS taken_at
FROM {wanted}($1) WHERE NOT stored
"""
# A transaction stamps what it changes with the time it began; none lasts a minute.
_GAP_SINCE = """
SELECT count(*) FROM {wanted}($1)
WHERE NOT stored AND item IS DISTINCT FROM 'FAILED'
    AND asset_updated_at > $2::timestamptz - interval '1 min'
"""
_DEMOTE = """
UPDATE search.assets a SET state = 'PROCESSING', updated_at = now()
WHERE a.state = 'READY' AND a.kind = 'IMAGE' AND search.serving_space('IMAGE', a.owner) = $1
    AND NOT EXISTS (SELECT FROM search.image_embeddings e
        WHERE e.space_id = $1 AND e.owner = a.owner AND e.asset_id = a.asset_id)
"""
_RETIRE_TRIES = 20


class SpaceLifeStore:
    """Spaces and their changes.

    Args:
        pool: of the role `search_worker`.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def statuses(self) -> list[SpaceStatus]:
        """Every space, the oldest first."""
        async with unbound(self._pool) as connection:
            rows = await connection.fetch(_STATUS)
        return [SpaceStatus(known_space(row), row["created_at"], row["updated_at"]) for row in rows]

    async def admit(self, space_id: str, actor: str) -> None:
        """Note that it will be registered; a retired one is forgotten, so that it begins anew."""
        async with unbound(self._pool) as connection:
            await connection.execute("SELECT search.forget_retired($1)", space_id)
            await audit_operator(connection, actor, "space.register", space_id)

    async def gap(self, space_id: str) -> Gap:
        """The whole difference."""
        async with unbound(self._pool) as connection:
            await connection.execute(LONG)
            text = _GAP.format(wanted=await _wanted(connection, space_id))
            (row,) = await connection.fetch(text, space_id, timeout=LONG_SECONDS)
        return Gap(row["pending"], row["failed"], row["taken_at"])

    async def take(self, step: Step, since: datetime) -> int:
        """Take the step if nothing that became READY since then is missing; how many are."""
        try:
            async with unbound(self._pool) as connection:
                await connection.execute("SELECT search.lock_spaces()")
                text = _GAP_SINCE.format(wanted=await _wanted(connection, step.gaining))
                missing: int = await connection.fetchval(text, step.gaining, since)
                if missing and not step.force:
                    return missing
                await _change(connection, step)
        except (asyncpg.CheckViolationError, asyncpg.UniqueViolationError) as error:
            raise KiokuError(Reason.SPACE_STATE_WRONG, _why(error)) from error
        return 0

    async def retire(self, space_id: str, actor: str) -> None:
        """Drop its vectors.

        The table is locked against everybody for a moment, so no query may be under way in it:
        asked for briefly and again, rather than with all searches waiting behind.
        """
        for tries_left in range(_RETIRE_TRIES - 1, -1, -1):
            try:
                return await self._retire(space_id, actor)
            except DependencyDown:
                if not tries_left:
                    raise
        return None

    async def _retire(self, space_id: str, actor: str) -> None:
        async with unbound(self._pool) as connection:
            await connection.execute("SET LOCAL lock_timeout = '300ms'")
            await connection.execute("SELECT search.retire_space($1)", space_id)
            await audit_operator(connection, actor, "space.retire", space_id)


async def _wanted(connection: Connection, space_id: str) -> str:
    """What says which vectors a space should have: pictures' follow from assets, faces' do not."""
    kind = await connection.fetchval("SELECT kind FROM search.spaces WHERE space_id = $1", space_id)
    return "search.wanted_faces" if kind == FACE else "search.wanted_vectors"


async def _change(connection: Connection, step: Step) -> None:
    if step.percent is not None:
        await connection.execute("SELECT search.set_canary($1, $2)", step.space_id, step.percent)
        await audit_operator(
            connection, step.actor, "space.set_canary", step.space_id, percent=step.percent
        )
        return
    previous = await connection.fetchval("SELECT search.promote_space($1)", step.space_id)
    if step.force:
        await connection.execute(LONG)
        await connection.execute(_DEMOTE, step.space_id, timeout=LONG_SECONDS)
    await audit_operator(
        connection,
        step.actor,
        "space.promote",
        step.space_id,
        previous=previous,
        force=step.force,
    )


def _why(error: asyncpg.PostgresError) -> str:
    if isinstance(error, asyncpg.UniqueViolationError):
        return "There is another canary of this kind; promote or retire it first."
    return "The space's state does not allow this."
