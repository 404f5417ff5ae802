"""A database with the schema of `face`, and ConsentService over it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from kioku_face.consent.consent import ConsentRules
from kioku_face.consent.wiring import consent_part
from kioku_rt.auth import AuthConfig, DevIssuer, TokenVerifier
from kioku_rt.auth.issuer import DEV_ISSUER
from kioku_rt.db import Migrations, close_pool, open_pool
from kioku_rt.page_token import PageTokens
from kioku_rt.rpc import RpcServer, ServerConfig

from tests.fakes.face_vectors import FakeFaceVectors
from tests.integration.face.consent.rig import QUICK, Db, Service

TOKENS = PageTokens(b"the secret of the tests of consent")


async def migrate(dsn: str) -> None:
    """Make the schema."""
    await Migrations("kioku_face.migrations", "face").apply(dsn)


@pytest_asyncio.fixture
async def open_db(
    database: Callable[..., Awaitable[str]], postgres_server: Any
) -> AsyncIterator[Callable[[], Awaitable[Db]]]:
    """`await open_db()`: a fresh database with the schema."""
    async with AsyncExitStack() as stack:

        async def make() -> Db:
            dsn = await database(migrate, "face")
            name = dsn.rsplit("/", 1)[1]
            dsns = [dsn, *(postgres_server.dsn(name, r) for r in ("face_api", "face_worker"))]
            pools = [await open_pool(one, max_size=8, application_name="test") for one in dsns]
            for pool in pools:
                stack.push_async_callback(close_pool, pool)
            return Db(dsns[0], dsns[2], owner=pools[0], api=pools[1], worker=pools[2])

        yield make


@pytest_asyncio.fixture
async def db(open_db: Callable[[], Awaitable[Db]]) -> Db:
    """A fresh database with the schema."""
    return await open_db()


Start = Callable[..., Any]


@pytest.fixture
def start(db: Db, tmp_path: Path) -> Start:
    """`async with start(rules=…) as service`: serves until the block ends."""

    @asynccontextmanager
    async def serve(
        rules: ConsentRules = QUICK, vectors: FakeFaceVectors | None = None
    ) -> AsyncIterator[Service]:
        issuer = DevIssuer(tmp_path / "issuer")
        vectors = vectors or FakeFaceVectors()
        part = consent_part(db.api, db.worker, vectors, TOKENS, rules)
        verifier = TokenVerifier(AuthConfig(DEV_ISSUER, jwks=str(issuer.jwks_path)))
        server = RpcServer(ServerConfig(), [part.registration], verifier=verifier)
        service = Service(await server.start(), issuer, db, part, vectors)
        try:
            yield service
        finally:
            for one in service.channels:
                await one.close()
            await server.drain()

    return serve


@pytest_asyncio.fixture
async def service(start: Start) -> AsyncIterator[Service]:
    """ConsentService with a `search` in memory."""
    async with start() as running:
        yield running
