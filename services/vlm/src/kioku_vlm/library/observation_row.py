"""An observation as SQL gives it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from kioku_vlm.observing.entity import suspicions_of
from kioku_vlm.observing.observation import Engine, Failure, Observation, Reading, State, Timing

if TYPE_CHECKING:
    from collections.abc import Sequence

    import asyncpg

    from kioku_vlm.engines.ports import SeenPerson
    from kioku_vlm.observing.observation import KnownEntry

# One row for each observation `o`; conditions and order are the caller's.
OBSERVATIONS = """
SELECT o.observation_id, o.state, o.observation_hash, o.version, o.zone, o.locale, o.language,
    o.abstained, o.suspicions, o.near_of, o.reason, o.message, o.attempts, o.created_at,
    o.updated_at, ARRAY(SELECT a.asset_id FROM vlm.vlm_observation_assets a
        WHERE a.owner = o.owner AND a.observation_id = o.observation_id
        ORDER BY a.created_at, a.asset_id LIMIT 1000) AS asset_ids
FROM vlm.vlm_observations o WHERE o.owner = $1
"""
READINGS = """
SELECT version, state, model_version, prompt_version, schema_version, reader_version, fetch_ms,
    read_ms, extract_ms, reason, message, read_at
FROM vlm.vlm_readings WHERE owner = $1 AND observation_id = $2 ORDER BY version DESC LIMIT 10
"""


def observation_of(
    row: asyncpg.Record,
    entries: Sequence[KnownEntry] = (),
    readings: Sequence[asyncpg.Record] = (),
    people: Sequence[SeenPerson] = (),
) -> Observation:
    """The observation that a row of `OBSERVATIONS` holds, with what belongs to it."""
    return Observation(
        observation_id=row["observation_id"],
        state=State(row["state"]),
        asset_ids=tuple(row["asset_ids"]),
        observation_hash=row["observation_hash"],
        version=row["version"],
        zone=row["zone"],
        locale=row["locale"],
        language=row["language"],
        abstained=row["abstained"],
        suspicions=suspicions_of(json.loads(row["suspicions"])),
        near_of=row["near_of"],
        failure=_failure(row),
        attempts=row["attempts"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        entries=tuple(entries),
        readings=tuple(map(_reading, readings)),
        people=tuple(people),
    )


def _reading(row: asyncpg.Record) -> Reading:
    return Reading(
        version=row["version"],
        state=State(row["state"]),
        engine=Engine(
            row["model_version"],
            row["prompt_version"],
            row["schema_version"],
            row["reader_version"],
        ),
        timing=Timing(row["fetch_ms"], row["read_ms"], row["extract_ms"]),
        failure=_failure(row),
        read_at=row["read_at"],
    )


def _failure(row: asyncpg.Record) -> Failure | None:
    return Failure(row["reason"], row["message"]) if row["reason"] else None
