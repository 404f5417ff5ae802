"""While the block runs the event stays ours, however long the block takes."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from kioku_rt.errors import DependencyDown
from kioku_rt.events.jetstream.delivery import Delivery


class Heartbeat:
    """Sends `in_progress` every third of `ack_wait` seconds; beats that cannot be sent are skipped.

    The beats need the event loop: work that blocks it belongs into a thread or a process.
    """

    def __init__(self, delivery: Delivery, ack_wait: float) -> None:
        self._delivery = delivery
        self._period = ack_wait / 3
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Heartbeat:
        self._task = asyncio.create_task(self._beat())
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._period)
            with suppress(DependencyDown):
                await self._delivery.in_progress()
