"""The entries of a reading become rows, each under the id that it had, in one transaction.

What a person corrected, dismissed or linked stays, though no reading finds it any more. Entries
that are the same event in several observations of an owner get one group; whoever merges for an
owner holds that owner's lock.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

import uuid_utils

from kioku_vlm.calendar.fingerprint import fingerprint, same_entry
from kioku_vlm.correcting.correction import corrected, first_day, last_day
from kioku_vlm.observing.carrying import carried
from kioku_vlm.observing.entity import head_of, parts_of
from kioku_vlm.observing.entry_rows import ENTRIES, known_entry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kioku_rt.db.pool import Connection

    from kioku_vlm.observing.observation import Claim, Correction, KnownEntry
    from kioku_vlm.schedule_facts import Entry

_NAMESPACE = UUID("6b696f6b-752d-5661-8365-766c6d650001")
_OF_OBSERVATION = f"{ENTRIES} AND e.observation_id = $2 ORDER BY e.ordinal FOR UPDATE OF e"
_SAME_DAY = f"""
{ENTRIES} AND e.observation_id <> $2 AND (e.read_day = $3 OR e.start_day = $3)
ORDER BY e.created_at, e.entity_id
"""
_PUT = """
INSERT INTO vlm.vlm_detection_entities AS e (owner, entity_id, observation_id, type, ordinal,
    fields, confidence, fingerprint, group_id, read_day, start_day, end_day, recurring,
    read_version)
VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7, $8, $9, $10, $11, $12, $13, $14)
ON CONFLICT (owner, entity_id) DO UPDATE SET type = excluded.type, ordinal = excluded.ordinal,
    fields = excluded.fields, confidence = excluded.confidence,
    fingerprint = excluded.fingerprint, group_id = excluded.group_id, read_day = excluded.read_day,
    start_day = excluded.start_day, end_day = excluded.end_day, recurring = excluded.recurring,
    read_version = excluded.read_version, version = e.version + 1, updated_at = clock_timestamp()
"""
_DROP_PARTS = """
DELETE FROM vlm.vlm_detection_entities WHERE owner = $1 AND parent_id = ANY($2::uuid[])
"""
_PUT_PART = """
INSERT INTO vlm.vlm_detection_entities
    (owner, entity_id, observation_id, parent_id, type, name, ordinal, fields, confidence)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9)
"""
# Rows of entries that nobody touched go with the reading that does not find them.
_DROP = """
DELETE FROM vlm.vlm_detection_entities e WHERE e.owner = $1 AND e.entity_id = ANY($2::uuid[])
    AND NOT e.corrected AND NOT EXISTS (SELECT FROM vlm.vlm_links l
        WHERE l.owner = e.owner AND l.entry_id = e.entity_id)
"""


async def store_entries(
    connection: Connection, claim: Claim, found: Sequence[Entry], version: int
) -> list[UUID]:
    """Store what was found as the entries of version `version`; their ids, in order."""
    await _lock_owner(connection, claim.owner)
    key = (claim.owner, claim.observation_id)
    known = {
        one.entry_id: one for one in map(known_entry, await connection.fetch(_OF_OBSERVATION, *key))
    }
    ids = [
        entry_id or _new_id()
        for entry_id in carried({key: one.read for key, one in known.items()}, found)
    ]
    await connection.execute(_DROP, claim.owner, list(known.keys() - set(ids)))
    await connection.execute(_DROP_PARTS, claim.owner, ids)
    for place, (entry_id, entry) in enumerate(zip(ids, found, strict=True)):
        group = await _group(connection, claim, entry, entry_id, known.get(entry_id))
        corrections = known[entry_id].corrections if entry_id in known else {}
        row = _columns(claim, entry_id, entry, corrections)
        await connection.execute(
            _PUT, *row[:3], entry.kind, place, *row[3:6], group, *row[6:], version
        )
        await connection.executemany(_PUT_PART, _parts(claim, entry_id, entry))
    return ids


async def _lock_owner(connection: Connection, owner: str) -> None:
    await connection.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('vlm entries ' || $1, 0))", owner
    )


async def _group(
    connection: Connection, claim: Claim, entry: Entry, entry_id: UUID, known: KnownEntry | None
) -> UUID:
    """That of the oldest entry which is the same event; else the one it has; else its own."""
    day = first_day(entry)
    if day is not None:
        rows = await connection.fetch(_SAME_DAY, claim.owner, claim.observation_id, day)
        for other in map(known_entry, rows):
            if _same(entry, other):
                return other.group_id
    if known is None:
        return entry_id
    if await _alone(connection, claim, known):
        return known.group_id
    return _new_id()  # it reads as another event now than those it was grouped with


def _new_id() -> UUID:
    return UUID(str(uuid_utils.uuid7()))


def _same(entry: Entry, other: KnownEntry) -> bool:
    """As it was read, or as people say that it is."""
    return same_entry(entry, other.read) or same_entry(
        entry, corrected(other.read, other.corrections)
    )


async def _alone(connection: Connection, claim: Claim, known: KnownEntry) -> bool:
    """Whether nothing else is left of its group: then it keeps the id that calendars know."""
    others: bool = await connection.fetchval(
        "SELECT NOT EXISTS (SELECT FROM vlm.vlm_detection_entities WHERE owner = $1"
        " AND group_id = $2 AND entity_id <> $3)",
        claim.owner,
        known.group_id,
        known.entry_id,
    )
    return others


def _columns(
    claim: Claim, entry_id: UUID, entry: Entry, corrections: Mapping[str, Correction]
) -> tuple[object, ...]:
    holds = corrected(entry, corrections)
    return (
        claim.owner,
        entry_id,
        claim.observation_id,
        json.dumps(head_of(entry)),
        entry.confidence,
        fingerprint(entry),
        first_day(entry),
        first_day(holds),
        last_day(holds),
        holds.rrule is not None,
    )


def _parts(claim: Claim, entry_id: UUID, entry: Entry) -> list[tuple[object, ...]]:
    return [
        (
            claim.owner,
            uuid5(_NAMESPACE, f"{entry_id}/{part.name}/{part.ordinal}"),
            claim.observation_id,
            entry_id,
            part.type,
            part.name,
            part.ordinal,
            json.dumps(part.fields),
            part.fields["confidence"],
        )
        for part in parts_of(entry)
    ]
