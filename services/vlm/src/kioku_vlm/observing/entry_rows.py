"""Entries with their parts and corrections, as SQL gives them."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING

from kioku_vlm.observing.entity import entry_of
from kioku_vlm.observing.observation import Correction, KnownEntry

if TYPE_CHECKING:
    import asyncpg

STANDS = "ORDER BY g.corrected DESC, g.created_at, g.entity_id LIMIT 1"
"""Of the entries of one event, the one that stands for all: a corrected one, then the oldest."""
# One row for each entry `e`; conditions and order are the caller's.
ENTRIES = f"""
SELECT e.entity_id, e.observation_id, e.type, e.fields, e.group_id, e.version, e.updated_at,
    e.ordinal, e.start_day, o.zone, e.read_version < o.version AND o.state = 'READY' AS outdated,
    EXISTS (SELECT FROM vlm.vlm_detection_entities d WHERE d.owner = e.owner
        AND d.group_id = e.group_id AND d.dismissed) AS dismissed,
    (SELECT g.entity_id FROM vlm.vlm_detection_entities g WHERE g.owner = e.owner
        AND g.group_id = e.group_id {STANDS}) AS stands,
    (SELECT sum(g.version)::bigint FROM vlm.vlm_detection_entities g WHERE g.owner = e.owner
        AND g.group_id = e.group_id) AS sequence,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('name', p.name, 'fields', p.fields)
        ORDER BY p.name, p.ordinal), '[]') FROM vlm.vlm_detection_entities p
        WHERE p.owner = e.owner AND p.parent_id = e.entity_id) AS parts,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('field', c.field, 'value', c.value,
        'actor', c.actor, 'at', c.created_at)), '[]') FROM vlm.vlm_corrections c
        WHERE c.owner = e.owner AND c.entry_id = e.entity_id AND c.ended_at IS NULL) AS corrections
FROM vlm.vlm_detection_entities e JOIN vlm.vlm_observations o USING (owner, observation_id)
WHERE e.owner = $1 AND e.group_id IS NOT NULL
"""  # noqa: S608 - constants


def known_entry(row: asyncpg.Record) -> KnownEntry:
    """The entry that a row of `ENTRIES` holds."""
    return KnownEntry(
        entry_id=row["entity_id"],
        observation_id=row["observation_id"],
        read=entry_of(row["type"], json.loads(row["fields"]), json.loads(row["parts"])),
        corrections=corrections_of(row["corrections"]),
        merged_into=None if row["stands"] == row["entity_id"] else row["stands"],
        group_id=row["group_id"],
        dismissed=row["dismissed"],
        outdated=row["outdated"],
        version=row["version"],
        updated_at=row["updated_at"],
        zone=row["zone"],
        sequence=row["sequence"],
    )


def corrections_of(stored: str) -> dict[str, Correction]:
    """Corrections that stand, by field."""
    return {
        one["field"]: Correction(
            tuple(one["value"]), one["actor"], datetime.fromisoformat(one["at"])
        )
        for one in json.loads(stored)
    }
