"""What `search` was not told of, in PostgreSQL, and what must not stay in the outbox.

Implements `Untold`; `pool` is of the role `face_worker`. Several processes may tell the same: links
have versions, and an erasure changes nothing the second time.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from kioku_rt.db import forget_processed

from kioku_face.database import SCHEMA, unbound
from kioku_face.face import LinkSource
from kioku_face.face_events import READY
from kioku_face.vectors import Link

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    import asyncpg
    from kioku_rt.db.pool import Connection

_LINKS = """
SELECT owner, face_id, asset_id, person_id, link_source, flaws, link_version FROM face.faces
WHERE link_version > linked_version ORDER BY updated_at, face_id LIMIT $1
"""
_LINKED = """
UPDATE face.faces f SET linked_version = greatest(f.linked_version, told.version)
FROM unnest($2::uuid[], $3::bigint[]) AS told (face_id, version)
WHERE f.owner = $1 AND f.face_id = told.face_id
"""
_EMPTY = """
UPDATE face.outbox SET payload = '' WHERE id IN (
    SELECT id FROM face.outbox WHERE subject = $1 AND payload <> '' AND published_at IS NOT NULL
    ORDER BY id LIMIT 1000 FOR UPDATE SKIP LOCKED)
"""


class UntoldStore:
    """Links and removals that are to be told."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def links(self, limit: int) -> Mapping[str, Sequence[Link]]:
        """Links that are newer than what `search` has confirmed, by owner."""
        async with unbound(self._pool) as connection:
            rows = await connection.fetch(_LINKS, limit)
        links: dict[str, list[Link]] = defaultdict(list)
        for row in rows:
            links[row["owner"]].append(_link(row))
        return links

    async def linked(self, owner: str, links: Sequence[Link]) -> None:
        """`search` has confirmed these."""
        async with unbound(self._pool) as connection:
            await connection.execute(
                _LINKED, owner, [one.face_id for one in links], [one.version for one in links]
            )

    async def vanished(self, limit: int) -> Mapping[str, Sequence[UUID]]:
        """Faces that are no more, by owner."""
        async with unbound(self._pool) as connection:
            rows = await connection.fetch(
                "SELECT owner, face_id FROM face.vanished ORDER BY vanished_at LIMIT $1", limit
            )
        faces: dict[str, list[UUID]] = defaultdict(list)
        for row in rows:
            faces[row["owner"]].append(row["face_id"])
        return faces

    async def erased(self, owner: str, face_ids: Sequence[UUID]) -> None:
        """Their vectors are gone."""
        async with unbound(self._pool) as connection:
            await connection.execute(
                "DELETE FROM face.vanished WHERE owner = $1 AND face_id = ANY($2::uuid[])",
                owner,
                list(face_ids),
            )

    async def sequence(self, owner: str) -> int:
        """The owner's last change of consent."""
        async with unbound(self._pool) as connection:
            return await last_sequence(connection, owner)

    async def empty_outbox(self) -> int:
        """Remove vectors from events that are published, and old records; of how many events."""
        async with unbound(self._pool) as connection:
            status = await connection.execute(_EMPTY, READY)
            await forget_processed(connection, schema=SCHEMA)
        return int(status.split()[-1])


async def last_sequence(connection: Connection, owner: str) -> int:
    """The owner's last change of consent; 0: there was none."""
    found: int | None = await connection.fetchval(
        "SELECT sequence FROM face.consent_sequences WHERE owner = $1", owner
    )
    return found or 0


async def republish_whole(connection: Connection) -> int:
    """Have every event published again that still has its content; how many.

    Vectors are not kept in the outbox. Those that were lost with an event store before `search` had
    them are missed by the job `missing`, and made again.
    """
    await connection.execute("SET LOCAL statement_timeout = '10min'")
    status = await connection.execute(
        "UPDATE face.outbox SET published_at = NULL"
        " WHERE published_at IS NOT NULL AND payload <> ''",
        timeout=600.0,
    )
    return int(status.split()[-1])


def _link(row: asyncpg.Record) -> Link:
    named = row["link_source"] == LinkSource.PERSON
    return Link(
        face_id=row["face_id"],
        asset_id=row["asset_id"],
        person_id=row["person_id"],
        reference=named and not row["flaws"],
        version=row["link_version"],
    )
