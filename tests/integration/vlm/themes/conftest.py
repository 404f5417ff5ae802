"""The house of all that themes ask."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest_asyncio

from tests.integration.vlm.themes.house import MODEL, ROLES, House, Open, migrate


@pytest_asyncio.fixture
async def open_house(
    database: Callable[..., Awaitable[str]], postgres_server: Any, event_log: Any, tmp_path: Path
) -> AsyncIterator[Open]:
    """`await open_house(model=…)`: every server that themes ask, with a model's checkpoint."""
    async with AsyncExitStack() as stack:

        async def opened(model: Path = MODEL) -> House:
            dsn = await database(migrate, "search and vlm")
            name = dsn.rsplit("/", 1)[1]
            dsns = {role: postgres_server.dsn(name, role) for role in ROLES}
            house = House(stack, tmp_path)
            await house.open(dsn, dsns, event_log.url, model)
            return house

        yield opened
