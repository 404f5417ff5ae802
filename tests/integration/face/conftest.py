"""A database with the schema of `face`, and the whole service over real servers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from kioku.face.v1 import face_service_pb2
from kioku_face.building import Parts, Servers, build
from kioku_face.preparing import MIGRATIONS
from kioku_face.settings import Settings
from kioku_rt.auth import DevIssuer
from kioku_rt.db import Migrations, close_pool, open_pool
from kioku_rt.events import EventBus
from kioku_rt.images import DecodedImage, decode
from kioku_rt.objects import MemoryObjectStore

from tests.integration.face.rig import Db, MarkFinder, RecordingVectors, Service

ROLES = ("face_api", "face_worker", "face_sealer")


async def migrate(dsn: str) -> None:
    """Make the schema."""
    await Migrations(MIGRATIONS, "face").apply(dsn)


@pytest_asyncio.fixture
async def db(database: Callable[..., Awaitable[str]], postgres_server: Any) -> AsyncIterator[Db]:
    """A fresh database with the schema of `face`."""
    dsn = await database(migrate, "face")
    name = dsn.rsplit("/", 1)[1]
    dsns = {role: postgres_server.dsn(name, role) for role in ROLES}
    async with AsyncExitStack() as stack:
        pools = []
        for one in (dsn, dsns["face_api"], dsns["face_worker"]):
            pool = await open_pool(one, max_size=8, application_name="test")
            stack.push_async_callback(close_pool, pool)
            pools.append(pool)
        owner, api, worker = pools
        yield Db(dsn, dsns, owner=owner, api=api, worker=worker)


@pytest.fixture
def objects() -> MemoryObjectStore:
    """A store in memory; it passes the same contract as the real one."""
    return MemoryObjectStore()


class PlainDecoder:
    """Decodes in a thread: no children for the few small pictures of a test."""

    async def decode(self, data: bytes) -> DecodedImage:
        return await asyncio.to_thread(decode, data)


async def no_match(
    _request: face_service_pb2.MatchPeopleRequest,
) -> face_service_pb2.MatchPeopleResponse:
    """Nobody is known."""
    return face_service_pb2.MatchPeopleResponse(space_id="asked")


Start = Callable[..., Any]


@pytest.fixture
def start_face(db: Db, event_log: Any, objects: MemoryObjectStore, tmp_path: Path) -> Start:
    """`async with start_face(…) as service`: runs until the block ends."""

    @asynccontextmanager
    async def start(
        *,
        finder: MarkFinder | None = None,
        vectors: RecordingVectors | None = None,
        nats_url: str | None = None,
        **changes: Any,
    ) -> AsyncIterator[Service]:
        folder = tmp_path / "issuer"
        issuer = DevIssuer(folder)
        settings = Settings(
            face_api_dsn=db.dsns["face_api"],
            face_worker_dsn=db.dsns["face_worker"],
            jwks=str(folder / "jwks.json"),
            **{"face_tell_seconds": 0.1, "face_empty_seconds": 0.1, **changes},
        )
        finder = finder or MarkFinder()
        vectors = vectors or RecordingVectors(finder.space.space_id)
        async with AsyncExitStack() as stack:
            bus = await stack.enter_async_context(
                await EventBus.connect(nats_url or event_log.url, "test")
            )
            servers = Servers(db.api, db.worker, objects, bus, finder, PlainDecoder(), vectors)
            running = build(settings, servers, Parts(match=no_match))
            assert running.server is not None
            port = await running.server.start()
            stop = asyncio.Event()
            tasks = [
                asyncio.create_task(run(stop), name=name)
                for name, run in {**running.consumers, **running.relays}.items()
            ]
            service = Service(port, issuer, bus, objects, finder, vectors, settings)
            try:
                yield service
                for task in tasks:
                    assert not task.done(), f"{task.get_name()} died: {task}"
            finally:
                for one in service.channels:
                    await one.close()
                stop.set()
                await asyncio.wait_for(asyncio.gather(*tasks), 15)
                await running.server.drain()

    return start
