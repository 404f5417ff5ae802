"""A database with the schema of `vlm`, with observations to tell of."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest_asyncio
from kioku_rt.db import Migrations, close_pool, open_pool
from kioku_vlm.notifying.delivery_store import DeliveryStore

FACTS = {"asset_ids": ["a"], "entries": 2}


@dataclass
class Rows:
    """The database, by the pools of its roles."""

    owner: asyncpg.Pool
    api: asyncpg.Pool
    worker: asyncpg.Pool

    @property
    def store(self) -> DeliveryStore:
        """What is tested."""
        return DeliveryStore(self.worker)

    async def observation(self, owner: str = "ann", version: int = 1) -> uuid.UUID:
        """One that was read so often."""
        observation_id = uuid.uuid4()
        digest = uuid.uuid4().hex * 2
        await self.owner.execute(
            "INSERT INTO vlm.vlm_observations (owner, observation_id, observation_hash, sha256,"
            " state, version, today, try_after)"
            " VALUES ($1, $2, $3, $3, 'READY', $4, current_date, now())",
            *(owner, observation_id, digest, version),
        )
        return observation_id

    async def hasten(self) -> None:
        """Everything that waits is due now."""
        await self.owner.execute(
            "UPDATE vlm.webhook_deliveries SET next_at = now() - interval '1 s'"
            " WHERE state = 'PENDING'"
        )

    async def all(self) -> list[asyncpg.Record]:
        """Every delivery, in the order they were asked for."""
        return await self.owner.fetch("SELECT * FROM vlm.webhook_deliveries ORDER BY delivery_id")


async def migrate(dsn: str) -> None:
    """Make the schema."""
    await Migrations("kioku_vlm.migrations", "vlm").apply(dsn)


@pytest_asyncio.fixture
async def rows(
    database: Callable[..., Awaitable[str]], postgres_server: Any
) -> AsyncIterator[Rows]:
    """A fresh database."""
    dsn = await database(migrate, "vlm")
    name = dsn.rsplit("/", 1)[1]
    async with AsyncExitStack() as stack:
        pools = []
        for one in (dsn, *(postgres_server.dsn(name, f"vlm_{role}") for role in ("api", "worker"))):
            pool = await open_pool(one, max_size=8, application_name="test")
            stack.push_async_callback(close_pool, pool)
            pools.append(pool)
        yield Rows(*pools)
