"""A database with the schema of `vlm`, and the whole service over real servers."""

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
from kioku_rt.objects import MemoryObjectStore
from kioku_rt.page_token import PageTokens
from kioku_vlm.building import Parts, Servers, build
from kioku_vlm.exporting.calendar_writer import CalendarWriter
from kioku_vlm.notifying.wiring import notifying
from kioku_vlm.observing.ports import Engines
from kioku_vlm.preparing import MIGRATIONS
from kioku_vlm.settings import Settings

from tests.integration.vlm.rig import (
    Db,
    NoHasher,
    NoticeExtractor,
    NoticeReader,
    SearchAssets,
    Service,
)

ROLES = ("vlm_api", "vlm_worker", "vlm_sealer")


async def migrate(dsn: str) -> None:
    """Make the schema."""
    await Migrations(MIGRATIONS, "vlm").apply(dsn)


@pytest_asyncio.fixture
async def db(database: Callable[..., Awaitable[str]], postgres_server: Any) -> AsyncIterator[Db]:
    """A fresh database with the schema of `vlm`."""
    dsn = await database(migrate, "vlm")
    name = dsn.rsplit("/", 1)[1]
    dsns = {role: postgres_server.dsn(name, role) for role in ROLES}
    async with AsyncExitStack() as stack:
        pools = []
        for one in (dsn, dsns["vlm_api"], dsns["vlm_worker"]):
            pool = await open_pool(one, max_size=8, application_name="test")
            stack.push_async_callback(close_pool, pool)
            pools.append(pool)
        owner, api, worker = pools
        yield Db(dsn, dsns, owner=owner, api=api, worker=worker)


@pytest.fixture
def objects() -> MemoryObjectStore:
    """A store in memory; it passes the same contract as the real one."""
    return MemoryObjectStore()


Start = Callable[..., Any]


@pytest.fixture
def start_vlm(db: Db, event_log: Any, objects: MemoryObjectStore, tmp_path: Path) -> Start:
    """`async with start_vlm(…) as service`: runs until the block ends."""

    @asynccontextmanager
    async def start(
        *,
        reader: NoticeReader | None = None,
        extractor: NoticeExtractor | None = None,
        faces: Any = None,
        describer: Any = None,
        nats_url: str | None = None,
        **changes: Any,
    ) -> AsyncIterator[Service]:
        folder = tmp_path / "issuer"
        issuer = DevIssuer(folder)
        settings = Settings(
            vlm_api_dsn=db.dsns["vlm_api"],
            vlm_worker_dsn=db.dsns["vlm_worker"],
            jwks=str(folder / "jwks.json"),
            **{"vlm_backlog_seconds": 0.2, "vlm_lease_seconds": 3, **changes},
        )
        reader = reader or NoticeReader()
        extractor = extractor or NoticeExtractor()
        assets = SearchAssets()
        async with AsyncExitStack() as stack:
            bus = await stack.enter_async_context(
                await EventBus.connect(nats_url or event_log.url, "test")
            )
            engines = Engines(reader, extractor, NoHasher(), describer=describer)
            servers = Servers(db.api, db.worker, objects, bus, engines, assets, faces)
            tokens = PageTokens(b"tokens of the tests")
            telling = notifying(settings, db.api, db.worker, tokens, stack)
            parts = Parts(CalendarWriter(), telling.told, (), telling.jobs, telling.handlers)
            running = build(settings, servers, parts)
            assert running.server is not None
            port = await running.server.start()
            await running.server.set_serving(True)
            stop = asyncio.Event()
            tasks = [
                asyncio.create_task(run(stop), name=name)
                for name, run in {**running.consumers, **running.relays}.items()
            ]
            service = Service(port, issuer, bus, objects, reader, extractor, assets, settings)
            try:
                yield service
                for task in tasks:
                    assert not task.done(), f"{task.get_name()} died: {task}"
            finally:
                reader.gate.set()
                for one in service.channels:
                    await one.close()
                stop.set()
                await asyncio.wait_for(asyncio.gather(*tasks), 15)
                await running.server.drain()

    return start
