"""What of an owner's assets is searchable in which way, in PostgreSQL.  Implements `Coverage`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kioku_rt.db import acquire

from kioku_search.database import owned

if TYPE_CHECKING:
    import asyncpg
    from kioku_rt.auth.principal import Acting


class CoverageStore:
    """Looks at the vectors of assets whose work is not finished.

    Args:
        pool: of the role `search_api`.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def some_by_tags_only(
        self, acting: Acting, tags_space_id: str, visual_space_id: str
    ) -> bool:
        """Whether assets whose work is not finished have a vector of tags and no visual one."""
        if acting.on_behalf:
            async with owned(self._pool, acting, "search.coverage", tags_space_id):
                pass  # recorded before anything is read
        async with acquire(self._pool) as connection:
            return bool(
                await connection.fetchval(
                    "SELECT search.some_by_tags_only($1, $2, $3)",
                    acting.owner,
                    tags_space_id,
                    visual_space_id,
                )
            )
