"""What people say of entries, in PostgreSQL, each in their name.  Implements `CorrectionStore`.

`pool` is of the role `vlm_api`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from uuid import UUID

import uuid_utils
from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason

from kioku_vlm.correcting.correction import VALUES, YES, corrected, first_day, last_day
from kioku_vlm.database import owned, record
from kioku_vlm.observing.entity import value_json
from kioku_vlm.observing.entry_rows import ENTRIES, known_entry

if TYPE_CHECKING:
    from collections.abc import Sequence

    import asyncpg
    from kioku_rt.auth import Acting
    from kioku_rt.db.pool import Connection

    from kioku_vlm.correcting.correcting import Changes
    from kioku_vlm.observing.observation import KnownEntry
    from kioku_vlm.schedule_facts import Entry

_ONE = f"{ENTRIES} AND e.observation_id = $2 AND e.entity_id = $3"
_LOCK = """
SELECT version FROM vlm.vlm_detection_entities
WHERE owner = $1 AND observation_id = $2 AND entity_id = $3 AND group_id IS NOT NULL FOR UPDATE
"""
_END = """
UPDATE vlm.vlm_corrections SET ended_at = clock_timestamp(), ended_by = $4
WHERE owner = $1 AND entry_id = $2 AND field = ANY($3::text[]) AND ended_at IS NULL
"""
_SAY = """
INSERT INTO vlm.vlm_corrections (owner, correction_id, entry_id, field, value, read_before, actor)
VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7)
"""
_HOLDS = """
UPDATE vlm.vlm_detection_entities SET start_day = $3, end_day = $4, recurring = $5,
    corrected = $6, dismissed = $7, version = version + 1, updated_at = clock_timestamp()
WHERE owner = $1 AND entity_id = $2
"""
# Whichever reading of an event was dismissed: it is one event, and comes back as one.
_DISMISSED = """
SELECT entity_id FROM vlm.vlm_detection_entities WHERE owner = $1 AND dismissed
    AND group_id = (SELECT group_id FROM vlm.vlm_detection_entities
        WHERE owner = $1 AND entity_id = $2) AND entity_id <> $2 FOR UPDATE
"""
_TELL = """
UPDATE vlm.vlm_observations SET updated_at = clock_timestamp()
WHERE owner = $1 AND observation_id = $2
"""


class CorrectionPostgres:
    """Corrections of entries."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def correct(
        self,
        acting: Acting,
        observation_id: UUID,
        entry_id: UUID,
        changes: Changes,
        version: int,
    ) -> KnownEntry | None:
        """Note what a person says, and give the entry as it holds; None: there is none."""
        key = (acting.owner, observation_id, entry_id)
        async with owned(self._pool, acting) as connection:
            stored = await connection.fetchval(_LOCK, *key)
            if stored is None:
                return None
            if version not in (0, stored):
                raise KiokuError(Reason.VERSION_OUTDATED, metadata={"version": str(stored)})
            known = await _entry(connection, key)
            await _end(connection, acting, entry_id, list(changes))
            for field, values in changes.items():
                await _say(connection, acting, known, field, values)
            holds = await _settle(connection, key)
            await record(connection, acting, "entry.correct", str(entry_id), fields=sorted(changes))
        return holds

    async def restore(
        self, acting: Acting, observation_id: UUID, entry_id: UUID, fields: Sequence[str]
    ) -> KnownEntry | None:
        """Take what a person said of these fields back; None: there is no such entry."""
        key = (acting.owner, observation_id, entry_id)
        async with owned(self._pool, acting) as connection:
            if await connection.fetchval(_LOCK, *key) is None:
                return None
            await _end(connection, acting, entry_id, list(fields))
            if "dismissed" in fields:
                await _undismiss_others(connection, acting, entry_id)
            holds = await _settle(connection, key)
            await record(connection, acting, "entry.restore", str(entry_id), fields=sorted(fields))
        return holds


async def _end(
    connection: Connection, acting: Acting, entry_id: UUID, fields: Sequence[str]
) -> None:
    await connection.execute(_END, acting.owner, entry_id, fields, acting.principal.subject)


async def _say(
    connection: Connection,
    acting: Acting,
    known: KnownEntry,
    field: str,
    values: tuple[str, ...],
) -> None:
    await connection.execute(
        _SAY,
        acting.owner,
        UUID(str(uuid_utils.uuid7())),
        known.entry_id,
        field,
        list(values),
        json.dumps(_read_before(known.read, field)),
        acting.principal.subject,
    )


def _read_before(read: Entry, field: str) -> object:
    """What the reading says of the field, as JSON."""
    if field in VALUES:
        return value_json(getattr(read, field))
    if field == "notes":
        return [value_json(note) for note in read.notes]
    return str(getattr(read, field, ""))


async def _undismiss_others(connection: Connection, acting: Acting, entry_id: UUID) -> None:
    for row in await connection.fetch(_DISMISSED, acting.owner, entry_id):
        await _end(connection, acting, row["entity_id"], ["dismissed"])
        await connection.execute(
            "UPDATE vlm.vlm_detection_entities SET dismissed = false,"
            " version = version + 1, updated_at = clock_timestamp()"
            " WHERE owner = $1 AND entity_id = $2",
            acting.owner,
            row["entity_id"],
        )


async def _entry(connection: Connection, key: tuple[str, UUID, UUID]) -> KnownEntry:
    row = await connection.fetchrow(_ONE, *key)
    assert row is not None  # noqa: S101 - it is locked
    return known_entry(row)


async def _settle(connection: Connection, key: tuple[str, UUID, UUID]) -> KnownEntry:
    """Let the row say what holds now, and whoever watches know."""
    owner, observation_id, entry_id = key
    known = await _entry(connection, key)
    holds = corrected(known.read, known.corrections)
    dismissed = known.corrections.get("dismissed")
    await connection.execute(
        _HOLDS,
        owner,
        entry_id,
        first_day(holds),
        last_day(holds),
        holds.rrule is not None,
        bool(known.corrections),
        dismissed is not None and dismissed.values == (YES,),
    )
    await connection.execute(_TELL, owner, observation_id)
    return await _entry(connection, key)
