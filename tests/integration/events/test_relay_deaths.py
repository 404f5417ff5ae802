"""A relay that dies or freezes is replaced, and the store that replaces a lost one is noticed."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from kioku.events.v1 import events_pb2
from kioku_rt.db import acquire, close_pool, open_pool
from kioku_rt.events import EventBus, OutboxRelay, enqueue
from kioku_rt.events import relay as relay_module

PROCESS = Path(__file__).with_name("relay_process.py")


@contextmanager
def _relay_process(url: str, dsn: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, str(PROCESS), url, dsn], stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


async def _enqueue(pool, count: int) -> list[str]:
    async with acquire(pool) as connection, connection.transaction():
        return [
            await enqueue(
                connection,
                schema="demo",
                subject="asset.uploaded",
                message=events_pb2.AssetUploaded(asset_id=str(number)),
            )
            for number in range(count)
        ]


async def _stream(bus: EventBus) -> list[str]:
    found: list[str] = []
    sequence = 1
    while message := await bus.stored_after("KIOKU", sequence, "asset.>"):
        found.append(message.headers["Nats-Msg-Id"])
        sequence = message.sequence + 1
    return found


async def _drained(pool) -> bool:
    async with acquire(pool) as connection:
        waiting = await connection.fetchval(
            "SELECT count(*) FROM demo.outbox WHERE published_at IS NULL"
        )
    return waiting == 0


async def test_a_killed_relay_is_replaced_in_the_middle_of_its_work(
    fresh_nats, bus, pool, demo_dsn, at_work, until
):
    """SIGKILL while it publishes 3,000 events: the other finishes, each event stored once."""
    ids = await _enqueue(pool, 3000)
    with _relay_process(fresh_nats.url, demo_dsn) as process:
        await until(lambda: bus.stored("KIOKU", 250), 30)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert len(await _stream(bus)) < 3000
    async with at_work(OutboxRelay(pool, bus, "demo")):
        await until(lambda: _drained(pool), 30)
    assert sorted(ids) == sorted(await _stream(bus))


async def test_a_frozen_relay_loses_its_lock(
    bus, pool, demo_dsn, at_work, until, monkeypatch: pytest.MonkeyPatch
):
    """It says nothing for longer than allowed: another leads; thawed, it finds a dead session."""
    monkeypatch.setattr(relay_module, "FROZEN_MS", 1000)
    frozen, thaw = OutboxRelay(pool, bus, "demo"), asyncio.Event()
    publish_all = frozen._publish_all

    async def freeze(connection):
        await thaw.wait()
        await publish_all(connection)

    monkeypatch.setattr(frozen, "_publish_all", freeze)
    other_pool = await open_pool(demo_dsn, application_name="other")
    async with at_work(frozen):
        await asyncio.sleep(0.3)
        monkeypatch.setattr(relay_module, "FROZEN_MS", 30_000)
        async with at_work(OutboxRelay(other_pool, bus, "demo")):
            first = await _enqueue(pool, 5)
            await until(lambda: _drained(pool), 6)
            thaw.set()
            await asyncio.sleep(0.5)
        second = await _enqueue(pool, 5)
        await until(lambda: _drained(pool), 6)
    await close_pool(other_pool)
    assert first + second == await _stream(bus)


async def test_a_store_that_another_process_made_anew_is_noticed(
    fresh_nats, bus, pool, topology, at_work, until, monkeypatch: pytest.MonkeyPatch
):
    """The relay's own connection never broke, and still it publishes what was lost."""
    monkeypatch.setattr(relay_module, "GAUGE_SECONDS", 0.5)
    ids = await _enqueue(pool, 10)
    async with at_work(OutboxRelay(pool, bus, "demo")):
        await until(lambda: _drained(pool))
        async with await EventBus.connect(fresh_nats.url, "other", topology=topology) as other:
            await other.js.delete_stream("KIOKU")
            other.reset()
            await other.ensure()
        await until(lambda: bus.stored("KIOKU", 10), 10)
    assert sorted(ids) == sorted(await _stream(bus))
