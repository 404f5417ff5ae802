"""Every committed outbox row reaches the event log, at least once, about in order, by one relay.

One relay per schema is at work, under an advisory lock that dies with its session; a relay that
froze loses its session (`idle_session_timeout`) and with it the lock. Rows are claimed with SKIP
LOCKED and marked in the claiming transaction, so even two relays could only publish one event
twice under one id, which the event log stores once.

Never "id greater than the last one seen": a transaction that took a lower id can commit later.
"""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import asyncpg
import structlog

from kioku_rt.db.identifiers import identifier
from kioku_rt.db.pool import acquire
from kioku_rt.errors import DependencyDown
from kioku_rt.events import metrics
from kioku_rt.events.delays import jittered, sleep_unless
from kioku_rt.events.jetstream.bus import EventBus
from kioku_rt.events.jetstream.down import EVENT_LOG
from kioku_rt.events.outbox import PRUNE_ROWS, channel, prune, republish

if TYPE_CHECKING:
    from kioku_rt.db.pool import Connection

BATCH = 100
POLL_SECONDS = 1.0
AGAIN_SECONDS = 0.5
GAUGE_SECONDS = 5.0
FROZEN_MS = 30_000  # without a word from the relay for so long, its session and its lock end
PRUNE_SECONDS = 3600.0
STREAM = "KIOKU"
CLAIM = (
    "SELECT id, event_id, subject, payload, headers FROM {schema}.outbox"
    " WHERE published_at IS NULL ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED"
)
Republish = Callable[["Connection"], Awaitable[int]]

log = structlog.get_logger(__name__)


