"""Words of assets in PostgreSQL.  Implements `WordIndex` and `StaleWords`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from kioku_rt.db import acquire

from kioku_search.assets.asset import Kind
from kioku_search.database import owned, unbound
from kioku_search.lexicon.lexemes import VERSION, document, units
from kioku_search.lexicon.words import STRATEGY
from kioku_search.searching.neighbour_store import either
from kioku_search.searching.search import Neighbour

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    import asyncpg
    from kioku_rt.auth.principal import Acting
    from kioku_rt.db.pool import Connection

    from kioku_search.searching.search import After, Wanted

_NEAREST = (
    "SELECT * FROM search.nearest_words($1, $2, $3, $4, $5, p_kind => $6, p_tags => $7,"
    " p_from => $8, p_until => $9, p_after_distance => $10, p_after_asset => $11,"
    " p_any_tags => $12, p_not_tags => $13)"
)
_WRITE = """
UPDATE search.asset_words SET search_text = $3, words = $4::text::tsvector, version = $5,
    updated_at = now() WHERE owner = $1 AND asset_id = $2
"""
# Rows that somebody else holds are being made, or deleted.
_STALE = """
SELECT w.owner, w.asset_id, a.filename, a.tags FROM search.asset_words w
JOIN search.assets a USING (owner, asset_id)
WHERE w.version < $1 ORDER BY w.version LIMIT $2 FOR UPDATE OF w SKIP LOCKED
"""
# The lock on the asset keeps out what is being deleted at the same moment.
_ADOPT = """
WITH next AS MATERIALIZED (
    SELECT a.owner, a.asset_id FROM search.assets a
    WHERE (a.owner, a.asset_id) > ($1, $2) AND a.state <> 'DELETING'
    ORDER BY a.owner, a.asset_id LIMIT $3 FOR KEY SHARE
), added AS (
    INSERT INTO search.asset_words (owner, asset_id) SELECT n.owner, n.asset_id FROM next n
    ON CONFLICT DO NOTHING
)
SELECT n.owner, n.asset_id FROM next n ORDER BY n.owner DESC, n.asset_id DESC LIMIT 1
"""


async def write_words(
    connection: Connection, owner: str, asset_id: UUID, filename: str, tags: Sequence[str]
) -> None:
    """Make the words of an asset, in the transaction that gave it this name and these tags."""
    made = document(owner, filename, tags)
    await connection.execute(_WRITE, owner, asset_id, made.search_text, made.vector, VERSION)


class WordStore:
    """Finds assets by their words.

    Args:
        pool: of the role `search_api`.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def matching(
        self,
        acting: Acting,
        text: str,
        wanted: Wanted,
        *,
        after: After | None,
        limit: int,
        least: float,
    ) -> list[Neighbour]:
        """At most `limit` assets that have `least` of the words, best first, ties by asset id."""
        asked = units(acting.owner, text)
        if acting.on_behalf:
            async with owned(self._pool, acting, "search.words"):
                pass  # recorded before anything is read
        async with acquire(self._pool) as connection:
            rows = await connection.fetch(
                _NEAREST,
                acting.owner,
                [unit.exact for unit in asked],
                [unit.loose for unit in asked],
                limit,
                least,
                wanted.kind,
                list(wanted.labels) or None,
                wanted.start,
                wanted.end,
                after.distance if after else None,
                after.asset_id if after else None,
                *either(wanted),
            )
        return [
            Neighbour(row[0], row[1], row[2], Kind(row[3]), tuple(row[4]), row[5], STRATEGY)
            for row in rows
        ]


class StaleWordStore:
    """Assets whose words were made by older rules, or not yet.

    Args:
        pool: of the role `search_worker`.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def adopt(self, after: tuple[str, UUID], limit: int) -> tuple[str, UUID] | None:
        """Let the next `limit` assets have words to be made; the last key, None at the end."""
        async with unbound(self._pool) as connection:
            last = await connection.fetchrow(_ADOPT, *after, limit)
        return (last["owner"], last["asset_id"]) if last else None

    async def make(self, limit: int) -> int:
        """Make the words of at most `limit` assets; how many there were."""
        async with unbound(self._pool) as connection:
            rows = await connection.fetch(_STALE, VERSION, limit)
            await connection.executemany(_WRITE, await asyncio.to_thread(_made, rows))
        return len(rows)


def _made(rows: Sequence[asyncpg.Record]) -> list[tuple[object, ...]]:
    """Many words are made off the event loop."""
    made = [(row, document(row["owner"], row["filename"], row["tags"])) for row in rows]
    return [
        (row["owner"], row["asset_id"], one.search_text, one.vector, VERSION) for row, one in made
    ]
