"""Promise: frames go to the store several at a time; a range exists only when all of it does."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from kioku.events.v1 import events_pb2
from kioku_rt.errors import KiokuError

from kioku_embedder.frames.plan import CutFrame
from kioku_embedder.frames.shelf import UPLOADS, Range, Shelf


class RangeWriter:
    """Stores the frames of one video in ranges; to be closed.

    Args:
        shelf: where they go.
        size: frames of a range.
    """

    def __init__(self, shelf: Shelf, size: int) -> None:
        self._shelf = shelf
        self._size = size
        self._pending: list[asyncio.Task[events_pb2.Frame]] = []
        self.count = 0

    async def add(self, frame: CutFrame) -> Range | None:
        """Takes the next frame; the range that it filled, if it did.

        Raises:
            DependencyDown: the store, for this frame or one before.
        """
        if len(self._pending) >= UPLOADS:
            await self._pending[-UPLOADS]
        self._pending.append(asyncio.create_task(self._shelf.keep(self.count, frame)))
        self.count += 1
        return await self.rest() if len(self._pending) == self._size else None

    async def rest(self) -> Range | None:
        """The range of what is left, None if nothing is; raises DependencyDown."""
        if not self._pending:
            return None
        frames = [await task for task in self._pending]
        self._pending = []
        return await self._shelf.close_range(frames)

    async def aclose(self) -> None:
        """Ends what is still on its way."""
        for task in self._pending:
            task.cancel()
        for task in self._pending:
            with suppress(KiokuError, asyncio.CancelledError):
                await task
