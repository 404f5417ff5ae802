"""The relay on real servers: every committed event is published, whatever order or rival."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kioku.events.v1 import events_pb2
from kioku_rt.db import acquire, close_pool, open_pool
from kioku_rt.errors import DependencyDown
from kioku_rt.events import EventBus, OutboxRelay, enqueue
from kioku_rt.events.relay import POLL_SECONDS


async def _enqueue(pool, count: int, start: int = 0) -> list[str]:
    async with acquire(pool) as connection, connection.transaction():
        return [await _add(connection, number) for number in range(start, start + count)]


async def _add(connection, number: int) -> str:
    return await enqueue(
        connection,
        schema="demo",
        subject="asset.uploaded",
        message=events_pb2.AssetUploaded(asset_id=str(number)),
    )


@asynccontextmanager
async def closing(pool) -> AsyncIterator[None]:
    """The pool ends with the block, whichever way that ends."""
    try:
        yield
    finally:
        await close_pool(pool)


async def _stream(bus: EventBus) -> list[str]:
    """Ids of the events in the stream, in its order."""
    found: list[str] = []
    sequence = 1
    while message := await bus.stored_after("KIOKU", sequence, "asset.>"):
        found.append(message.headers["Nats-Msg-Id"])
        sequence = message.sequence + 1
    return found


async def _backlog(pool) -> int:
    async with acquire(pool) as connection:
        return await connection.fetchval(
            "SELECT count(*) FROM demo.outbox WHERE published_at IS NULL"
        )


async def test_committed_events_are_published_in_order_and_marked(bus, pool, at_work, until):
    """Three batches' worth arrive once each, in the order of the outbox; the rows stay."""
    ids = await _enqueue(pool, 250)
    async with at_work(OutboxRelay(pool, bus, "demo")):
        await until(lambda: _is_empty(pool))
    assert ids == await _stream(bus)
    async with acquire(pool) as connection:
        assert 250 == await connection.fetchval("SELECT count(*) FROM demo.outbox")


async def _is_empty(pool) -> bool:
    return await _backlog(pool) == 0


async def test_a_notification_shortens_the_wait(bus, pool, at_work, until):
    """An event is in the stream long before the next poll."""
    async with at_work(OutboxRelay(pool, bus, "demo")):
        await asyncio.sleep(0.3)
        for number in range(5):
            await _enqueue(pool, 1, start=number)
            await until(lambda number=number: _has(bus, number + 1), POLL_SECONDS / 2)


async def _has(bus: EventBus, count: int) -> bool:
    return len(await _stream(bus)) == count


async def test_a_transaction_that_commits_late_is_not_skipped(bus, pool, at_work, until):
    """It took its id first and commits after a later one was published."""
    async with at_work(OutboxRelay(pool, bus, "demo")), acquire(pool) as slow:
        transaction = slow.transaction()
        await transaction.start()
        early = await _add(slow, 1)
        (late,) = await _enqueue(pool, 1, start=2)
        await until(lambda: _has(bus, 1))
        await transaction.commit()
        await until(lambda: _has(bus, 2))
    assert [late, early] == await _stream(bus)


async def test_of_two_relays_one_works_and_the_other_takes_over(
    bus, pool, demo_dsn, at_work, until
):
    """Under load with one of them stopped in the middle: once each, nothing lost."""
    other_pool = await open_pool(demo_dsn, application_name="other")
    ids: list[str] = []
    async with at_work(OutboxRelay(other_pool, bus, "demo")):
        async with at_work(OutboxRelay(pool, bus, "demo")):
            for number in range(20):
                ids += await _enqueue(pool, 10, start=number * 10)
        ids += await _enqueue(pool, 10, start=500)
        await until(lambda: _is_empty(pool))
    await close_pool(other_pool)
    assert sorted(ids) == sorted(await _stream(bus))


async def test_rivals_without_the_lock_publish_no_event_twice(bus, pool, until):
    """Even if the lock failed: rows are claimed with SKIP LOCKED and ids are stored once."""
    ids = await _enqueue(pool, 150)
    relays = [OutboxRelay(pool, bus, "demo") for _ in range(3)]

    async def drain(relay: OutboxRelay) -> None:
        async with acquire(pool) as connection:
            while await relay._publish_batch(connection):
                pass

    await asyncio.gather(*(drain(relay) for relay in relays))
    assert sorted(ids) == sorted(await _stream(bus))


async def test_stop_publishes_what_was_committed_before(bus, pool, at_work):
    """Events enqueued just before the stop are out when the relay has ended."""
    async with at_work(OutboxRelay(pool, bus, "demo")) as stop:
        await asyncio.sleep(0.3)
        ids = await _enqueue(pool, 150)
        stop.set()
    assert ids == await _stream(bus)


async def test_nats_killed_during_the_relay_loses_and_doubles_nothing(
    fresh_nats, bus, pool, at_work, until
):
    """Events committed before, during and after two kills are in the stream once each."""
    ids: list[str] = []
    async with at_work(OutboxRelay(pool, bus, "demo")):
        for _ in range(2):
            ids += await _enqueue(pool, 150)
            fresh_nats.kill()
            ids += await _enqueue(pool, 50)
            await asyncio.to_thread(fresh_nats.start)
            ids += await _enqueue(pool, 50)
        await until(lambda: _is_empty(pool), 30)
    assert sorted(ids) == sorted(await _stream(bus))


