"""What owners read, in PostgreSQL, each in their name.  Implements `LibraryStore`.

`pool` is of the role `vlm_api`.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from kioku_vlm.database import owned, record
from kioku_vlm.library.observation_row import OBSERVATIONS, READINGS, observation_of
from kioku_vlm.observing.entry_rows import ENTRIES, STANDS, known_entry
from kioku_vlm.observing.person_store import people_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    import asyncpg
    from kioku_rt.auth import Acting
    from kioku_rt.db.pool import Connection

    from kioku_vlm.library.library import Days, EntryPlace, Wanted
    from kioku_vlm.observing.observation import KnownEntry, Observation

_ONE = f"{OBSERVATIONS} AND o.observation_id = $2"
_PAGE = f"""
{OBSERVATIONS} AND ($3::text IS NULL OR o.state = $3)
    AND ($4::uuid IS NULL OR o.observation_id = (SELECT a.observation_id
        FROM vlm.vlm_observation_assets a WHERE a.owner = $1 AND a.asset_id = $4))
    AND ($5::timestamptz IS NULL OR (o.created_at, o.observation_id) < ($5, $6::uuid))
ORDER BY o.created_at DESC, o.observation_id DESC LIMIT $2
"""  # noqa: S608 - constants
_OF_OBSERVATIONS = f"{ENTRIES} AND e.observation_id = ANY($2::uuid[]) ORDER BY e.ordinal"
# A recurring entry is wanted on every day after its first one; its RRULE says on which it is.
_BY_DAY = f"""
{ENTRIES} AND e.entity_id = (SELECT g.entity_id FROM vlm.vlm_detection_entities g
        WHERE g.owner = e.owner AND g.group_id = e.group_id {STANDS})
    AND NOT EXISTS (SELECT FROM vlm.vlm_detection_entities d
        WHERE d.owner = e.owner AND d.group_id = e.group_id AND d.dismissed)
    AND ($3::date IS NULL OR coalesce(e.end_day, e.start_day) >= $3 OR e.recurring)
    AND ($4::date IS NULL OR e.start_day <= $4)
    AND (cardinality($5::text[]) = 0 OR e.type = ANY($5))
    AND ($6::date IS NULL OR (coalesce(e.start_day, '9999-12-31'), e.entity_id) > ($6, $7::uuid))
ORDER BY coalesce(e.start_day, '9999-12-31'), e.entity_id LIMIT $2
"""  # noqa: S608 - constants
_EXPORTED = f"""
{ENTRIES} AND e.entity_id = (SELECT g.entity_id FROM vlm.vlm_detection_entities g
        WHERE g.owner = e.owner AND g.group_id = e.group_id {STANDS})
    AND ($3::timestamptz IS NULL OR EXISTS (SELECT FROM vlm.vlm_detection_entities c
        WHERE c.owner = e.owner AND c.group_id = e.group_id AND c.updated_at >= $3))
ORDER BY coalesce(e.start_day, '9999-12-31'), e.entity_id LIMIT $2
"""  # noqa: S608 - constants


class LibraryPostgres:
    """Reads of observations and entries.  Implements `Exports` as well."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def find(
        self, acting: Acting, observation_id: UUID, action: str = ""
    ) -> Observation | None:
        """One observation with entries and readings; None: there is none; no action: no audit."""
        key = (acting.owner, observation_id)
        async with owned(self._pool, acting) as connection:
            row = await connection.fetchrow(_ONE, *key)
            if action:
                outcome = "ok" if row is not None else "refused"
                await record(connection, acting, action, str(observation_id), outcome=outcome)
            if row is None:
                return None
            entries = await _entries_of(connection, acting.owner, [observation_id])
            readings = await connection.fetch(READINGS, *key)
            people = await people_of(connection, *key)
        return observation_of(row, entries[observation_id], readings, people)

    async def page(
        self, acting: Acting, wanted: Wanted, limit: int, after: tuple[datetime, UUID] | None
    ) -> list[Observation]:
        """At most `limit` observations with their entries, newest first."""
        async with owned(self._pool, acting) as connection:
            rows = await connection.fetch(
                _PAGE,
                acting.owner,
                limit,
                wanted.state,
                wanted.asset_id,
                *(after or (None, None)),
            )
            ids = [row["observation_id"] for row in rows]
            entries = await _entries_of(connection, acting.owner, ids)
            subject = str(wanted.asset_id or "")
            await record(connection, acting, "observation.list", subject, rows=len(rows))
        return [observation_of(row, entries[row["observation_id"]]) for row in rows]

    async def entries(
        self, acting: Acting, days: Days, limit: int, after: EntryPlace | None
    ) -> list[KnownEntry]:
        """At most `limit` entries that stand for their events, by day."""
        async with owned(self._pool, acting) as connection:
            rows = await connection.fetch(
                _BY_DAY,
                acting.owner,
                limit,
                days.first,
                days.last,
                list(days.kinds),
                after.day if after else None,
                after.entry_id if after else None,
            )
            await record(connection, acting, "entry.list", "", rows=len(rows))
        return [known_entry(row) for row in rows]

    async def exported(
        self, acting: Acting, observation_id: UUID | None, since: datetime | None, limit: int
    ) -> list[KnownEntry]:
        """At most `limit` entries, dismissed ones too: of one observation, or each event once."""
        async with owned(self._pool, acting) as connection:
            if observation_id is not None:
                ids = [observation_id]
                rows = await connection.fetch(_OF_OBSERVATIONS, acting.owner, ids)
            else:
                rows = await connection.fetch(_EXPORTED, acting.owner, limit, since)
            subject = str(observation_id or "")
            await record(connection, acting, "calendar.export", subject, rows=len(rows))
        return [known_entry(row) for row in rows[:limit]]


async def _entries_of(
    connection: Connection, owner: str, observation_ids: Sequence[UUID]
) -> defaultdict[UUID, list[KnownEntry]]:
    entries: defaultdict[UUID, list[KnownEntry]] = defaultdict(list)
    for row in await connection.fetch(_OF_OBSERVATIONS, owner, list(observation_ids)):
        entries[row["observation_id"]].append(known_entry(row))
    return entries
