"""Whose faces wait to be compared, in PostgreSQL.  Implements `Library` and `Turn`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING
from uuid import UUID

from kioku_rt.db import acquire

from kioku_face.grouping.ports import Waiting
from kioku_face.grouping.scene_store import StoredScene, scene_of

if TYPE_CHECKING:
    import asyncpg
    from kioku_rt.db.pool import Connection

# A face that somebody linked waits until `search` knows it: whoever it calls is matched with it.
_READY = """NOT f.grouped AND f.space_id <> '' AND f.group_after <= clock_timestamp()
    AND (f.person_id IS NULL OR f.link_version <= f.linked_version)"""
# One look into the index for each owner, not one for each face.
_OWNERS = f"""
WITH RECURSIVE o(owner) AS (
    (SELECT f.owner FROM face.faces f WHERE f.owner > $1 AND {_READY} ORDER BY f.owner LIMIT 1)
    UNION ALL
    SELECT (SELECT f.owner FROM face.faces f WHERE f.owner > o.owner AND {_READY}
        ORDER BY f.owner LIMIT 1)
    FROM o WHERE o.owner IS NOT NULL
)
SELECT owner FROM o WHERE owner IS NOT NULL LIMIT $2
"""  # noqa: S608 - constants
_WAITING = f"""
SELECT f.face_id, f.link_version FROM face.faces f WHERE f.owner = $1 AND {_READY}
ORDER BY f.group_after, f.face_id LIMIT $2
"""  # noqa: S608 - constants
_SEQUENCE = "SELECT sequence FROM face.consent_sequences WHERE owner = $1"
# The longer a vector is missing, the rarer it is asked for: 5 seconds to an hour.
_POSTPONE = """
UPDATE face.faces SET group_after = clock_timestamp()
    + least(greatest((clock_timestamp() - updated_at) / 4, interval '5 seconds'), interval '1 hour')
WHERE owner = $1 AND face_id = ANY($2::uuid[]) AND NOT grouped
"""
_LOCK = "SELECT pg_try_advisory_lock(hashtextextended('face grouping ' || $1, 0))"
_UNLOCK = "SELECT pg_advisory_unlock(hashtextextended('face grouping ' || $1, 0))"


class LibraryStore:
    """All faces.

    Args:
        pool: of the role `face_worker`; its sessions are reset on release.
        quality: faces below are poor.
    """

    def __init__(self, pool: asyncpg.Pool, quality: float) -> None:
        self._pool = pool
        self._quality = quality

    async def owners(self, after: str, most: int) -> list[str]:
        """Owners with faces to be compared, by name, after one of them."""
        async with acquire(self._pool) as connection:
            return [row["owner"] for row in await connection.fetch(_OWNERS, after, most)]

    @asynccontextmanager
    async def turn(self, owner: str) -> AsyncIterator[StoredTurn | None]:
        """Hold the owner's lock; it goes with the session, should this process die."""
        async with acquire(self._pool) as connection:
            if not await connection.fetchval(_LOCK, owner):
                yield None
                return
            try:
                yield StoredTurn(connection, owner, self._quality)
            finally:
                if not connection.is_closed():
                    await connection.execute(_UNLOCK, owner)


class StoredTurn:
    """One owner's faces, over the session that holds the owner's lock."""

    def __init__(self, connection: Connection, owner: str, quality: float) -> None:
        self._connection = connection
        self._owner = owner
        self._quality = quality

    async def waiting(self, most: int) -> Waiting:
        """Faces to be compared; the consent sequence is read after them."""
        rows = await self._connection.fetch(_WAITING, self._owner, most)
        sequence = await self._connection.fetchval(_SEQUENCE, self._owner)
        links = {row["face_id"]: row["link_version"] for row in rows}
        return Waiting(links, sequence or 0)

    async def postpone(self, face_ids: Collection[UUID]) -> None:
        """Come back to these later."""
        if face_ids:
            await self._connection.execute(_POSTPONE, self._owner, list(face_ids))

    def scene(
        self, asked: Mapping[UUID, int], near: Collection[UUID], people: Collection[UUID]
    ) -> AbstractAsyncContextManager[StoredScene]:
        """One transaction over these faces and people."""
        return scene_of(
            self._connection, self._owner, self._quality, asked=asked, near=near, people=people
        )
