"""A database with this service's schema, and the whole service over real servers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from kioku_rt.auth import DevIssuer
from kioku_rt.db import Migrations, close_pool, open_pool
from kioku_rt.events import EventBus
from kioku_rt.objects import MemoryObjectStore, ObjectStore
from kioku_search.building import build
from kioku_search.servers import Servers
from kioku_search.settings import Settings

from tests.integration.search.rig import Db, FakeEmbedder, Service, space


async def migrate(dsn: str) -> None:
    """Make the schema."""
    await Migrations("kioku_search.migrations", "search").apply(dsn)


@pytest_asyncio.fixture
async def open_db(
    database: Callable[..., Awaitable[str]], postgres_server: Any
) -> AsyncIterator[Callable[..., Awaitable[Db]]]:
    """`await open_db(fill, key)`: a clone of the database that `fill(dsn)` made once."""
    opened: list[Any] = []

    async def make(fill: Callable[[str], Awaitable[None]], key: str) -> Db:
        dsn = await database(fill, key)
        name = dsn.rsplit("/", 1)[1]
        dsns = [dsn, *(postgres_server.dsn(name, role) for role in ("search_api", "search_worker"))]
        pools = [await open_pool(one, max_size=8, application_name="test") for one in dsns]
        opened.extend(pools)
        return Db(*dsns, owner=pools[0], api=pools[1], worker=pools[2])

    yield make
    for pool in opened:
        await close_pool(pool)


@pytest_asyncio.fixture
async def db(open_db: Callable[..., Awaitable[Db]]) -> Db:
    """A fresh database with the schema."""
    return await open_db(migrate, "search")


@pytest.fixture
def objects() -> MemoryObjectStore:
    """A store in memory; it passes the same contract as the real one."""
    return MemoryObjectStore()


Start = Callable[..., Any]


@pytest.fixture
def start_service(db: Db, event_log: Any, tmp_path: Path) -> Start:
    """`async with start_service(objects, …) as service`: runs until the block ends."""

    @asynccontextmanager
    async def start(
        objects: ObjectStore,
        *,
        embedder: FakeEmbedder | None = None,
        nats_url: str | None = None,
        topology: Any = None,
        **changes: Any,
    ) -> AsyncIterator[Service]:
        folder = tmp_path / "issuer"
        issuer = DevIssuer(folder)
        settings = Settings(
            search_api_dsn=db.api_dsn,
            search_worker_dsn=db.worker_dsn,
            search_owner_dsn=db.dsn,
            jwks=str(folder / "jwks.json"),
            **changes,
        )
        fake = embedder or FakeEmbedder(space())
        async with AsyncExitStack() as stack:
            bus = await stack.enter_async_context(
                await EventBus.connect(nats_url or event_log.url, "test")
            )
            running = build(settings, Servers(db.api, db.worker, objects, bus, fake))  # type: ignore[arg-type]
            port = await running.server.start()  # type: ignore[union-attr]
            stop = asyncio.Event()
            tasks = [
                asyncio.create_task(run(stop), name=name)
                for name, run in {**running.consumers, **running.relays}.items()
            ]
            service = Service(port, issuer, bus, fake, settings)
            try:
                yield service
                for task in tasks:
                    assert not task.done(), f"{task.get_name()} died: {task}"
            finally:
                for one in service.channels:
                    await one.close()
                stop.set()
                await asyncio.wait_for(asyncio.gather(*tasks), 15)
                await running.server.drain()  # type: ignore[union-attr]

    return start
