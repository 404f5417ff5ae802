"""Set differences over all owners in PostgreSQL, and what mends them.

Implements `ReconciliationStore`. Each question is one statement on one snapshot; it may read whole
tables, so it has minutes where an rpc's statement has seconds.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from kioku_rt.db import audit

from kioku_search.assets.asset import EMBEDDING_STAGE, Kind
from kioku_search.assets.asset_row import lock_asset
from kioku_search.assets.stage_rows import finish_stage
from kioku_search.database import SCHEMA, unbound
from kioku_search.reconciling.finding import Coverage, Finding, FindingKind, Sample
from kioku_search.reconciling.repair_store import EVERYTHING, MISSING
from kioku_search.spaces.space import IMAGE, KnownSpace
from kioku_search.spaces.space_store import SpaceStore
from kioku_search.vectors.indexing import Origin
from kioku_search.videos.video_rows import settle

if TYPE_CHECKING:
    from datetime import timedelta

    import asyncpg
    from kioku_rt.auth.principal import Principal
    from kioku_rt.db.pool import Connection

LONG_SECONDS = 600
"""How long one statement over all owners may take."""
_FILLED = frozenset({"active", "canary", "standby", "backfilling"})
"""States of a space in which every asset should have its vector, now or soon."""
_EXPECTED = """
SELECT a.kind, CASE a.kind WHEN 'IMAGE' THEN count(*) ELSE
    coalesce(sum(greatest(v.total_frames - v.frames_failed, 0)), 0) END AS number
FROM search.assets a LEFT JOIN search.videos v USING (owner, asset_id)
WHERE a.state IN ('PROCESSING', 'READY') GROUP BY a.kind
"""
_PRESENT = """
SELECT e.kind, count(*) AS number FROM search.image_embeddings e
JOIN search.assets a USING (owner, asset_id)
WHERE e.space_id = $1 AND a.state <> 'DELETING' GROUP BY e.kind
"""
_LACKING = "SELECT a.owner, a.asset_id, NULL::integer AS frame_no, a.state AS detail "
_ORPHANS = "SELECT * FROM search.orphan_vectors WHERE space_id = $1"
# A thousand rows a transaction: each new version of a vector's row is a new entry in the graph.
_REMOVE_ORPHANS = """
DELETE FROM search.image_embeddings e USING (
    SELECT * FROM search.orphan_vectors WHERE updated_at < now() - $1::interval LIMIT 1000) o
WHERE (e.space_id, e.owner, e.asset_id, e.frame_no)
    = (o.space_id, o.owner, o.asset_id, o.frame_no)
"""
_INDEX_TAGS = """
INSERT INTO search.asset_tags (owner, asset_id, tag)
SELECT owner, asset_id, tag FROM search.unindexed_tags LIMIT 1000 ON CONFLICT DO NOTHING
"""
_UNINDEX_TAGS = """
DELETE FROM search.asset_tags t USING (SELECT * FROM search.overindexed_tags LIMIT 1000) o
WHERE (t.owner, t.asset_id, t.tag) = (o.owner, o.asset_id, o.tag)
"""
_COPY_FIELDS = """
UPDATE search.image_embeddings e SET tags = d.tags, kind = d.kind, shown_at = d.shown_at
FROM (SELECT * FROM search.drifted_copies LIMIT 1000) d
WHERE (e.space_id, e.owner, e.asset_id, e.frame_no)
    = (d.space_id, d.owner, d.asset_id, d.frame_no)
