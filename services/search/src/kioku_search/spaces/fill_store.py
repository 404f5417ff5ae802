"""The work of back-fills in PostgreSQL.  Implements `FillStore`.

A claim holds the job's row: two processes never order for one space at the same time.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from kioku_search.assets.asset import Kind
from kioku_search.assets.asset_events import announce_frames, request_embedding
from kioku_search.assets.asset_row import asset_of
from kioku_search.database import unbound
from kioku_search.spaces.backfill_store import IN_WINDOW
from kioku_search.spaces.filling import Claim, FilmOrder, Outcome, new_order
from kioku_search.spaces.space_life_store import LONG, LONG_SECONDS
from kioku_search.videos.cutting import CutFrame

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    import asyncpg
    from kioku_rt.db.pool import Connection

    from kioku_search.spaces.filling import FillRules, FrameRun
    from kioku_search.spaces.space import Share

_NOBODY = ("", "00000000-0000-0000-0000-000000000000")
_HOLD = f"""
SELECT b.*, {IN_WINDOW} AS in_window,
    extract(epoch FROM clock_timestamp() - b.refilled_at)::float8 AS idle
FROM search.backfills b
WHERE b.space_id = $1 AND b.state <> 'PAUSED' AND b.look_after <= now()
FOR UPDATE SKIP LOCKED
"""  # noqa: S608
# Frames of a video (v) that are stored, not failed anywhere, and have no vector in the space.
_LACKING = """
FROM search.frames f
WHERE f.owner = a.owner AND f.asset_id = a.asset_id AND f.generation = v.generation
    AND f.s3_key <> '' AND f.state <> 'FAILED'
    AND NOT EXISTS (SELECT FROM search.image_embeddings e WHERE e.space_id = $1
        AND e.owner = f.owner AND e.asset_id = f.asset_id AND e.frame_no = f.frame_no)
    AND NOT EXISTS (SELECT FROM search.backfill_items i WHERE i.space_id = $1
        AND i.owner = f.owner AND i.asset_id = f.asset_id AND i.frame_no = f.frame_no)
"""
# What came, or is of an asset that is not there any more, is nobody's item.
_SWEEP = (
    """
DELETE FROM search.backfill_items i WHERE i.space_id = $1 AND EXISTS (
    SELECT FROM search.image_embeddings e WHERE e.space_id = $1 AND e.owner = i.owner
        AND e.asset_id = i.asset_id AND e.frame_no = i.frame_no)
""",
    f"""
DELETE FROM search.backfill_items i USING search.assets a
    LEFT JOIN search.videos v USING (owner, asset_id)
WHERE i.space_id = $1 AND i.owner = a.owner AND i.asset_id = a.asset_id AND i.frame_no = -1
    AND (a.state = 'DELETING'
        OR a.kind = 'VIDEO' AND i.state = 'ORDERED' AND NOT EXISTS (SELECT {_LACKING}))
""",  # noqa: S608
)
_EXHAUST = """
UPDATE search.backfill_items SET state = 'FAILED', reason = 'ATTEMPTS_EXHAUSTED',
    message = 'It was ordered again and again, and nothing came.', updated_at = now()
WHERE space_id = $1 AND state = 'ORDERED' AND orders >= $3 AND ordered_at < now() - $2::interval
"""
_IN_FLIGHT = """
SELECT coalesce(sum(units), 0)::bigint FROM search.backfill_items
WHERE space_id = $1 AND state = 'ORDERED' AND ($2::interval IS NULL OR ordered_at > now() - $2)
"""
# In the order of the key from the cursor on, so a round reads what it orders and no more. What was
# READY before the job began has nothing on its way.
_NEXT = f"""
SELECT a.*, '{{}}'::search.asset_stages[] AS stages, v.generation AS cutting,
    CASE a.kind WHEN 'IMAGE' THEN 1 ELSE (SELECT count(*) {_LACKING}) END AS units
FROM search.assets a LEFT JOIN search.videos v USING (owner, asset_id)
WHERE (a.owner, a.asset_id) > ($2, $3) AND a.state = 'READY'
    AND (a.updated_at <= now() - $4::interval OR a.updated_at < $10::timestamptz)
    AND ($5 = '' OR search.in_canary($5, a.owner, $6) = $7)
    AND CASE a.kind WHEN 'IMAGE' THEN NOT EXISTS (SELECT FROM search.image_embeddings e
        WHERE e.space_id = $1 AND e.owner = a.owner AND e.asset_id = a.asset_id
            AND e.frame_no = -1) ELSE EXISTS (SELECT {_LACKING}) END
    AND NOT EXISTS (SELECT FROM search.backfill_items i WHERE i.space_id = $1
        AND i.owner = a.owner AND i.asset_id = a.asset_id AND i.frame_no = -1
        AND (i.state = 'FAILED' OR $8::interval IS NULL OR i.ordered_at > now() - $8))
