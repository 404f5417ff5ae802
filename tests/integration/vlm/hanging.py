"""A process of `vlm` whose reader never answers: `python -m tests.integration.vlm.hanging`.

It takes its settings and one picture from its standard input, touches a file when the reading has
begun, and waits to be killed.
"""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from kioku_rt.db import open_pool
from kioku_rt.events import EventBus
from kioku_rt.objects import MemoryObjectStore
from kioku_rt.service import run
from kioku_vlm.building import Parts, Servers, build
from kioku_vlm.exporting.calendar_writer import CalendarWriter
from kioku_vlm.observing.ports import Engines
from kioku_vlm.settings import Settings

from tests.integration.vlm.rig import NoHasher, NoticeExtractor, NoticeReader, SearchAssets


class HangingReader(NoticeReader):
    """Begins, and never ends."""

    def __init__(self, begun: Path) -> None:
        super().__init__()
        self._begun = begun

    async def read(self, data: bytes, content_type: str = "") -> Any:  # noqa: ARG002
        self._begun.touch()
        await asyncio.Event().wait()


async def serve(told: dict[str, Any]) -> None:
    """Serve until killed."""
    settings = Settings(**told["settings"])
    objects = MemoryObjectStore()
    await objects.put(told["key"], bytes.fromhex(told["data"]), "image/png")

    async def opened(resources: AsyncExitStack) -> Any:
        dsns = (settings.vlm_api_dsn, settings.vlm_worker_dsn)
        api, worker = [
            await open_pool(dsn.get_secret_value(), application_name="hanging") for dsn in dsns
        ]
        bus = await resources.enter_async_context(
            await EventBus.connect(settings.nats_url, "hanging")
        )
        engines = Engines(HangingReader(Path(told["begun"])), NoticeExtractor(), NoHasher())
        servers = Servers(api, worker, objects, bus, engines, SearchAssets())
        return build(settings, servers, Parts(CalendarWriter()))

    await run(settings, opened)


if __name__ == "__main__":
    asyncio.run(serve(json.loads(sys.stdin.read())))
