"""Kept rankings in PostgreSQL.  Implements `Rankings` and `OldRankings`.

A ranking holds ids, distances, places and what is told with them.  The assets' fields are read anew
for each page, and an asset that was deleted is gone from it: the deletion takes it out.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from uuid import UUID

from kioku_rt.db import acquire

from kioku_search.answers.ranking import Cut, Placed, Ranking, Standing, Told
from kioku_search.assets.asset import Kind
from kioku_search.database import owned, unbound
from kioku_search.hybrid.fusion import Part
from kioku_search.hybrid.results import Findings, Moment
from kioku_search.searching.options import FusionKind, Method
from kioku_search.searching.route import Route
from kioku_search.searching.search import Neighbour

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import timedelta

    import asyncpg
    from kioku_rt.auth.principal import Acting

_KEEP = (
    "SELECT search.keep_ranking($1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9::jsonb, $10, $11, $12,"
    " $13, $14, $15, $16::jsonb, $17)"
)
_STANDING = """
SELECT ranking_id, digest, space_id, method, route, findings, complete, continuation,
    cardinality(asset_ids) AS length FROM search.result_pages r
WHERE owner = $1 AND expires_at > clock_timestamp() AND (space_id = '' OR EXISTS (
    SELECT FROM search.spaces s WHERE s.space_id = r.space_id AND s.state <> 'retired'))
"""
# LIMIT 1 makes it one key look-up per result, whatever the planner believes.
_CUT = """
SELECT n.place::int, n.asset_id, n.distance, n.frame_no, n.time_ms, n.details, a.filename, a.kind,
    a.tags, a.taken_at
FROM (SELECT asset_ids, distances, frame_nos, times, details FROM search.result_pages
    WHERE owner = $1 AND ranking_id = $2 OFFSET 0) r
CROSS JOIN LATERAL (
    SELECT id AS asset_id, distance, frame_no, time_ms, r.details -> (place - 1)::int AS details,
        place
    FROM unnest(r.asset_ids, r.distances, r.frame_nos, r.times)
        WITH ORDINALITY AS u(id, distance, frame_no, time_ms, place)
    WHERE place > $3 AND id IS NOT NULL
) n
CROSS JOIN LATERAL (
    SELECT * FROM search.assets s WHERE s.owner = $1 AND s.asset_id = n.asset_id
        AND s.state <> 'DELETING' LIMIT 1
) a
ORDER BY n.place LIMIT $4
"""
_HELD = "SELECT asset_ids FROM search.result_pages WHERE owner = $1 AND ranking_id = $2 FOR UPDATE"
_LENGTHEN = """
UPDATE search.result_pages SET asset_ids = asset_ids || search.without_deleted($1, $3),
    distances = distances || $4::double precision[], frame_nos = frame_nos || $5::integer[],
    times = times || $6::bigint[], details = details || $7::jsonb, complete = $8, continuation = $9,
    route = $10::jsonb
WHERE owner = $1 AND ranking_id = $2
"""
# Those that are being turned are passed over, not waited for: nothing to deadlock on.
_FORGET = """
DELETE FROM search.result_pages r USING (
    SELECT o.owner, o.ranking_id FROM search.result_pages o
    WHERE o.expires_at <= clock_timestamp() OR (o.owner, o.ranking_id) IN (
        SELECT c.owner, c.ranking_id FROM (
            SELECT p.owner, p.ranking_id,
                row_number() OVER (PARTITION BY p.owner ORDER BY p.created_at DESC) AS nth
            FROM search.result_pages p) c WHERE c.nth > $1)
    FOR UPDATE SKIP LOCKED) old