"""
_MEND_TAGS = (_INDEX_TAGS, _UNINDEX_TAGS, _COPY_FIELDS)
_ENDED = "SELECT * FROM search.contradictory_stages WHERE NOT lost LIMIT $1"
_END_FRAME = """
UPDATE search.frames SET state = 'DONE', reason = '', message = '', updated_at = now()
WHERE owner = $1 AND asset_id = $2 AND frame_no = $3 AND generation = $4
"""
_MEND_TOGETHER = 1000


class ReconciliationStore:
    """Asks and mends.

    Args:
        pool: of the role `search_worker`.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._spaces = SpaceStore(pool)

    async def record(self, principal: Principal, action: str, details: dict[str, str]) -> None:
        """Audit a call."""
        async with unbound(self._pool) as connection:
            await audit(
                connection,
                schema=SCHEMA,
                actor=principal.subject,
                action=action,
                subject="",
                outcome="ok",
                details={**details, "token_id": principal.token_id},
            )

    async def spaces(self) -> list[KnownSpace]:
        """Every space, by id."""
        return sorted(await self._spaces.all(), key=lambda one: one.space.space_id)

    async def coverage(self, space: KnownSpace) -> list[Coverage]:
        """What should be in a space and what is, by kind of asset."""
        async with patient(self._pool) as connection:
            expected = await _numbers(connection, _EXPECTED)
            present = await _numbers(connection, _PRESENT, space.space.space_id)
        told = _is_filled(space)
        return [
            Coverage(
                space.space.space_id,
                space.space.kind,
                space.state,
                kind,
                expected.get(kind, 0) if told else None,
                present.get(kind, 0),
            )
            for kind in Kind
        ]

    async def missing_vectors(
        self, space: KnownSpace, grace: timedelta, samples: int
    ) -> list[Finding]:
        """By kind of asset; empty for a space that need not have every vector."""
        if not _is_filled(space):
            return []
        space_id, found = space.space.space_id, []
        for kind in Kind:
            one = await self._found(
                FindingKind.MISSING_VECTOR,
                _LACKING + MISSING[kind],
                samples,
                (space_id, EMBEDDING_STAGE, EVERYTHING, grace, "", 0, False),
            )
            found.append(Finding(one.kind, one.count, one.samples, space_id, kind))
        return found

    async def orphan_vectors(self, space: KnownSpace, samples: int) -> Finding:
        """Vectors whose asset is gone or being deleted."""
        space_id = space.space.space_id
        one = await self._found(FindingKind.ORPHAN_VECTOR, _ORPHANS, samples, (space_id,))
        return Finding(one.kind, one.count, one.samples, space_id)

    async def drifted_tags(self, samples: int) -> Finding:
        """Rows of the tags' index, and copies beside vectors, that say something else."""
        return await self._found(FindingKind.DRIFTED_TAG, "TABLE search.drifted_tags", samples)

    async def contradictory_stages(self, samples: int) -> Finding:
        """Stages and frames that contradict the vectors of the active space."""
        query = "TABLE search.contradictory_stages"
        return await self._found(FindingKind.CONTRADICTORY_STAGE, query, samples)

    async def remove_orphan_vectors(self, older_than: timedelta) -> int:
        """Remove those that were written longer ago; how many."""
        return await self._all(_REMOVE_ORPHANS, older_than)

    async def mend_tags(self) -> int:
        """Write index and copies anew from the assets; how many rows changed."""
        return sum([await self._all(statement) for statement in _MEND_TAGS])

    async def mend_stages(self) -> int:
        """End the stages and frames whose vector is there, one asset at a time; how many."""
        async with patient(self._pool) as connection:
            rows = await _fetch(connection, _ENDED, _MEND_TOGETHER)
        return sum([await self._mend_stage(row) for row in rows])

    async def _all(self, statement: str, *arguments: object) -> int:
        """Repeat a statement, each time in a transaction of its own, until it changes nothing."""
        changed = 0
        while True:
            async with patient(self._pool) as connection:
                once = await _count(connection, statement, *arguments)
            if not once:
                return changed
            changed += once

    async def _mend_stage(self, row: asyncpg.Record) -> int:
        async with unbound(self._pool) as connection:
            asset = await lock_asset(connection, row["owner"], row["asset_id"])
            if asset is None:
                return 0
            if row["frame_no"] is None:
                await finish_stage(connection, asset, EMBEDDING_STAGE, row["attempts"])
                return 1
            key = (asset.owner, asset.asset_id)
            await connection.execute(_END_FRAME, *key, row["frame_no"], row["generation"])
            await settle(connection, asset, Origin("", *key, row["generation"], 1))
            return 1

    async def _found(
        self, kind: FindingKind, query: str, samples: int, arguments: tuple[object, ...] = ()
    ) -> Finding:
        """Rows of owner, asset, frame and detail, counted; the first `samples` of them."""
        counted = (
            f"SELECT c.*, count(*) OVER () AS total FROM ({query}) c"  # noqa: S608 - ours
            f" ORDER BY owner, asset_id, frame_no, detail LIMIT {max(samples, 1):d}"
        )
        async with patient(self._pool) as connection:
            rows = await _fetch(connection, counted, *arguments)
        some = tuple(
            Sample(row["owner"], str(row["asset_id"]), row["frame_no"], detail=row["detail"])
            for row in rows[:samples]
        )
        return Finding(kind, rows[0]["total"] if rows else 0, some)


def _is_filled(space: KnownSpace) -> bool:
    """Whether every asset should have its vector in it; of tags that cannot be told from rows."""
    return space.space.kind == IMAGE and space.state in _FILLED


@asynccontextmanager
async def patient(pool: asyncpg.Pool) -> AsyncIterator[Connection]:
    """A worker's transaction whose statements may read whole tables.

    Raises:
        DependencyDown: the database does not answer.
    """
    async with unbound(pool) as connection:
        await connection.execute(
            f"SELECT set_config('statement_timeout', '{LONG_SECONDS}s', true),"
            f" set_config('idle_in_transaction_session_timeout', '{LONG_SECONDS}s', true)"
        )
        yield connection


async def _fetch(connection: Connection, query: str, *arguments: object) -> list[asyncpg.Record]:
    rows: list[asyncpg.Record] = await connection.fetch(query, *arguments, timeout=LONG_SECONDS)
    return rows


async def _numbers(connection: Connection, query: str, *arguments: object) -> dict[str, int]:
    """A number by kind of asset."""
    rows = await _fetch(connection, query, *arguments)
    return {row["kind"]: int(row["number"]) for row in rows}


async def _count(connection: Connection, statement: str, *arguments: object) -> int:
    """How many rows a statement changed."""
    status = await connection.execute(statement, *arguments, timeout=LONG_SECONDS)
    return int(status.rsplit(maxsplit=1)[-1])
