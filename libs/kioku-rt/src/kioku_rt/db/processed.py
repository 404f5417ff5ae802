"""An event's effect happens once: its id is recorded in the transaction that has the effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kioku_rt.db.identifiers import identifier

if TYPE_CHECKING:
    from kioku_rt.db.pool import Connection

KEEP_DAYS = 30


async def first_time(connection: Connection, *, schema: str, consumer: str, event_id: str) -> bool:
    """Whether `consumer` sees `event_id` for the first time, recording that it has.

    Call it inside the transaction of the effect: a second delivery that runs at the same moment
    waits for the first one's commit, then finds the row.
    """
    status = await connection.execute(
        f"INSERT INTO {identifier(schema)}.processed (consumer, event_id)"  # noqa: S608
        " VALUES ($1, $2) ON CONFLICT DO NOTHING",
        consumer,
        event_id,
    )
    return status == "INSERT 0 1"


async def forget_processed(connection: Connection, *, schema: str, days: int = KEEP_DAYS) -> int:
    """Drop records older than `days` (the event log keeps events for 7); the number dropped."""
    status = await connection.execute(
        f"DELETE FROM {identifier(schema)}.processed"  # noqa: S608
        " WHERE processed_at < clock_timestamp() - make_interval(days => $1)",
        days,
    )
    return int(status.split()[-1])
