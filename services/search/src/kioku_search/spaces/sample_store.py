"""Assets drawn for a comparison, in PostgreSQL.  Implements `SampleStore`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kioku_search.database import audit_operator, unbound
from kioku_search.spaces.space_life_store import LONG, LONG_SECONDS

if TYPE_CHECKING:
    from uuid import UUID

    import asyncpg

_DRAW = """
SELECT a.owner, a.asset_id FROM search.assets a
WHERE a.state = 'READY' AND ($3 = '' OR a.owner = $3)
    AND EXISTS (SELECT FROM search.image_embeddings e WHERE e.space_id = $1
        AND e.owner = a.owner AND e.asset_id = a.asset_id)
    AND EXISTS (SELECT FROM search.image_embeddings e WHERE e.space_id = $2
        AND e.owner = a.owner AND e.asset_id = a.asset_id)
ORDER BY random() LIMIT $4
"""


class SampleStore:
    """Draws assets.

    Args:
        pool: of the role `search_worker`.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def draw(
        self, space_id: str, base_id: str, owner: str, limit: int, actor: str
    ) -> list[tuple[str, UUID]]:
        """Owner and id of READY assets with a vector in both spaces, at random; audited."""
        async with unbound(self._pool) as connection:
            facts = {"base": base_id, "samples": limit, "owner": owner}
            await audit_operator(connection, actor, "space.compare", space_id, **facts)
            await connection.execute(LONG)
            rows = await connection.fetch(
                _DRAW, space_id, base_id, owner, limit, timeout=LONG_SECONDS
            )
        return [(row["owner"], row["asset_id"]) for row in rows]