WHERE r.owner = old.owner AND r.ranking_id = old.ranking_id
"""


class RankingStore:
    """Rankings of one owner at a time.

    Args:
        pool: of the role `search_api`.
        life: how long one is kept.
    """

    def __init__(self, pool: asyncpg.Pool, *, life: timedelta) -> None:
        self._pool = pool
        self._life = life

    async def keep(self, acting: Acting, ranking: Ranking, request_id: UUID | None) -> bool:
        """Keep it; False where the request id has made another one meanwhile."""
        row = self._row(acting, ranking, request_id)
        async with acquire(self._pool) as connection:
            return bool(await connection.fetchval(_KEEP, *row))

    async def keep_all(self, rankings: Sequence[tuple[Acting, Ranking]]) -> None:
        """Keep them, in one transaction."""
        rows = [self._row(acting, ranking, None) for acting, ranking in rankings]
        async with acquire(self._pool) as connection:
            await connection.executemany(_KEEP, rows)

    async def find_request(self, acting: Acting, request_id: UUID) -> Standing | None:
        """The ranking that a request id made, while it is kept."""
        async with owned(self._pool, acting, "") as connection:
            row = await connection.fetchrow(
                f"{_STANDING} AND request_id = $2", acting.owner, request_id
            )
        return Standing(**_known(row)) if row else None

    async def cut(self, acting: Acting, ranking_id: UUID, after: int, limit: int) -> Cut | None:
        """At most `limit` assets that are still there, after a place; None: it is not kept."""
        async with owned(self._pool, acting, "search.page", str(ranking_id)) as connection:
            row = await connection.fetchrow(
                f"{_STANDING} AND ranking_id = $2", acting.owner, ranking_id
            )
            if row is None:
                return None
            rows = await connection.fetch(_CUT, acting.owner, ranking_id, after, limit)
        standing = Standing(**_known(row))
        return Cut(standing, tuple(_placed(one, standing.route) for one in rows))

    async def lengthen(self, acting: Acting, standing: Standing, more: Ranking) -> None:
        """Add those of `more` that it does not hold, unless it was lengthened meanwhile."""
        async with owned(self._pool, acting, "") as connection:
            await connection.execute("SELECT search.without_deleted($1, '{}')", acting.owner)
            held = await connection.fetchval(_HELD, acting.owner, standing.ranking_id)
            if held is None or len(held) != standing.length:
                return
            known = frozenset(held)
            fresh = [hit for hit in more.hits if hit.asset_id not in known]
            await connection.execute(
                _LENGTHEN,
                acting.owner,
                standing.ranking_id,
                *_columns(fresh, more.told),
                more.complete,
                more.continuation,
                json.dumps(asdict(more.route)),
            )

    async def holding(
        self, acting: Acting, ranking_id: UUID, asset_ids: list[UUID]
    ) -> frozenset[UUID] | None:
        """Which of these assets a ranking holds; None: it is not kept."""
        async with owned(self._pool, acting, "") as connection:
            held = await connection.fetchval(
                "SELECT asset_ids FROM search.result_pages WHERE owner = $1 AND ranking_id = $2"
                " AND expires_at > clock_timestamp()",
                acting.owner,
                ranking_id,
            )
        return None if held is None else frozenset(held).intersection(asset_ids)

    def _row(self, acting: Acting, ranking: Ranking, request_id: UUID | None) -> tuple[Any, ...]:
        return (
            acting.owner,
            ranking.ranking_id,
            request_id,
            ranking.digest,
            list(ranking.about),
            ranking.space_id,
            ranking.method,
            json.dumps(asdict(ranking.route)),
            json.dumps(_findings(ranking.findings)),
            ranking.complete,
            ranking.continuation,
            *_columns(ranking.hits, ranking.told),
            self._life,
        )


class OldRankingStore:
    """What is left of rankings that nobody needs any more.

    Args:
        pool: of the role `search_worker`.
        most: how many of one owner are kept, the newest.
    """

    def __init__(self, pool: asyncpg.Pool, *, most: int) -> None:
        self._pool = pool
        self._most = most

    async def forget(self) -> int:
        """Drop the expired ones, and the oldest of owners who have too many; how many."""
        async with unbound(self._pool) as connection:
            status = await connection.execute(_FORGET, self._most)
        return int(status.split()[-1])


def _known(row: asyncpg.Record) -> dict[str, Any]:
    findings = json.loads(row["findings"])
    fusion = findings.pop("fusion", None)
    return {
        **row,
        "method": Method(row["method"]),
        "route": Route(**json.loads(row["route"])),
        "findings": Findings(**findings, fusion=FusionKind(fusion) if fusion else None),
    }


def _findings(of: Findings) -> dict[str, Any]:
    names = ("best_relevance", "nothing_relevant", "also_text", "fusion")
    return {name: getattr(of, name) for name in names}


def _columns(hits: Sequence[Neighbour], told: Mapping[UUID, Told]) -> tuple[Any, ...]:
    """Ids, distances, frames, times and what is told, each in the order of the hits."""
    return (
        [hit.asset_id for hit in hits],
        [hit.distance for hit in hits],
        [hit.frame_no for hit in hits],
        [hit.time_ms for hit in hits],
        json.dumps([_written(told.get(hit.asset_id)) for hit in hits]),
    )


def _written(told: Told | None) -> list[Any] | None:
    if told is None or told == Told():
        return None
    parts = [list(asdict(part).values()) for part in told.parts]
    return [parts, told.relevance, [str(one) for one in told.similar], told.moments]


def _read(details: str | None) -> Told:
    written = json.loads(details) if details else None
    if written is None:
        return Told()
    parts, relevance, similar, moments = written
    return Told(
        tuple(Part(Method(method), *numbers) for method, *numbers in parts),
        relevance,
        tuple(UUID(one) for one in similar),
        tuple(Moment(*one) for one in moments),
    )


def _placed(row: asyncpg.Record, route: Route) -> Placed:
    neighbour = Neighbour(
        asset_id=row["asset_id"],
        distance=row["distance"],
        filename=row["filename"],
        kind=Kind(row["kind"]),
        tags=tuple(row["tags"]),
        taken_at=row["taken_at"],
        strategy=route.strategy,
        frame_no=row["frame_no"],
        time_ms=row["time_ms"],
    )
    return Placed(row["place"], neighbour, _read(row["details"]))