async def test_postgres_killed_during_the_relay_loses_and_doubles_nothing(
    fresh_postgres, demo_migrations, bus, at_work, until
):
    """kill -9 of the postmaster while batches are being marked: every event once."""
    await demo_migrations.apply(fresh_postgres.dsn())
    pool = await open_pool(fresh_postgres.dsn(), application_name="test")
    async with closing(pool):
        ids = await _enqueue(pool, 1500)
        async with at_work(OutboxRelay(pool, bus, "demo")):
            await until(lambda: _stored_some(bus))
            fresh_postgres.kill()
            await asyncio.sleep(0.5)
            await asyncio.to_thread(fresh_postgres.start)
            await until(lambda: _calm(pool), 30)
    assert sorted(ids) == sorted(await _stream(bus))


async def _stored_some(bus: EventBus) -> bool:
    return await bus.stored("KIOKU", 120) is not None


async def _calm(pool) -> bool:
    try:
        return await _is_empty(pool)
    except DependencyDown:
        return False


async def test_a_frozen_database_does_not_hang_the_relay(
    fresh_postgres, demo_migrations, bus, at_work, until
):
    """SIGSTOP of the session's backend: the command times out, a new session goes on."""
    await demo_migrations.apply(fresh_postgres.dsn())
    pool = await open_pool(fresh_postgres.dsn(), application_name="relay", max_size=4)
    relay = OutboxRelay(pool, bus, "demo")
    async with closing(pool), at_work(relay):
        await until(lambda: _led(pool))
        async with acquire(pool) as connection:
            backend = await connection.fetchval(_LEADER)
            os.kill(backend, signal.SIGSTOP)
            try:
                await asyncio.sleep(7)  # the poll of 1 s and the command timeout of 5 s
            finally:
                os.kill(backend, signal.SIGCONT)
        (event_id,) = await _enqueue(pool, 1)
        await until(lambda: _has(bus, 1))
    assert [event_id] == await _stream(bus)


_LEADER = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted"


async def _led(pool) -> bool:
    async with acquire(pool) as connection:
        return await connection.fetchval(_LEADER) is not None


async def test_a_wiped_store_gets_everything_the_outbox_keeps(
    fresh_nats, bus, pool, at_work, until
):
    """Published, wiped while stopped, started: the same events under the same ids."""
    ids = await _enqueue(pool, 30)
    async with at_work(OutboxRelay(pool, bus, "demo")):
        await until(lambda: _is_empty(pool))
        fresh_nats.stop()
        fresh_nats.wipe()
        ids += await _enqueue(pool, 5, start=100)
        await asyncio.to_thread(fresh_nats.start)
        await until(lambda: _republished(bus, 35), 20)
    assert sorted(ids) == sorted(await _stream(bus))


async def _republished(bus: EventBus, count: int) -> bool:
    try:
        return len(await _stream(bus)) == count
    except DependencyDown:
        return False


async def test_a_store_wiped_while_everything_was_down_is_noticed(
    fresh_nats, bus, pool, topology, at_work, until
):
    """The birth of the store is kept in the database, so a new process sees the difference too."""
    ids = await _enqueue(pool, 10)
    async with at_work(OutboxRelay(pool, bus, "demo")):
        await until(lambda: _is_empty(pool))
    await bus.close()
    fresh_nats.stop()
    fresh_nats.wipe()
    await asyncio.to_thread(fresh_nats.start)
    async with await EventBus.connect(fresh_nats.url, "again", topology=topology) as again:
        async with at_work(OutboxRelay(pool, again, "demo")):
            await until(lambda: _republished(again, 10))
        assert sorted(ids) == sorted(await _stream(again))


async def test_a_service_may_choose_what_a_new_store_gets(fresh_nats, bus, pool, at_work, until):
    """`republish` replaces the default of everything."""
    ids = await _enqueue(pool, 10)

    async def first_only(connection) -> int:
        await connection.execute(
            "UPDATE demo.outbox SET published_at = NULL WHERE event_id = $1", ids[0]
        )
        return 1

    async with at_work(OutboxRelay(pool, bus, "demo", republish=first_only)):
        await until(lambda: _is_empty(pool))
        fresh_nats.stop()
        fresh_nats.wipe()
        await asyncio.to_thread(fresh_nats.start)
        await until(lambda: _republished(bus, 1))
        await asyncio.sleep(0.5)
    assert ids[:1] == await _stream(bus)


async def test_old_published_rows_are_dropped(bus, pool, at_work, until):
    """Rows published more than seven days ago go; the rest stays, the waiting included."""
    await _enqueue(pool, 3)
    async with acquire(pool) as connection:
        await connection.execute(
            "UPDATE demo.outbox SET published_at = now() - make_interval(days => 8) WHERE id ="
            " (SELECT min(id) FROM demo.outbox)"
        )
    async with at_work(OutboxRelay(pool, bus, "demo")):
        await until(lambda: _is_empty(pool))
        await until(lambda: _rows(pool, 2))


async def _rows(pool, count: int) -> bool:
    async with acquire(pool) as connection:
        return await connection.fetchval("SELECT count(*) FROM demo.outbox") == count
