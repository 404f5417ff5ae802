"""An event is published exactly when the transaction that caused it was committed.

`enqueue` only adds a row to the schema's `outbox`, in the caller's transaction; the relay
(`relay.py`) publishes committed rows and marks them.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import asyncpg
import uuid_utils

from kioku_rt.db.identifiers import identifier
from kioku_rt.errors import KiokuError
from kioku_rt.events.topology import MAX_EVENT_BYTES, Topology
from kioku_rt.events.trace import with_trace
from kioku_rt.reasons import Reason

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from kioku_rt.db.pool import Connection

_TOPOLOGY = Topology()
KEEP_DAYS = 7
PRUNE_ROWS = 10_000
REPUBLISH_SECONDS = 600.0


def new_event_id() -> str:
    """A UUIDv7: unique, and in order of time."""
    return str(uuid_utils.uuid7())


def channel(schema: str) -> str:
    """The NOTIFY channel on which the schema's relay listens."""
    return f"{identifier(schema)}_outbox"


async def enqueue(
    connection: Connection,
    *,
    schema: str,
    subject: str,
    message: Message,
    event_id: str | None = None,
) -> str:
    """Have `message` published on `subject` if the caller's transaction commits; its event id.

    Args:
        connection: with an open transaction: event and state are committed together or not at all.
        schema: whose outbox.
        subject: of the event log, for example `asset.uploaded`.
        message: of `kioku.events.v1`.
        event_id: for an event that must exist once, whoever asks again; None: a new one.

    Raises:
        TypeError: a pool, or a connection without a transaction.
        ValueError: no stream captures the subject.
        KiokuError: MESSAGE_TOO_LARGE.
    """
    if isinstance(connection, asyncpg.Pool) or not connection.is_in_transaction():
        raise TypeError("enqueue needs the connection whose transaction causes the event")
    if _TOPOLOGY.stream_of(subject) is None:
        raise ValueError(f"no stream captures the subject {subject!r}")
    payload = message.SerializeToString()
    if len(payload) > MAX_EVENT_BYTES:
        raise KiokuError(Reason.MESSAGE_TOO_LARGE)
    event_id = event_id or new_event_id()
    await connection.execute(
        f"WITH added AS (INSERT INTO {identifier(schema)}.outbox"  # noqa: S608
        " (event_id, subject, payload, headers) VALUES ($1, $2, $3, $4::jsonb)"
        " ON CONFLICT (event_id) DO NOTHING)"
        " SELECT pg_notify($5, '')",
        event_id,
        subject,
        payload,
        json.dumps(with_trace()),
        channel(schema),
    )
    return event_id


async def republish(connection: Connection, *, schema: str) -> int:
    """Have every event that the outbox still keeps published again; how many. In a transaction.

    For an event store that was lost. Events keep their ids, so consumers that record what they
    have processed see no second effect.
    """
    await connection.execute("SET LOCAL statement_timeout = '10min'")
    status = await connection.execute(
        f"UPDATE {identifier(schema)}.outbox SET published_at = NULL"  # noqa: S608
        " WHERE published_at IS NOT NULL",
        timeout=REPUBLISH_SECONDS,
    )
    return int(status.split()[-1])


async def prune(connection: Connection, *, schema: str, days: int = KEEP_DAYS) -> int:
    """Drop rows published more than `days` ago, at most 10,000 of them; how many."""
    table = f"{identifier(schema)}.outbox"
    status = await connection.execute(
        f"DELETE FROM {table} WHERE id IN (SELECT id FROM {table}"  # noqa: S608
        " WHERE published_at < clock_timestamp() - make_interval(days => $1) LIMIT $2)",
        days,
        PRUNE_ROWS,
    )
    return int(status.split()[-1])
