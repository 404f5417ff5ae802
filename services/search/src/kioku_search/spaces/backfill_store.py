"""Back-fills as an operator sees and sets them, in PostgreSQL.  Implements `BackfillStore`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kioku_rt.errors import InvalidInput
from kioku_rt.reasons import Reason

from kioku_search.assets.asset import Failure
from kioku_search.database import audit_operator, unbound
from kioku_search.spaces.backfill import Backfill, ItemFailure, Window

if TYPE_CHECKING:
    from uuid import UUID

    import asyncpg

_ZONE = "SELECT EXISTS (SELECT FROM pg_timezone_names WHERE name = $1)"
_SET = """
UPDATE search.backfills SET state = 'RUNNING', rate_per_minute = $2, window_start = $3,
    window_end = $4, window_zone = $5, started_at = coalesce(started_at, now()),
    finished_at = NULL, look_after = '-infinity', counted_at = NULL, updated_at = now()
WHERE space_id = $1
"""
_SWITCH = """
UPDATE search.backfills SET state = $2, look_after = '-infinity', refilled_at = now(),
    measured_per_minute = 0, counted_at = NULL,
    finished_at = CASE WHEN $2 = 'RUNNING' THEN NULL ELSE finished_at END, updated_at = now()
WHERE space_id = $1 AND state <> $2
"""
_FORGET = "DELETE FROM search.backfill_items WHERE space_id = $1 AND state = 'FAILED'"
# Whether the window is open, by the minute of the day where it is meant.
IN_WINDOW = """
(b.window_start IS NULL OR (SELECT CASE WHEN b.window_start < b.window_end
        THEN t.minute >= b.window_start AND t.minute < b.window_end
        ELSE t.minute >= b.window_start OR t.minute < b.window_end END
    FROM (SELECT extract(hour FROM l) * 60 + extract(minute FROM l) AS minute
        FROM (SELECT now() AT TIME ZONE b.window_zone) AS local(l)) t))
"""
_FIND = f"SELECT b.*, {IN_WINDOW} AS in_window FROM search.backfills b WHERE b.space_id = $1"  # noqa: S608
_FAILURES = """
SELECT owner, asset_id, frame_no, reason, message, orders, updated_at
FROM search.backfill_items
WHERE space_id = $1 AND state = 'FAILED' AND (owner, asset_id, frame_no) > ($3, $4, $5)
ORDER BY owner, asset_id, frame_no LIMIT $2
"""


class BackfillStore:
    """Back-fills and their failures.

    Args:
        pool: of the role `search_worker`.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def start(self, space_id: str, rate: int, window: Window | None, actor: str) -> None:
        """Begin, or change the pace."""
        zone = window.zone if window else "UTC"
        async with unbound(self._pool) as connection:
            if not await connection.fetchval(_ZONE, zone):
                raise InvalidInput(
                    Reason.FIELD_INVALID,
                    "The time zone is none of the IANA database.",
                    field="window.time_zone",
                )
            await connection.execute("SELECT search.start_backfill($1)", space_id)
            minutes = (window.start, window.end) if window else (None, None)
            await connection.execute(_SET, space_id, rate, *minutes, zone)
            await audit_operator(
                connection, actor, "backfill.start", space_id, rate_per_minute=rate
            )

    async def switch(self, space_id: str, state: str, actor: str) -> None:
        """RUNNING or PAUSED, where there is a job."""
        action = "backfill.pause" if state == "PAUSED" else "backfill.resume"
        async with unbound(self._pool) as connection:
            await connection.execute(_SWITCH, space_id, state)
            await audit_operator(connection, actor, action, space_id)

    async def retry(self, space_id: str, actor: str) -> int:
        """Forget the failures, so that they are ordered again; how many."""
        async with unbound(self._pool) as connection:
            status = await connection.execute(_FORGET, space_id)
            await connection.execute(_SWITCH, space_id, "RUNNING")
            retried = int(status.split()[-1])
            await audit_operator(connection, actor, "backfill.retry", space_id, retried=retried)
        return retried

    async def find(self, space_id: str) -> Backfill | None:
        """The job, if there is one."""
        async with unbound(self._pool) as connection:
            row = await connection.fetchrow(_FIND, space_id)
        return _backfill(row) if row else None

    async def failures(
        self, space_id: str, limit: int, after: tuple[str, UUID, int]
    ) -> list[ItemFailure]:
        """At most `limit` failures after one of them, by owner, asset and frame."""
        async with unbound(self._pool) as connection:
            rows = await connection.fetch(_FAILURES, space_id, limit, *after)
        return [
            ItemFailure(
                row["owner"],
                row["asset_id"],
                row["frame_no"],
                Failure(Reason(row["reason"]), row["message"]),
                row["orders"],
                row["updated_at"],
            )
            for row in rows
        ]


def _backfill(row: asyncpg.Record) -> Backfill:
    window = None
    if row["window_start"] is not None:
        window = Window(row["window_start"], row["window_end"], row["window_zone"])
    return Backfill(
        space_id=row["space_id"],
        state=row["state"],
        total=row["total"],
        done=row["done"],
        failed=row["failed"],
        in_flight=row["in_flight"],
        rate_per_minute=row["rate_per_minute"],
        measured_per_minute=row["measured_per_minute"],
        pace=row["pace"],
        window=window,
        in_window=row["in_window"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        counted_at=row["counted_at"],
    )