class OutboxRelay:
    """Publishes one schema's outbox.

    Args:
        pool: of a role that may read and update the outbox; one connection is held throughout. Its
            sessions are reset on release: the advisory lock goes with them.
        bus: where to.
        schema: whose outbox.
        republish: called in a transaction when the event store turns out to be new; marks rows as
            unpublished and says how many. By default every row the outbox still keeps.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        bus: EventBus,
        schema: str,
        *,
        republish: Republish | None = None,
    ) -> None:
        self._pool = pool
        self._bus = bus
        self._schema = identifier(schema)
        self._republish = republish or self._republish_all
        self._claim = CLAIM.format(schema=self._schema)
        self._wake = asyncio.Event()
        self._waits = False
        self._gauged = self._pruned = -math.inf

    async def _republish_all(self, connection: Connection) -> int:
        return await republish(connection, schema=self._schema)

    async def run(self, stop: asyncio.Event) -> None:
        """Relay until `stop` is set; survives restarts of PostgreSQL and of NATS.

        On `stop` it publishes what is committed by then, if both servers answer.
        """
        while not stop.is_set():
            try:
                await self._session(stop)
            except DependencyDown as down:
                self._waiting(down)
                await sleep_unless(stop, jittered(AGAIN_SECONDS))

    async def _session(self, stop: asyncio.Event) -> None:
        async with acquire(self._pool) as connection:
            await connection.execute(f"SET idle_session_timeout = {FROZEN_MS}")
            while not await self._lead(connection):
                if not await sleep_unless(stop, POLL_SECONDS):
                    return
            await connection.add_listener(channel(self._schema), self._notified)
            try:
                await self._relay(connection, stop)
            finally:
                await self._hang_up(connection)

    async def _hang_up(self, connection: Connection) -> None:
        """Stop listening; a dead connection is buried here, or the pool would take it back."""
        with suppress(asyncpg.InterfaceError):  # the pool has buried it already
            if connection.is_closed():
                connection.terminate()
            else:
                await connection.remove_listener(channel(self._schema), self._notified)

    async def _lead(self, connection: Connection) -> bool:
        return bool(
            await connection.fetchval(
                "SELECT pg_try_advisory_lock(hashtextextended('kioku outbox ' || $1, 0))",
                self._schema,
            )
        )

    def _notified(self, *_: Any) -> None:
        self._wake.set()

    async def _relay(self, connection: Connection, stop: asyncio.Event) -> None:
        stopping = asyncio.create_task(self._wake_on(stop))
        try:
            while True:
                self._wake.clear()
                await self._keep_house(connection)
                await self._publish_all(connection)
                if stop.is_set():
                    return
                await sleep_unless(self._wake, POLL_SECONDS)
        finally:
            stopping.cancel()

    async def _publish_all(self, connection: Connection) -> None:
        """Publish what waits; while the event log is away, leave it for the next poll."""
        try:
            while await self._publish_batch(connection) == BATCH:
                pass
        except DependencyDown as down:
            if down.dependency != EVENT_LOG:
                raise
            self._waiting(down)
        else:
            self._waits = False

    def _waiting(self, down: DependencyDown) -> None:
        """Say so, once for each outage."""
        if not self._waits:
            log.warning("outbox.waiting", schema=self._schema, dependency=down.dependency)
        self._waits = True

    async def _wake_on(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._wake.set()

    async def _publish_batch(self, connection: Connection) -> int:
        """Publish up to a batch and mark what was acknowledged; how many were waiting.

        Raises:
            DependencyDown: some were not acknowledged; those that were are marked all the same.
        """
        await self._notice_new_store(connection)
        async with connection.transaction():
            rows = await connection.fetch(self._claim, BATCH)
            stored = await asyncio.gather(*(self._publish(row) for row in rows))
            done = [row["id"] for row, ok in zip(rows, stored, strict=True) if ok]
            await connection.execute(
                f"UPDATE {self._schema}.outbox SET published_at = clock_timestamp()"  # noqa: S608
                " WHERE id = ANY($1::bigint[])",
                done,
            )
        metrics.OUTBOX_PUBLISHED.labels(self._schema).inc(len(done))
        if len(done) < len(rows):
            raise DependencyDown(EVENT_LOG)
        return len(rows)

    async def _publish(self, row: asyncpg.Record) -> bool:
        try:
            await self._bus.publish(
                row["subject"],
                row["payload"],
                event_id=row["event_id"],
                headers=json.loads(row["headers"]),
            )
        except DependencyDown:
            return False
        return True

    async def _notice_new_store(self, connection: Connection) -> None:
        """If the event store is not the one we published to, publish what it has lost."""
        created = await self._bus.stream_created(STREAM)
        async with connection.transaction():
            known = await connection.fetchval(
                f"SELECT created_at FROM {self._schema}.outbox_store WHERE stream = $1",  # noqa: S608
                STREAM,
            )
            if known == created:
                return
            if known is not None:
                count = await self._republish(connection)
                metrics.OUTBOX_REPUBLISHED.labels(self._schema).inc(count)
                log.warning("outbox.republished", schema=self._schema, events=count)
            await connection.execute(
                f"INSERT INTO {self._schema}.outbox_store (stream, created_at)"  # noqa: S608
                " VALUES ($1, $2) ON CONFLICT (stream) DO UPDATE SET created_at = $2",
                STREAM,
                created,
            )

    async def _keep_house(self, connection: Connection) -> None:
        now = time.monotonic()
        if now - self._gauged > GAUGE_SECONDS:
            self._gauged = now
            await self._gauge(connection)
            with suppress(DependencyDown):  # publishing will say so
                await self._bus.health()  # another process may have made a new store before us
        if now - self._pruned > PRUNE_SECONDS:
            self._pruned = now
            while await prune(connection, schema=self._schema) == PRUNE_ROWS:
                pass

    async def _gauge(self, connection: Connection) -> None:
        row = await connection.fetchrow(
            "SELECT count(*) AS backlog,"  # noqa: S608
            " coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0) AS age"
            f" FROM {self._schema}.outbox WHERE published_at IS NULL"
        )
        if row is not None:
            metrics.OUTBOX_BACKLOG.labels(self._schema).set(row["backlog"])
            metrics.OUTBOX_AGE.labels(self._schema).set(float(row["age"]))
