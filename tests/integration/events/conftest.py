"""Fixtures for the event machinery: a bus on a server of the test's own, workers at work."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from kioku_rt.db import Migrations, close_pool, open_pool
from kioku_rt.events import CONSUMERS, Ack, ConsumerSpec, Event, EventBus, Outcome, Topology, Worker
from kioku_stack.nats import Nats

FAST = (0.05, 0.05, 0.05, 0.05, 0.05)
QUICK = ConsumerSpec("embedder-uploaded", ("asset.uploaded",), ack_wait=1.0)
Rule = Callable[[Event], Outcome | Awaitable[Outcome]]
Until = Callable[..., Awaitable[None]]


@dataclass
class Recorder:
    """A handler that remembers every delivery and answers by a rule."""

    rule: Rule = lambda _: Ack()
    events: list[Event] = field(default_factory=list)

    async def __call__(self, event: Event) -> Outcome:
        self.events.append(event)
        answer = self.rule(event)
        return await answer if inspect.isawaitable(answer) else answer

    @property
    def ids(self) -> list[str]:
        """The ids in the order of delivery."""
        return [event.id for event in self.events]

    @property
    def attempts(self) -> list[int]:
        """The attempt numbers in the order of delivery."""
        return [event.attempt for event in self.events]


@pytest.fixture
def recorder() -> type[Recorder]:
    """`recorder(rule)`: a handler to look into."""
    return Recorder


@pytest.fixture
def until() -> Until:
    """`await until(fact, seconds)`: return when `fact()` (or what it awaits) is true."""

    async def wait(fact: Callable[[], Any], seconds: float = 15.0) -> None:
        async with asyncio.timeout(seconds):
            while True:
                value = fact()
                if await value if inspect.isawaitable(value) else value:
                    return
                await asyncio.sleep(0.02)

    return wait


@pytest.fixture
def topology() -> Topology:
    """Kioku's own, but what `embedder-uploaded` does not settle comes back after one second."""
    others = tuple(spec for spec in CONSUMERS.values() if spec.durable != QUICK.durable)
    return Topology(consumers=(QUICK, *others))


@pytest.fixture
async def bus(fresh_nats: Nats, topology: Topology) -> AsyncIterator[EventBus]:
    """A connected bus on a server of this test's own."""
    async with await EventBus.connect(fresh_nats.url, "test", topology=topology) as bus:
        yield bus


@pytest.fixture
def make_worker(bus: EventBus) -> Callable[..., Worker]:
    """`make_worker(handler, **options)`: of `embedder-uploaded` or `consumer`; short delays."""

    def make(handler: Any, **options: Any) -> Worker:
        settings = {"slots": 4, "handler_timeout": 5.0, "retry_delays": FAST, **options}
        return Worker(
            settings.pop("bus", bus), settings.pop("consumer", QUICK), handler, **settings
        )

    return make


@pytest.fixture
def at_work() -> Callable[..., AbstractAsyncContextManager[asyncio.Event]]:
    """`async with at_work(worker, …) as stop`: they run inside the block and drain at its end."""

    @asynccontextmanager
    async def run(*workers: Any) -> AsyncIterator[asyncio.Event]:
        stop = asyncio.Event()
        tasks = [asyncio.create_task(worker.run(stop)) for worker in workers]
        try:
            yield stop
            stop.set()
            async with asyncio.timeout(20):
                await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            for ended in await asyncio.gather(*tasks, return_exceptions=True):
                if isinstance(ended, Exception):
                    raise ended  # it died at work: worth more than what waited for it in vain

    return run


@pytest.fixture
def publish(bus: EventBus) -> Callable[..., Awaitable[list[str]]]:
    """`await publish(n)`: n events on asset.uploaded; their ids."""

    async def many(count: int, subject: str = "asset.uploaded", start: int = 0) -> list[str]:
        ids = [f"event-{number}" for number in range(start, start + count)]
        for one in ids:
            await bus.publish(subject, one.encode(), event_id=one)
        return ids

    return many


@pytest.fixture
def consumer_info(bus: EventBus) -> Callable[..., Awaitable[Any]]:
    """`await consumer_info()`: what the server says about `embedder-uploaded`."""

    async def ask(durable: str = "embedder-uploaded", stream: str = "KIOKU") -> Any:
        return await bus.client.jetstream().consumer_info(stream, durable)

    return ask


@pytest.fixture
def demo_migrations(tmp_path: Path) -> Migrations:
    """A schema `demo` with nothing but the shared tables."""
    folder = tmp_path / "migrations"
    folder.mkdir()
    names = ("outbox", "processed", "audit_logs")
    lines = [f"-- include: kioku_rt/{name}.sql\n" for name in names]
    (folder / "0001_pre_shared.sql").write_text("".join(lines))
    return Migrations(folder, "demo")


@pytest.fixture
async def demo_dsn(database: Any, demo_migrations: Migrations) -> str:
    """DSN of a database of this test's own with the schema `demo`."""
    return str(await database(demo_migrations.apply, "kioku_rt demo"))


@pytest.fixture
async def pool(demo_dsn: str) -> AsyncIterator[asyncpg.Pool]:
    """A pool on `demo_dsn`."""
    pool = await open_pool(demo_dsn, application_name="test")
    yield pool
    await close_pool(pool)


class BlackHole:
    """A TCP relay that can swallow everything, without a reset, until it is healed."""

    def __init__(self) -> None:
        self.swallow = False
        self._port = 0
        self._target = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    def url(self, target: int) -> str:
        """Where to connect to reach `target` through it."""
        self._target = target
        return f"nats://127.0.0.1:{self._port}"

    def heal(self) -> None:
        """Let packets through again; connections that lost some stay mute, as on a real network."""
        self.swallow = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Relay one connection."""
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        self._writers |= {writer, far_writer}
        for source, sink in ((reader, far_writer), (far_reader, writer)):
            task = asyncio.create_task(self._pump(source, sink))
            self._tasks.add(task)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        mute = False
        while data := await source.read(65536):
            mute = mute or self.swallow
            if not mute:
                sink.write(data)
        sink.close()

    async def run(self) -> asyncio.Server:
        """Listen on a free port."""
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self._port = server.sockets[0].getsockname()[1]
        return server

    async def end(self) -> None:
        """Cut everything."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for writer in self._writers:
            writer.close()


@pytest.fixture
async def black_hole() -> AsyncIterator[BlackHole]:
    """A network path that can be cut without a word."""
    hole = BlackHole()
    server = await hole.run()
    yield hole
    server.close()
    await hole.end()
