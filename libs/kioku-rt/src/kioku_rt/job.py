"""Jobs that nobody waits for: each is idempotent, so any number of processes may run them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from kioku_rt.errors import DependencyDown

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Job:
    """Something to do every so many seconds."""

    name: str
    seconds: float
    work: Callable[[], Awaitable[object]]

    async def run(self, stop: asyncio.Event) -> None:
        """Do it until `stop` is set; a dependency that is down costs one round."""
        while not stop.is_set():
            try:
                await self.work()
            except DependencyDown as down:
                log.warning("job.waits", job=self.name, dependency=down.dependency)
            try:
                async with asyncio.timeout(self.seconds):
                    await stop.wait()
            except TimeoutError:
                continue
