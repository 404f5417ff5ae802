"""Asks a new index alone, while the old one, which would answer the same queries, still serves."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import asyncpg
from kioku_rt.db.identifiers import identifier
from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason

from kioku_search.indexes.evaluation import displaced
from kioku_search.indexes.index import IndexMethod
from kioku_search.indexes.recall import tied_recall

if TYPE_CHECKING:
    from kioku_search.indexes.index import Parameters, SpaceIndex

    Connection = asyncpg.Connection[Any]

_PROBES, _K = 10, 10
_EF_SEARCH, _LISTS_A_PROBE = 200, 4
_LOCK_TRIES, _LOCK_SECONDS = 50, 0.1


class IndexProbe:
    """A few queries to one index.

    Args:
        connection: of the vectors' owner, which may hide the old index from itself.
        watching: another one, for what is compared exactly.
    """

    def __init__(self, connection: Connection, watching: Connection) -> None:
        self._connection = connection
        self._watching = watching

    async def recall(self, index: SpaceIndex, name: str, wanted: Parameters) -> float | None:
        """Recall of some queries by the index `name` alone; None in an empty space.

        Raises:
            KiokuError: INDEX_PROBE_FAILED if searches would not be served by it.
        """
        rows = await self._as_worker(
            "SELECT embedding FROM search.sample_vectors($1, $2)", index.space_id, _PROBES
        )
        queries = displaced([row["embedding"] for row in rows])
        if not queries:
            return None
        found = await self._alone(index, name, wanted, queries)
        recalls = []
        for query, distances in zip(queries, found, strict=True):
            (true,) = await self._as_worker(
                "SELECT search.nearest_distances($1, $2, $3, NULL)", index.space_id, query, _K
            )
            recalls.append(tied_recall(distances, true[0], _K))
        return sum(recalls) / len(recalls)

    async def _alone(
        self, index: SpaceIndex, name: str, wanted: Parameters, queries: list[Any]
    ) -> list[list[float]]:
        """Distances that `name` gives, with the old index hidden from this transaction.

        Two indexes of one operator class serve the same queries, so the old one is dropped and
        the transaction rolled back. Its lock is asked for briefly, so that searches never queue.
        """
        transaction = self._connection.transaction()
        await transaction.start()
        try:
            if index.name not in ("", name) and not await self._hidden(index.name):
                raise KiokuError(
                    Reason.INDEX_PROBE_FAILED, "The table was never free for the probe."
                )
            return await self._asked(index, name, wanted, queries)
        finally:
            await transaction.rollback()

    async def _hidden(self, name: str) -> bool:
        await self._connection.execute("SET LOCAL lock_timeout = '50ms'")
        for _ in range(_LOCK_TRIES):
            try:
                async with self._connection.transaction():
                    await self._connection.execute(f"DROP INDEX search.{identifier(name)}")
            except asyncpg.LockNotAvailableError:
                await asyncio.sleep(_LOCK_SECONDS)
            else:
                return True
        return False

    async def _asked(
        self, index: SpaceIndex, name: str, wanted: Parameters, queries: list[Any]
    ) -> list[list[float]]:
        ivfflat = wanted.method is IndexMethod.IVFFLAT
        probes = max(1, wanted.lists // _LISTS_A_PROBE)
        await self._connection.execute(
            "SET LOCAL ROLE search_worker; SET LOCAL enable_seqscan = off;"
            " SET LOCAL enable_sort = off; SET LOCAL hnsw.iterative_scan = relaxed_order;"
            f" SET LOCAL hnsw.ef_search = {_EF_SEARCH};"
            f" SET LOCAL ivfflat.probes = {probes if ivfflat else 1}"
        )
        text = await self._connection.fetchval(
            "SELECT search.whole_space_sql('whole_index', $1, $2)", index.space_id, wanted.opclass
        )
        plan = await self._connection.fetch("EXPLAIN " + text, queries[0], _K)
        if not any(f"using {name} on" in row[0] for row in plan):
            raise KiokuError(
                Reason.INDEX_PROBE_FAILED, "Searches would not be served by the new index."
            )
        return [await self._connection.fetchval(text, query, _K) or [] for query in queries]

    async def _as_worker(self, statement: str, *values: Any) -> list[asyncpg.Record]:
        """Row-level security is forced on the owner too; the worker sees every row."""
        async with self._watching.transaction():
            await self._watching.execute("SET LOCAL ROLE search_worker")
            rows: list[asyncpg.Record] = await self._watching.fetch(statement, *values)
        return rows
