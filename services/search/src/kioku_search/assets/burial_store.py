"""Who is alive among the dead, in PostgreSQL.  Implements `Living`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kioku_search.assets.burial import Dead
from kioku_search.database import unbound

if TYPE_CHECKING:
    from collections.abc import Sequence

    import asyncpg

_AMONG = """
SELECT a.owner, a.asset_id FROM unnest($1::text[], $2::uuid[]) AS d(owner, asset_id)
JOIN search.assets a USING (owner, asset_id) WHERE a.state <> 'DELETING'
"""


class BurialStore:
    """Looks assets up by key.

    Args:
        pool: of the role `search_worker`.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def among(self, dead: Sequence[Dead]) -> list[Dead]:
        """Those of them that the database shows as living assets."""
        owners, ids = [one.owner for one in dead], [one.asset_id for one in dead]
        async with unbound(self._pool) as connection:
            rows = await connection.fetch(_AMONG, owners, ids)
        return [Dead(row["owner"], row["asset_id"]) for row in rows]
