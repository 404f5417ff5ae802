"""Entries that were read from assets, in the name of their owner.  Implements `Schedules`."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from kioku_vlm.correcting.correction import holding
from kioku_vlm.database import owned, record
from kioku_vlm.observing.entry_rows import ENTRIES, known_entry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    import asyncpg
    from kioku_rt.auth import Acting

    from kioku_vlm.schedule_facts import Entry

ACTION = "theme.read_entries"
_ASSETS = """
SELECT a.asset_id, a.observation_id FROM vlm.vlm_observation_assets a
WHERE a.owner = $1 AND a.asset_id = ANY($2::uuid[]) ORDER BY a.asset_id
"""
_ENTRIES = f"{ENTRIES} AND e.observation_id = ANY($2::uuid[]) ORDER BY e.ordinal"


class EntryPostgres:
    """Reads entries.

    Args:
        pool: of the role `vlm_api`.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def entries(
        self, acting: Acting, asset_ids: Sequence[UUID]
    ) -> Mapping[UUID, Sequence[Entry]]:
        """See the port; what was dismissed, or is not found any more, is left out."""
        async with owned(self._pool, acting) as connection:
            shown = await connection.fetch(_ASSETS, acting.owner, list(asset_ids))
            observations = list({row["observation_id"] for row in shown})
            rows = await connection.fetch(_ENTRIES, acting.owner, observations)
            await record(connection, acting, ACTION, "", assets=len(asset_ids))
        found: dict[UUID, list[Entry]] = defaultdict(list)
        for known in map(known_entry, rows):
            if not known.dismissed and not known.outdated:
                found[known.observation_id].append(holding(known))
        return {
            row["asset_id"]: found[row["observation_id"]]
            for row in shown
            if row["observation_id"] in found
        }
