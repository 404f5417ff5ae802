"""What was read, in PostgreSQL: observation, entries, event and audit in one transaction.

Implements `Results`; `pool` is of the role `vlm_worker`. The observation's row is locked first, as
the deletion of its last asset locks it: a reading of what is deleted finds no row to store.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import asyncpg

from kioku_vlm import metrics
from kioku_vlm.database import record, unbound, worker
from kioku_vlm.observing.entity import suspicions_json
from kioku_vlm.observing.entry_store import store_entries
from kioku_vlm.observing.observation import Effect, State, Timing
from kioku_vlm.observing.observation_events import announce_ready
from kioku_vlm.observing.person_store import store_people
from kioku_vlm.observing.picture_hash import BITS, NEAR_BITS, NEAR_PART
from kioku_vlm.observing.soundness import sound

if TYPE_CHECKING:
    from kioku_rt.db.pool import Connection

    from kioku_vlm.observing.observation import Claim, Engine, Failure
    from kioku_vlm.observing.observing import Result
    from kioku_vlm.schedule_facts import Schedule

_NO_TIME = Timing()
_STANDING = """
SELECT version, state = 'PENDING' AND (claim = $3 OR claim IS NULL) AS ours
FROM vlm.vlm_observations WHERE owner = $1 AND observation_id = $2 FOR UPDATE
"""
_READ = """
UPDATE vlm.vlm_observations SET state = 'READY', version = $3, claim = NULL, interactive = false,
    model_version = $4, prompt_version = $5, schema_version = $6, reader_version = $7,
    fetch_ms = $8, read_ms = $9, extract_ms = $10, taken = $11, language = $12, abstained = $13,
    suspicions = $14::jsonb, picture_hash = $15, reason = '', message = '',
    updated_at = clock_timestamp()
WHERE owner = $1 AND observation_id = $2
"""
_FAILED = """
UPDATE vlm.vlm_observations SET state = 'FAILED', version = $3, claim = NULL, interactive = false,
    reason = $4, message = $5, updated_at = clock_timestamp()
WHERE owner = $1 AND observation_id = $2
"""
_SUPERSEDE = """
UPDATE vlm.vlm_readings SET state = 'SUPERSEDED'
WHERE owner = $1 AND observation_id = $2 AND state <> 'SUPERSEDED'
"""
_READING = """
INSERT INTO vlm.vlm_readings (owner, observation_id, version, state, model_version, prompt_version,
    schema_version, reader_version, fetch_ms, read_ms, extract_ms, reason, message)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
"""
_NEAR = """
UPDATE vlm.vlm_observations o SET near_of = (
    SELECT coalesce(n.near_of, n.observation_id) FROM vlm.vlm_observations n
    WHERE n.owner = o.owner AND n.observation_id <> o.observation_id
        AND (n.created_at, n.observation_id) < (o.created_at, o.observation_id)
        AND bit_count(n.picture_hash # o.picture_hash)
            <= least($3, bit_count(n.picture_hash | o.picture_hash) / $4)
    ORDER BY bit_count(n.picture_hash # o.picture_hash), n.created_at LIMIT 1)
WHERE o.owner = $1 AND o.observation_id = $2
"""
_FORGET_SENT = "DELETE FROM vlm.sent_pictures WHERE owner = $1 AND observation_id = $2"


class ReadingStore:
    """Readings that were finished."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def put(self, claim: Claim, result: Result) -> Effect:
        """Store what was read, tell of it and audit it, in one transaction; or STALE, GONE."""
        schedule = sound(result.schedule)
        async with unbound(self._pool) as connection:
            version = await _next_version(connection, claim)
            if isinstance(version, Effect):
                return version
            await _store(connection, claim, result, schedule, version)
            await _note_reading(
                connection, claim, version, engine=result.engine, timing=result.timing
            )
            await announce_ready(
                connection, claim, version, schedule=schedule, engine=result.engine
            )
            await record(
                connection,
                worker(claim.owner),
                "observation.read",
                str(claim.observation_id),
                version=version,
                model=result.engine.model_version,
                entries=len(schedule.entries),
                suspicions=len(schedule.suspicions),
            )
        _count(result, schedule)
        return Effect.DONE

    async def fail(self, claim: Claim, engine: Engine, failure: Failure) -> Effect:
        """Note that it cannot be read, tell of it and audit it; or STALE, GONE."""
        key = (claim.owner, claim.observation_id)
        async with unbound(self._pool) as connection:
            version = await _next_version(connection, claim)
            if isinstance(version, Effect):
                return version
            await connection.execute(_FAILED, *key, version, failure.reason, failure.message)
            await connection.execute(_FORGET_SENT, *key)
            await _note_reading(connection, claim, version, engine=engine, failure=failure)
            await announce_ready(connection, claim, version, engine=engine, failure=failure)
            await record(
                connection,
                worker(claim.owner),
                "observation.read",
                str(claim.observation_id),
                outcome="failed",
                reason=failure.reason,
                version=version,
                model=engine.model_version,
            )
        metrics.OBSERVATIONS.labels("failed", failure.reason).inc()
        return Effect.DONE


async def _next_version(connection: Connection, claim: Claim) -> int | Effect:
    """Lock the observation and say which version this reading makes, or why it makes none."""
    row = await connection.fetchrow(_STANDING, claim.owner, claim.observation_id, claim.token)
    if row is None:
        return Effect.GONE
    version: int = row["version"]
    return version + 1 if row["ours"] else Effect.STALE


async def _store(
    connection: Connection, claim: Claim, result: Result, schedule: Schedule, version: int
) -> None:
    key, engine, timing = (claim.owner, claim.observation_id), result.engine, result.timing
    await store_entries(connection, claim, schedule.entries, version)
    await store_people(connection, *key, result.people, version)
    await connection.execute(
        _READ,
        *key,
        version,
        engine.model_version,
        engine.prompt_version,
        engine.schema_version,
        engine.reader_version,
        timing.fetch_ms,
        timing.read_ms,
        timing.extract_ms,
        result.known.taken,
        schedule.language,
        schedule.abstained,
        json.dumps(suspicions_json(schedule.suspicions)),
        _bits(result.picture_hash),
    )
    await connection.execute(_NEAR, *key, NEAR_BITS, NEAR_PART)
    await connection.execute(_FORGET_SENT, *key)


async def _note_reading(
    connection: Connection,
    claim: Claim,
    version: int,
    *,
    engine: Engine,
    timing: Timing = _NO_TIME,
    failure: Failure | None = None,
) -> None:
    key = (claim.owner, claim.observation_id)
    await connection.execute(_SUPERSEDE, *key)
    await connection.execute(
        _READING,
        *key,
        version,
        State.FAILED if failure else State.READY,
        engine.model_version,
        engine.prompt_version,
        engine.schema_version,
        engine.reader_version,
        timing.fetch_ms,
        timing.read_ms,
        timing.extract_ms,
        failure.reason if failure else "",
        failure.message if failure else "",
    )


def _bits(picture_hash: int | None) -> asyncpg.BitString | None:
    if picture_hash is None:
        return None
    return asyncpg.BitString.from_int(picture_hash, BITS, signed=False)


def _count(result: Result, schedule: Schedule) -> None:
    engine, timing = result.engine, result.timing
    metrics.INFERENCE_SECONDS.labels(engine.model_version).observe(timing.extract_ms / 1000)
    metrics.READING_SECONDS.labels(engine.reader_version).observe(timing.read_ms / 1000)
    metrics.OBSERVATIONS.labels("ready", "").inc()
    for entry in schedule.entries:
        metrics.ENTRIES.labels(entry.kind.value).inc()
