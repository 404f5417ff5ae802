"""A space's vectors asked for measuring, in PostgreSQL.  Implements `Trials`."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any

from kioku_search.indexes.dedicated import dedicated
from kioku_search.indexes.evaluation import Trials

if TYPE_CHECKING:
    import asyncpg

    from kioku_search.indexes.evaluation import Floats

_LONGEST_SECONDS = 60.0


def trials(dsn: str) -> Callable[[], AbstractAsyncContextManager[Trials]]:
    """What opens trials: a context with a connection of its own.

    Args:
        dsn: of the role `search_worker`: an index is measured over all owners.
    """

    @asynccontextmanager
    async def open_trials() -> AsyncIterator[Trials]:
        async with dedicated(dsn, "evaluation", seconds=_LONGEST_SECONDS) as connection:
            yield EvaluationStore(connection)

    return open_trials


class EvaluationStore:
    """Asks indexes over one connection."""

    def __init__(self, connection: asyncpg.Connection[Any]) -> None:
        self._connection = connection

    async def sample(self, space_id: str, count: int) -> list[Floats]:
        """Some vectors of the space, drawn from all over it."""
        rows = await self._connection.fetch(
            "SELECT embedding FROM search.sample_vectors($1, $2)", space_id, count
        )
        return [row["embedding"] for row in rows]

    async def ask(
        self, space_id: str, query: Floats, k: int, effort: int | None
    ) -> tuple[list[float], float]:
        """Distances of the k nearest by the index, or exactly with None; and milliseconds."""
        async with self._connection.transaction():
            started = time.perf_counter()
            found = await self._connection.fetchval(
                "SELECT search.nearest_distances($1, $2, $3, $4)", space_id, query, k, effort
            )
            took = time.perf_counter() - started
        return found or [], took * 1e3
