"""A library in a fresh database, and PeopleService over it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from kioku_rt.db import Migrations, close_pool, open_pool

from tests.integration.face.people.rig import Library
from tests.integration.face.people.serving import PeopleServer, serving


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


@pytest_asyncio.fixture
async def server(library: Library, tmp_path: Path) -> AsyncIterator[PeopleServer]:
    """The service, until the test ends."""
    async with serving(library, tmp_path / "issuer") as one:
        yield one


@pytest.fixture
def linking(library: Library) -> Any:
    """The use case over the real stores."""
    return library.linking
