"""What an owner's standing corrections teach, in PostgreSQL; as the role `vlm_worker`.

Implements `Aliases`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kioku_vlm.database import unbound
from kioku_vlm.observing.alias import TAUGHT, Alias

if TYPE_CHECKING:
    from collections.abc import Sequence

    import asyncpg

MOST = 500
_TAUGHT = """
SELECT field, read_before ->> 'value' AS words, value[1] AS meaning FROM vlm.vlm_corrections
WHERE owner = $1 AND ended_at IS NULL AND field = ANY($2::text[])
    AND coalesce(read_before ->> 'value', '') <> '' AND coalesce(value[1], '') <> ''
ORDER BY created_at DESC, correction_id DESC LIMIT $3
"""


class AliasStore:
    """Aliases of owners."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def of(self, owner: str) -> Sequence[Alias]:
        """The newest first, at most `MOST`."""
        async with unbound(self._pool) as connection:
            rows = await connection.fetch(_TAUGHT, owner, list(TAUGHT), MOST)
        return [Alias(**dict(row)) for row in rows]
