"""A relay as a process of its own, to be killed by a test."""

from __future__ import annotations

import asyncio
import sys

from kioku_rt.db import open_pool
from kioku_rt.events import EventBus, OutboxRelay


async def _main(url: str, dsn: str) -> None:
    pool = await open_pool(dsn, application_name="relay process")
    async with await EventBus.connect(url, "relay process") as bus:
        await OutboxRelay(pool, bus, "demo").run(asyncio.Event())


asyncio.run(_main(*sys.argv[1:]))
