"""A library in a fresh database, and PeopleService over it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from kioku.face.v1.people_service_pb2_grpc import PeopleServiceStub
from kioku_face.people.wiring import people_registration
from kioku_rt.auth import AuthConfig, DevIssuer, TokenVerifier
from kioku_rt.db import Migrations, close_pool, open_pool
from kioku_rt.rpc import RpcServer, ServerConfig, channel

from tests.integration.face.people.rig import TOKENS, Library, NotedWithdrawal, ToldFinder


async def migrate(dsn: str) -> None:
    """Make the schema."""
    await Migrations("kioku_face.migrations", "face").apply(dsn)


@pytest_asyncio.fixture
async def library(
    database: Callable[..., Awaitable[str]], postgres_server: Any
) -> AsyncIterator[Library]:
    """A fresh database with the schema of `face`."""
    dsn = await database(migrate, "face people")
    name = dsn.rsplit("/", 1)[1]
    dsns = [dsn, *(postgres_server.dsn(name, role) for role in ("face_api", "face_worker"))]
    async with AsyncExitStack() as stack:
        pools = []
        for one in dsns:
            pools.append(await open_pool(one, max_size=8, application_name="test"))
            stack.push_async_callback(close_pool, pools[-1])
        yield Library(dsn, dsns[1], *pools)


class PeopleServer:
    """PeopleService in this process, with a token for anybody."""

    def __init__(self, port: int, issuer: DevIssuer, stack: AsyncExitStack) -> None:
        self.port = port
        self.issuer = issuer
        self.finder = ToldFinder()
        self.withdrawal = NotedWithdrawal()
        self._stack = stack

    async def stub(self, subject: str, **claims: Any) -> Any:
        token = self.issuer.mint(subject, ttl=300.0, **claims)
        one = channel(f"127.0.0.1:{self.port}", token=lambda: token, default_timeout=20)
        self._stack.push_async_callback(one.close)
        return PeopleServiceStub(one)


@pytest_asyncio.fixture
async def server(library: Library, tmp_path: Path) -> AsyncIterator[PeopleServer]:
    """The service, until the test ends."""
    issuer = DevIssuer(tmp_path / "issuer")
    keys = str(tmp_path / "issuer" / "jwks.json")
    verifier = TokenVerifier(AuthConfig(issuer="kioku-dev", audience="authenticated", jwks=keys))
    async with AsyncExitStack() as stack:
        one = PeopleServer(0, issuer, stack)
        people = people_registration(library.api, one.finder, one.withdrawal, TOKENS)
        served = RpcServer(ServerConfig(grace=1.0), [people], verifier=verifier)
        one.port = await served.start()
        stack.push_async_callback(served.drain)
        yield one


@pytest.fixture
def linking(library: Library) -> Any:
    """The use case over the real stores."""
    return library.linking