ORDER BY a.owner, a.asset_id LIMIT $9
"""  # noqa: S608
_ITEM = """
INSERT INTO search.backfill_items (space_id, owner, asset_id, state, units, orders)
VALUES ($1, $2, $3, 'ORDERED', $4, 1)
ON CONFLICT (space_id, owner, asset_id, frame_no) DO UPDATE SET state = 'ORDERED',
    units = EXCLUDED.units, orders = backfill_items.orders + 1, ordered_at = now(),
    updated_at = now()
"""
# Halved while searches are slow, and back up in steps: increase by addition and decrease by
# multiplication settle at what the machine has to spare (Chiu and Jain 1989).
_GIVE_WAY = """
UPDATE search.backfills SET pace = greatest(0.01, pace / 2), strained_at = clock_timestamp()
WHERE space_id = $1 AND strained_at < clock_timestamp() - interval '2 s'
"""
_KEEP = """
UPDATE search.backfills SET tokens = $2, refilled_at = clock_timestamp(), cursor_owner = $3,
    pace = CASE WHEN strained_at > clock_timestamp() - interval '4 s' THEN pace ELSE least(1, pace
        + 0.02 * extract(epoch FROM clock_timestamp() - refilled_at)::float8) END,
    cursor_asset = $4, look_after = now() + make_interval(secs => $5),
    state = CASE WHEN $6 THEN 'DONE' ELSE state END,
    counted_at = CASE WHEN $6 AND state = 'RUNNING' THEN NULL ELSE counted_at END,
    finished_at = CASE WHEN $6 THEN coalesce(finished_at, now()) ELSE finished_at END,
    updated_at = now()
WHERE space_id = $1
"""
_COUNT = """
WITH taken AS (
    SELECT count(*) AS total, count(*) FILTER (WHERE stored) AS done,
        count(*) FILTER (WHERE NOT stored AND item = 'FAILED') AS failed,
        count(*) FILTER (WHERE NOT stored AND item = 'ORDERED') AS in_flight
    FROM search.wanted_vectors($1)
)
UPDATE search.backfills b SET total = taken.total, done = taken.done, failed = taken.failed,
    in_flight = taken.in_flight, counted_at = clock_timestamp(),
    measured_per_minute = CASE WHEN counted_at IS NULL THEN 0 ELSE measured_per_minute
        + (60 * greatest(taken.done - b.done, 0) / elapsed - measured_per_minute)
        * (1 - exp(-elapsed / $2)) END
FROM taken, (SELECT greatest(0.1, extract(epoch FROM clock_timestamp() - counted_at)::float8)
        AS elapsed FROM search.backfills WHERE space_id = $1) since
WHERE b.space_id = $1
"""
_SMOOTH_SECONDS = 30.0
_REST = 10.0
"""How much longer than its last count a space is not counted."""
_BURST_SECONDS = 5.0
_IDLE_SECONDS = 30.0
_SOON_SECONDS = 2.0


class FillStore:
    """Orders what spaces lack.

    Args:
        pool: of the role `search_worker`.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._rested: dict[str, float] = {}

    async def spaces(self) -> list[str]:
        """Spaces with a job that is not paused."""
        async with unbound(self._pool) as connection:
            rows = await connection.fetch(
                "SELECT space_id FROM search.backfills WHERE state <> 'PAUSED' ORDER BY space_id"
            )
        return [row["space_id"] for row in rows]

    async def claim(self, space_id: str, owners: Share, rules: FillRules, *, again: bool) -> Claim:
        """Order what comes next, of assets of these owners."""
        async with unbound(self._pool) as connection:
            job = await connection.fetchrow(_HOLD, space_id)
            if job is None:
                return Claim(Outcome.ELSEWHERE)
            patience = rules.patience if again else None
            await _sweep(connection, space_id, patience, rules)
            if not job["in_window"]:
                await _keep(connection, job, job["tokens"], look_in=_IDLE_SECONDS)
                return Claim(Outcome.CLOSED)
            return await _order(connection, job, owners, rules, patience)

    async def lacking(self, film: FilmOrder) -> list[CutFrame]:
        """The frames of a video without a vector in the space, in order."""
        async with unbound(self._pool) as connection:
            rows = await connection.fetch(
                "SELECT f.frame_no, f.time_ms, f.s3_key, f.sha256, f.width, f.height"  # noqa: S608
                " FROM search.assets a JOIN search.videos v USING (owner, asset_id)"
                f" CROSS JOIN LATERAL (SELECT f.* {_LACKING}) f"
                " WHERE a.owner = $2 AND a.asset_id = $3 AND v.generation = $4"
                " ORDER BY f.frame_no",
                film.space_id,
                film.owner,
                film.asset_id,
                film.generation,
            )
        return [CutFrame(*row.values()) for row in rows]

    async def tell(self, film: FilmOrder, runs: Sequence[FrameRun]) -> None:
        """Announce frames of a video for the space."""
        async with unbound(self._pool) as connection:
            for run in runs:
                await announce_frames(connection, film, run)

    async def give_way(self, space_id: str) -> None:
        """Halve its pace, unless that was done a moment ago."""
        async with unbound(self._pool) as connection:
            await connection.execute(_GIVE_WAY, space_id)

    async def count(self, space_id: str, every: timedelta) -> None:
        """Count everything anew, unless that was done a moment ago.

        A count that takes long is taken the more rarely, so that it is a small part of the work.
        """
        started = time.monotonic()
        if started < self._rested.get(space_id, 0.0):
            return
        async with unbound(self._pool) as connection:
            due = await connection.fetchval(
                "SELECT counted_at IS NULL OR counted_at < now() - CASE state"
                " WHEN 'RUNNING' THEN $2::interval ELSE 5 * $2::interval END"
                " FROM search.backfills WHERE space_id = $1",
                space_id,
                every,
            )
            if due:
                await connection.execute(LONG)
                await connection.execute(_COUNT, space_id, _SMOOTH_SECONDS, timeout=LONG_SECONDS)
        ended = time.monotonic()
        self._rested[space_id] = ended + _REST * (ended - started)


