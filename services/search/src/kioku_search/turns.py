"""Promise: what is done to one thing is done one after the other, without a database connection.

Transactions about one video would queue for its row's lock, each with a connection in hand and its
lock time-out running; here they queue before they begin.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary


class Turns:
    """A lock for each key, forgotten when nobody holds or awaits it."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[Hashable, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def of(self, key: Hashable) -> AsyncIterator[None]:
        """The block is alone with `key`, within this process."""
        lock = self._locks.setdefault(key, asyncio.Lock())
        async with lock:
            yield
