"""A library of faces over a real database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest_asyncio
from kioku_rt.db import Migrations, close_pool, open_pool

from tests.integration.face.grouping.rig import Home


async def migrate(dsn: str) -> None:
    """Make the schema."""
    await Migrations("kioku_face.migrations", "face").apply(dsn)


@pytest_asyncio.fixture
async def home(
    database: Callable[..., Awaitable[str]], postgres_server: Any
) -> AsyncIterator[Home]:
    """An empty library."""
    dsn = await database(migrate, "face-grouping")
    name = dsn.rsplit("/", 1)[1]
    dsns = [dsn, postgres_server.dsn(name, "face_worker")]
    pools = [await open_pool(one, max_size=4, application_name="test") for one in dsns]
    yield Home(*pools)
    for pool in pools:
        await close_pool(pool)