async def _sweep(
    connection: Connection, space_id: str, patience: timedelta | None, rules: FillRules
) -> None:
    for statement in _SWEEP:
        await connection.execute(statement, space_id)
    if patience is not None:
        await connection.execute(_EXHAUST, space_id, patience, rules.most_orders)


async def _order(
    connection: Connection,
    job: asyncpg.Record,
    owners: Share,
    rules: FillRules,
    patience: timedelta | None,
) -> Claim:
    """Order as many as pace and queue allow."""
    space_id = job["space_id"]
    a_second = job["rate_per_minute"] * job["pace"] / 60
    tokens = min(max(1.0, a_second * _BURST_SECONDS), job["tokens"] + a_second * job["idle"])
    under_way = await connection.fetchval(_IN_FLIGHT, space_id, patience)
    limit = min(math.floor(tokens), rules.in_flight - under_way)
    if limit < 1:
        await _keep(connection, job, tokens)
        return Claim(Outcome.WAITING)
    share = (owners.canary, owners.percent, owners.inside)
    cursor = (job["cursor_owner"], job["cursor_asset"])
    rows = await connection.fetch(
        _NEXT, space_id, *cursor, rules.grace, *share, patience, limit, job["started_at"]
    )
    chosen = _within(rows, limit)
    films = [film for row in chosen if (film := await _place(connection, space_id, row))]
    tokens -= sum(row["units"] for row in chosen)
    if len(chosen) == len(rows) < limit:  # it read to the end
        idle = not rows and not under_way and job["cursor_owner"] == ""
        wait = 0.0 if job["cursor_owner"] else _IDLE_SECONDS if idle else _SOON_SECONDS
        await _keep(connection, job, tokens, _NOBODY, look_in=wait, done=idle)
        return Claim(_ended(rows, idle=idle), len(chosen), films)
    last = (chosen[-1]["owner"], chosen[-1]["asset_id"])
    await _keep(connection, job, tokens, last)
    return Claim(Outcome.ORDERED, len(chosen), films)


def _ended(rows: Sequence[asyncpg.Record], *, idle: bool) -> Outcome:
    if rows:
        return Outcome.ORDERED
    return Outcome.COMPLETE if idle else Outcome.WAITING


def _within(rows: Sequence[asyncpg.Record], limit: int) -> list[asyncpg.Record]:
    """As many as fit; the first one always does, though a long video overdraws the pace."""
    chosen: list[asyncpg.Record] = []
    units = 0
    for row in rows:
        if chosen and units + row["units"] > limit:
            break
        chosen.append(row)
        units += row["units"]
    return chosen


async def _place(connection: Connection, space_id: str, row: asyncpg.Record) -> FilmOrder | None:
    """Note the order of one asset; a picture's goes out with it, a video's is given back."""
    asset, order_id = asset_of(row), new_order()
    key = (asset.owner, asset.asset_id)
    await connection.execute(_ITEM, space_id, *key, row["units"])
    if asset.kind is Kind.VIDEO:
        return FilmOrder(space_id, *key, row["cutting"], order_id)
    await request_embedding(connection, asset, space_id, order_id)
    return None


async def _keep(
    connection: Connection,
    job: asyncpg.Record,
    tokens: float,
    cursor: tuple[object, ...] = (),
    *,
    look_in: float = 0.0,
    done: bool = False,
) -> None:
    at = cursor or (job["cursor_owner"], job["cursor_asset"])
    await connection.execute(_KEEP, job["space_id"], tokens, *at, look_in, done)
