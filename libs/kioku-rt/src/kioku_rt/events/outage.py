"""While a dependency is down one prober asks for it and everybody else waits for its answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from kioku_rt.errors import DependencyDown
from kioku_rt.events.delays import jittered, sleep_unless

Probe = Callable[[], Awaitable[bool]]
PROBE_DELAYS = (0.5, 1.0, 2.0, 5.0, 10.0)
PROBE_SECONDS = 5.0

log = structlog.get_logger(__name__)


class Outage:
    """Whether a worker's dependencies are down, and the wait until they are not.

    Args:
        probe: True when the dependencies answer; False or DependencyDown when not. None: time
            alone, then the handler finds out.
        delays: seconds between probes, the last one repeated; jittered.
    """

    def __init__(self, probe: Probe | None, delays: Sequence[float] = PROBE_DELAYS) -> None:
        self._probe = probe
        self._delays = delays
        self._probing = asyncio.Lock()
        self._tries = 0
        self.on = False

    def got_through(self) -> None:
        """An event that had waited was handled: the next outage starts from the shortest delay."""
        self._tries = 0

    async def wait(self, dependency: str, stop: asyncio.Event) -> None:
        """Begin (or join) an outage; returns when it may be over, or when `stop` is set."""
        if not self.on:
            log.warning("events.waiting", dependency=dependency)
            self.on = True
        async with self._probing:
            while self.on and await self._pause(stop):
                self.on = not await self._answers()

    async def _pause(self, stop: asyncio.Event) -> bool:
        delay = self._delays[min(self._tries, len(self._delays) - 1)]
        self._tries += 1
        return await sleep_unless(stop, jittered(delay))

    async def _answers(self) -> bool:
        if self._probe is None:
            return True
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                return await self._probe()
        except (TimeoutError, DependencyDown):
            return False
