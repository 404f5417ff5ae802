"""Links to documents of the app, in PostgreSQL, each in their owner's name.

Implements `LinkStore`; `pool` is of the role `vlm_api`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import uuid_utils

from kioku_vlm.database import owned, record
from kioku_vlm.linking.linking import Link

if TYPE_CHECKING:
    import asyncpg
    from kioku_rt.auth import Acting

    from kioku_vlm.linking.linking import Of

_COLUMNS = "link_id, observation_id, entry_id, document_path, actor, created_at"
_LOCK = """
SELECT FROM vlm.vlm_observations o WHERE o.owner = $1 AND o.observation_id = $2
    AND ($3::uuid IS NULL OR EXISTS (SELECT FROM vlm.vlm_detection_entities e
        WHERE e.owner = $1 AND e.observation_id = $2 AND e.entity_id = $3
            AND e.group_id IS NOT NULL))
FOR KEY SHARE OF o
"""
_PUT = """
INSERT INTO vlm.vlm_links (owner, link_id, observation_id, entry_id, document_path, actor)
VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING
"""
_SAME = f"""
SELECT {_COLUMNS} FROM vlm.vlm_links WHERE owner = $1 AND observation_id = $2
    AND entry_id IS NOT DISTINCT FROM $3 AND document_path = $4
"""  # noqa: S608 - constants
_DROP = "DELETE FROM vlm.vlm_links WHERE owner = $1 AND observation_id = $2 AND link_id = $3"
_PAGE = f"""
SELECT {_COLUMNS} FROM vlm.vlm_links WHERE owner = $1
    AND ($3::uuid IS NULL OR observation_id = $3) AND ($4 = '' OR document_path = $4)
    AND ($5::uuid IS NULL OR link_id > $5)
ORDER BY link_id LIMIT $2
"""  # noqa: S608 - constants


class LinkPostgres:
    """Links of observations and entries."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def link(
        self, acting: Acting, observation_id: UUID, entry_id: UUID | None, document_path: str
    ) -> Link | None:
        """The link, made where there is none; None: there is no such observation or entry."""
        place = (acting.owner, observation_id, entry_id)
        async with owned(self._pool, acting) as connection:
            if await connection.fetchrow(_LOCK, *place) is None:
                return None
            link_id = UUID(str(uuid_utils.uuid7()))
            await connection.execute(
                _PUT,
                acting.owner,
                link_id,
                observation_id,
                entry_id,
                document_path,
                acting.principal.subject,
            )
            row = await connection.fetchrow(_SAME, *place, document_path)
            await record(connection, acting, "observation.link", str(observation_id))
        assert row is not None  # noqa: S101 - it was put
        return Link(**dict(row))

    async def unlink(self, acting: Acting, observation_id: UUID, link_id: UUID) -> None:
        """Remove a link, if there is one."""
        async with owned(self._pool, acting) as connection:
            await connection.execute(_DROP, acting.owner, observation_id, link_id)
            await record(connection, acting, "observation.unlink", str(observation_id))

    async def page(self, acting: Acting, of: Of, limit: int, after: UUID | None) -> list[Link]:
        """At most `limit` links, the oldest first."""
        async with owned(self._pool, acting) as connection:
            rows = await connection.fetch(
                _PAGE, acting.owner, limit, of.observation_id, of.document_path, after
            )
            subject = str(of.observation_id or "")
            await record(connection, acting, "observation.links", subject, rows=len(rows))
        return [Link(**dict(row)) for row in rows]
