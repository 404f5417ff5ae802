"""What an owner's standing corrections teach, in PostgreSQL; as the role `vlm_worker`.

Implements `Aliases`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kioku_vlm.database import unbound
from kioku_vlm.observing.alias import TAUGHT, Alias

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    import asyncpg

MOST = 500
_TAUGHT = """
SELECT c.field, c.read_before ->> 'value' AS words, c.value[1] AS meaning
FROM vlm.vlm_corrections c
JOIN vlm.vlm_detection_entities e ON (e.owner, e.entity_id) = (c.owner, c.entry_id)
WHERE c.owner = $1 AND e.observation_id <> $4 AND c.ended_at IS NULL
    AND c.field = ANY($2::text[])
    AND coalesce(c.read_before ->> 'value', '') <> '' AND coalesce(c.value[1], '') <> ''
ORDER BY c.created_at DESC, c.correction_id DESC LIMIT $3
"""


class AliasStore:
    """Aliases of owners."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def of(self, owner: str, observation_id: UUID) -> Sequence[Alias]:
        """Those of other observations than this one, the newest first, at most `MOST`."""
        async with unbound(self._pool) as connection:
            rows = await connection.fetch(_TAUGHT, owner, list(TAUGHT), MOST, observation_id)
        return [Alias(**dict(row)) for row in rows]
