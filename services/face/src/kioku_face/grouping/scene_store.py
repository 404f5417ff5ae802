"""A batch of faces and their surroundings in one transaction of PostgreSQL.  Implements `Scene`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg
from kioku_rt.auth import Acting, Principal

from kioku_face.database import record
from kioku_face.face import LinkSource
from kioku_face.grouping.looking import ACTOR, PURPOSE
from kioku_face.grouping.member import Guess, Member, Strength

if TYPE_CHECKING:
    from kioku_rt.db.pool import Connection

# The lock that whoever changes people and links takes first, so that none waits in a circle.
_HOLD = "SELECT pg_advisory_xact_lock(hashtextextended('face people ' || $1, 0))"
# People before faces, as whoever changes people does. Locked, neither consent nor the person can go
# before the link is committed; what changed while this waited is looked at again, column by column.
_CONSENTING = """
SELECT p.person_id FROM face.people p JOIN face.consent_states c USING (owner, person_id)
WHERE p.owner = $1 AND p.person_id = ANY($2::uuid[]) AND p.merged_into IS NULL
    AND c.state = 'GRANTED' AND (c.expires_at IS NULL OR c.expires_at > clock_timestamp())
ORDER BY p.person_id FOR NO KEY UPDATE OF p FOR SHARE OF c
"""
_ASKED = """
SELECT f.face_id FROM unnest($2::uuid[], $3::bigint[]) a(face_id, link_version)
JOIN face.faces f USING (face_id, link_version) WHERE f.owner = $1 AND NOT f.grouped
ORDER BY f.face_id FOR UPDATE OF f
"""
_MEMBERS = """
WITH asked AS (
    SELECT asset_id, frame_no FROM face.faces
    WHERE owner = $1 AND face_id = ANY($2::uuid[]) AND asset_id IS NOT NULL
), found AS (
    SELECT face_id FROM face.faces WHERE owner = $1 AND face_id = ANY($2::uuid[] || $3::uuid[])
    UNION
    SELECT f.face_id FROM asked a JOIN face.faces f
        ON f.owner = $1 AND f.asset_id = a.asset_id AND f.frame_no = a.frame_no
)
SELECT f.face_id, f.asset_id, f.frame_no, f.flaws = '{}' AND f.quality >= $4 AS good, f.person_id,
    f.link_source, f.anonymous_id, f.grouped_at, ARRAY(SELECT r.person_id FROM face.rejections r
        WHERE r.owner = $1 AND r.face_id = f.face_id) AS rejected
FROM found JOIN face.faces f ON f.owner = $1 AND f.face_id = found.face_id
"""
_STRENGTHS = """
SELECT g.id, count(*) AS faces, count(*) FILTER (WHERE f.good) AS good,
    count(DISTINCT f.source) FILTER (WHERE f.good) AS sources
FROM unnest($2::uuid[]) g(id) CROSS JOIN LATERAL (
    SELECT flaws = '{}' AND quality >= $3 AS good, coalesce(asset_id, face_id) AS source
    FROM face.faces WHERE owner = $1 AND anonymous_id = g.id
    ORDER BY quality DESC LIMIT 8
) f GROUP BY g.id
"""
_SIZE = """
SELECT count(*) FROM (
    SELECT FROM face.faces WHERE owner = $1 AND anonymous_id = $2 LIMIT $3 + 1) f
"""
_SHARE = """
SELECT EXISTS (SELECT FROM face.faces a WHERE a.owner = $1 AND a.anonymous_id = $2
    AND a.asset_id IS NOT NULL AND EXISTS (
        SELECT FROM face.faces b WHERE b.owner = $1 AND b.asset_id = a.asset_id
            AND b.frame_no = a.frame_no AND b.anonymous_id = $3))
"""
# Whatever was decided, the statement that links asks for consent, rejections and the picture again.
_LINK = """
UPDATE face.faces f SET person_id = $3, link_source = 'LIKENESS', anonymous_id = NULL,
    link_version = f.link_version + 1, grouped = true, grouped_at = clock_timestamp(),
    updated_at = now()
WHERE f.owner = $1 AND f.face_id = $2 AND f.person_id IS NULL AND face.has_consented($1, $3)
    AND NOT EXISTS (SELECT FROM face.rejections r
        WHERE r.owner = $1 AND r.face_id = $2 AND r.person_id = $3)
    AND NOT EXISTS (SELECT FROM face.faces o WHERE o.owner = $1 AND o.asset_id = f.asset_id
        AND o.frame_no = f.frame_no AND o.person_id = $3)
"""
_JOIN = """
UPDATE face.faces SET anonymous_id = $3, grouped = true, grouped_at = clock_timestamp(),
    updated_at = now()
