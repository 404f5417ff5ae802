"""What PostgreSQL knows of an index, and the audit of who changed it.  Implements `Facts`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kioku_rt.db import audit

from kioku_search.database import SCHEMA, unbound
from kioku_search.indexes.index_admin import IndexFacts

if TYPE_CHECKING:
    import asyncpg
    from kioku_rt.auth.principal import Principal

    from kioku_search.indexes.index import SpaceIndex

_FACTS = """
SELECT coalesce(x.indisvalid, false) AS valid,
    coalesce(pg_relation_size(x.indexrelid), 0) AS size_bytes,
    pg_table_size(c.oid) AS table_bytes, coalesce(t.n_dead_tup, 0) AS dead_rows,
    greatest(t.last_vacuum, t.last_autovacuum) AS vacuumed_at,
    greatest(t.last_analyze, t.last_autoanalyze) AS analyzed_at, i.row_us, i.tuple_us
FROM search.space_indexes i JOIN search.spaces s USING (space_id)
JOIN pg_class c ON c.relname = s.partition_name AND c.relnamespace = 'search'::regnamespace
LEFT JOIN pg_stat_all_tables t ON t.relid = c.oid
LEFT JOIN pg_index x ON x.indrelid = c.oid
    AND x.indexrelid = to_regclass('search.' || quote_ident(nullif(i.index_name, '')))
WHERE i.space_id = $1
"""


class FactStore:
    """The catalogue, read for one index.

    Args:
        pool: of the role `search_worker`.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def of(self, index: SpaceIndex) -> IndexFacts:
        """What is known of an index."""
        async with unbound(self._pool) as connection:
            row = await connection.fetchrow(_FACTS, index.space_id)
        if row is None:  # it was dropped since it was found
            return IndexFacts(False, 0, 0, 0, None, None, None, None)
        return IndexFacts(**row)

    async def audit(self, principal: Principal, action: str, space_id: str, **details: str) -> None:
        """Add an audit row."""
        async with unbound(self._pool) as connection:
            await audit(
                connection,
                schema=SCHEMA,
                actor=principal.subject,
                action=action,
                subject=space_id,
                outcome="ok",
                details={"token_id": principal.token_id, **details},
            )
