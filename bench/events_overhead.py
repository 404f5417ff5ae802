"""What the event machinery costs by itself: real PostgreSQL and NATS, both flushing to disk.

    python -m bench.events_overhead [--events 2000] [--slots 16]

Prints events per second through transaction -> outbox -> relay -> JetStream -> worker -> ack, the
same through a bare loop of nats-py publishes and acks on the same server, and the time one event
takes from commit to handler on an idle system.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import statistics
import tempfile
import time
from pathlib import Path

import asyncpg
import structlog
from kioku.events.v1 import events_pb2
from kioku_rt.db import Migrations, acquire, close_pool, open_pool
from kioku_rt.events import CONSUMERS, Ack, Event, EventBus, OutboxRelay, Worker, enqueue
from kioku_stack.nats import Nats
from kioku_stack.postgres import Postgres

CONSUMER = CONSUMERS["embedder-uploaded"]
IDLE_SAMPLES = 50


class Clock:
    """A handler that notes when each event arrived."""

    def __init__(self) -> None:
        self.arrived: dict[str, float] = {}
        self._more = asyncio.Event()

    async def __call__(self, event: Event) -> Ack:
        self.arrived.setdefault(event.id, time.perf_counter())
        self._more.set()
        return Ack()

    async def until(self, count: int) -> None:
        """Return when so many have arrived."""
        while len(self.arrived) < count:
            self._more.clear()
            await self._more.wait()


async def add(pool: asyncpg.Pool, count: int) -> tuple[list[str], float]:
    """Commit `count` events in one transaction; their ids and the time of the commit."""
    async with acquire(pool) as connection, connection.transaction():
        ids = []
        for number in range(count):
            message = events_pb2.AssetUploaded(asset_id=f"{number:036}", owner="owner")
            ids.append(
                await enqueue(connection, schema="bench", subject="asset.uploaded", message=message)
            )
    return ids, time.perf_counter()


async def bare(url: str, events: int) -> float:
    """Events per second of nats-py alone: publish and await the ack, fetch, ack; one stream."""
    async with await EventBus.connect(url, "bare") as bus:
        js = bus.client.jetstream()
        await bus.purge("KIOKU")
        sub = await js.pull_subscribe_bind(CONSUMER.durable, "KIOKU")
        start = time.perf_counter()
        for begin in range(0, events, 100):
            batch = range(begin, min(events, begin + 100))
            await asyncio.gather(*(js.publish("asset.uploaded", b"x" * 80) for _ in batch))
        left = events
        while left:
            messages = await sub.fetch(min(16, left))
            await asyncio.gather(*(message.ack_sync() for message in messages))
            left -= len(messages)
        return events / (time.perf_counter() - start)


async def ours(pool: asyncpg.Pool, url: str, events: int, slots: int) -> tuple[float, list[float]]:
    """Events per second through everything, and idle latencies in seconds."""
    clock, stop = Clock(), asyncio.Event()
    async with await EventBus.connect(url, "bench") as bus:
        worker = Worker(bus, CONSUMER, clock, slots=slots, handler_timeout=10)
        tasks = [
            asyncio.create_task(run(stop))
            for run in (OutboxRelay(pool, bus, "bench").run, worker.run)
        ]
        await asyncio.sleep(1)
        _, committed = await add(pool, events)
        await clock.until(events)
        rate = events / (max(clock.arrived.values()) - committed)
        idle = []
        for number in range(IDLE_SAMPLES):
            ids, committed = await add(pool, 1)
            await clock.until(events + number + 1)
            idle.append(clock.arrived[ids[0]] - committed)
        stop.set()
        await asyncio.gather(*tasks)
    return rate, idle


def write_migrations(folder: Path) -> Path:
    """The shared outbox as a schema's only migration."""
    folder.chmod(0o711)  # PostgreSQL's unprivileged account passes through
    migrations = folder / "migrations"
    migrations.mkdir()
    (migrations / "0001_pre_outbox.sql").write_text("-- include: kioku_rt/outbox.sql\n")
    return migrations


async def main(events: int, slots: int, folder: Path) -> None:
    """Start both servers, measure, print."""
    migrations = write_migrations(folder)
    postgres, nats = Postgres(folder / "postgres", auth="trust"), Nats(folder / "nats")
    postgres.start()
    nats.start()
    await Migrations(migrations, "bench").apply(postgres.dsn())
    pool = await open_pool(postgres.dsn(), application_name="bench")
    loop_rate = await bare(nats.url, events)
    rate, idle = await ours(pool, nats.url, events, slots)
    await close_pool(pool)
    nats.stop()
    postgres.stop()
    idle_ms = sorted(1000 * seconds for seconds in idle)
    print(f"bare nats-py publish + fetch + ack   {loop_rate:8.0f} events/s")
    share = rate / loop_rate
    print(f"outbox + relay + worker + ack        {rate:8.0f} events/s ({share:.2f} of bare)")
    print(f"cost of one event under load         {1000 / rate:8.2f} ms")
    print(
        f"commit to handler, idle              {statistics.median(idle_ms):8.2f} ms median,"
        f" {idle_ms[int(0.95 * len(idle_ms))]:.2f} ms p95"
    )


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=2000)
    parser.add_argument("--slots", type=int, default=16)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kioku-bench-") as folder:
        asyncio.run(main(arguments.events, arguments.slots, Path(folder)))