WHERE owner = $1 AND face_id = $2 AND person_id IS NULL
"""
_UNITE = "UPDATE face.faces SET anonymous_id = $3 WHERE owner = $1 AND anonymous_id = $2"
_KEEP = """
UPDATE face.faces SET grouped = true, grouped_at = clock_timestamp()
WHERE owner = $1 AND face_id = $2
"""
_AGAIN = """
UPDATE face.faces SET grouped = false, group_after = clock_timestamp()
WHERE owner = $1 AND face_id = ANY($2::uuid[]) AND person_id IS NULL AND grouped
"""


@asynccontextmanager
async def scene_of(
    connection: Connection,
    owner: str,
    quality: float,
    *,
    asked: Mapping[UUID, int],
    near: Collection[UUID],
    people: Collection[UUID],
) -> AsyncIterator[StoredScene]:
    """A transaction: it locks people and faces to place, then reads what is around them."""
    async with connection.transaction():
        await connection.execute(_HOLD, owner)
        agreed = await connection.fetch(_CONSENTING, owner, list(people))
        links = (list(asked), list(asked.values()))
        still = {row["face_id"] for row in await connection.fetch(_ASKED, owner, *links)}
        rows = await connection.fetch(_MEMBERS, owner, list(still), list(near), quality)
        yield StoredScene(
            connection,
            owner,
            quality,
            asked=[face_id for face_id in asked if face_id in still],
            members={row["face_id"]: _member(row) for row in rows},
            consenting=frozenset(row["person_id"] for row in agreed),
        )


class StoredScene:
    """Faces to place and what is around them; every change is audited in its transaction."""

    def __init__(
        self,
        connection: Connection,
        owner: str,
        quality: float,
        *,
        asked: Sequence[UUID],
        members: dict[UUID, Member],
        consenting: frozenset[UUID],
    ) -> None:
        self.asked = asked
        self.members = members
        self.consenting = consenting
        self._connection = connection
        self._owner = owner
        self._quality = quality
        self._acting = Acting(owner, Principal(ACTOR, True, frozenset(), "job"), on_behalf=True)

    async def strengths(self, groups: Collection[UUID]) -> Mapping[UUID, Strength]:
        """What the groups are made of, by their eight best faces."""
        if not groups:
            return {}
        rows = await self._connection.fetch(_STRENGTHS, self._owner, list(groups), self._quality)
        return {row["id"]: Strength(row["faces"], row["good"], row["sources"]) for row in rows}

    async def size(self, group: UUID, most: int) -> int:
        """How many faces a group has, counted no further than `most` + 1."""
        return int(await self._connection.fetchval(_SIZE, self._owner, group, most))

    async def share_picture(self, smaller: UUID, larger: UUID) -> bool:
        """Whether some picture shows a face of each; costs as much as the smaller has faces."""
        return bool(await self._connection.fetchval(_SHARE, self._owner, smaller, larger))

    async def link(self, face_id: UUID, guess: Guess) -> bool:
        """Link by likeness; False: it became forbidden, by the picture's other faces too."""
        person = guess.person_id
        try:
            async with self._connection.transaction():
                done = await self._connection.execute(_LINK, self._owner, face_id, person)
        except asyncpg.PostgresError as error:
            if not _forbidden(error):
                raise
            return False
        if done != "UPDATE 1":
            return False
        facts = {"person_id": str(person), "score": round(guess.score, 4)}
        await self._record("face.link", str(face_id), facts)
        return True

    async def join(self, face_id: UUID, group: UUID) -> None:
        """Put a face into a group."""
        await self._connection.execute(_JOIN, self._owner, face_id, group)

    async def unite(self, gone: UUID, kept: UUID) -> int:
        """Put all faces of one group into another; how many."""
        done = await self._connection.execute(_UNITE, self._owner, gone, kept)
        await self._record("group.unite", str(kept), {"gone": str(gone)})
        return int(done.split()[-1])

    async def keep(self, face_id: UUID) -> None:
        """It was compared, and is whose it is."""
        await self._connection.execute(_KEEP, self._owner, face_id)

    async def look_again(self, face_ids: Collection[UUID]) -> None:
        """Compare these once more."""
        if face_ids:
            await self._connection.execute(_AGAIN, self._owner, list(face_ids))

    async def close(self, counts: Mapping[str, int]) -> None:
        """One row of the audit for the batch."""
        await self._record("face.group", f"{len(self.asked)} faces", dict(counts))

    async def _record(self, action: str, subject: str, found: Mapping[str, object]) -> None:
        await record(
            self._connection, self._acting, action, subject, purpose=PURPOSE, found=dict(found)
        )


def _forbidden(error: asyncpg.PostgresError) -> bool:
    """Whether the database itself refuses a link: no consent, nobody there, or a face too many."""
    return error.sqlstate in {"KF001", "KF002", "23503", "23505"}


def _member(row: asyncpg.Record) -> Member:
    return Member(
        face_id=row["face_id"],
        asset_id=row["asset_id"],
        frame_no=row["frame_no"],
        good=row["good"],
        person_id=row["person_id"],
        vouched=row["link_source"] == LinkSource.PERSON,
        anonymous_id=row["anonymous_id"],
        rejected=frozenset(row["rejected"]),
        grouped_at=row["grouped_at"],
    )
