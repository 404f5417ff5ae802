"""Deletions in PostgreSQL.  Implements `DeletionStore`.

Ordering and reading happen in the name of one owner; purges and confirmations come by event and run
as the worker.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from kioku_rt.db import audit, first_time

from kioku_search.assets.asset import Asset, Kind
from kioku_search.assets.asset_events import announce_deleted, announce_purged
from kioku_search.assets.asset_row import lock_asset
from kioku_search.assets.deletion import PARTICIPANT, Deletion, Purge
from kioku_search.database import SCHEMA, owned, unbound

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta
    from uuid import UUID

    import asyncpg
    from kioku_rt.auth.principal import Acting
    from kioku_rt.db.pool import Connection

_CONFIRM = """
UPDATE search.deletion_purges SET confirmed_at = coalesce(confirmed_at, now()),
    removed = CASE WHEN confirmed_at IS NULL THEN $4::jsonb ELSE removed END
WHERE owner = $1 AND asset_id = $2 AND participant = $3 RETURNING participant
"""
_FINISH = """
UPDATE search.deletions SET completed_at = now()
WHERE owner = $1 AND asset_id = $2 AND completed_at IS NULL AND NOT EXISTS (
    SELECT FROM search.deletion_purges p
    WHERE p.owner = $1 AND p.asset_id = $2 AND p.confirmed_at IS NULL)
RETURNING asset_id
"""
# What goes with an asset of each kind: the name on the receipt, and the table.
_PICTURE = {"image_embeddings": "image_embeddings", "stages": "asset_stages"}
_DERIVED = {Kind.IMAGE: _PICTURE, Kind.VIDEO: {**_PICTURE, "frames": "frames"}}


class DeletionStore:
    """Deletions and their receipts.

    Args:
        api: pool of the role `search_api`.
        worker: pool of the role `search_worker`.
    """

    def __init__(self, api: asyncpg.Pool, worker: asyncpg.Pool) -> None:
        self._api = api
        self._worker = worker

    async def order(
        self,
        acting: Acting,
        asset_id: UUID,
        participants: tuple[str, ...],
        sweep_delays: Mapping[Kind, timedelta],
    ) -> Deletion | None:
        """The deletion, begun now or before; None where there is neither asset nor deletion."""
        async with owned(self._api, acting, "") as connection:
            asset = await lock_asset(connection, acting.owner, asset_id)
            if asset is not None:
                delay = sweep_delays[asset.kind]
                await _begin(connection, acting, asset, participants, delay)
            return await _receipt(connection, acting.owner, asset_id)

    async def find(self, acting: Acting, asset_id: UUID) -> Deletion | None:
        """The deletion, unless it is another owner's or not there."""
        async with owned(self._api, acting, "deletion.get", str(asset_id)) as connection:
            return await _receipt(connection, acting.owner, asset_id)

    async def original(self, owner: str, asset_id: UUID) -> str | None:
        """Key of the original (empty: none is known any more); None without a tombstone."""
        async with unbound(self._worker) as connection:
            key: str | None = await connection.fetchval(
                "SELECT coalesce(a.object_key, '') FROM search.deletions d"
                " LEFT JOIN search.assets a USING (owner, asset_id)"
                " WHERE d.owner = $1 AND d.asset_id = $2",
                owner,
                asset_id,
            )
        return key

    async def purged(
        self, event_id: str, owner: str, asset_id: UUID, removed: Mapping[str, int]
    ) -> None:
        """Announce, once for the event, that this service holds nothing any more."""
        async with unbound(self._worker) as connection:
            if not await first_time(
                connection, schema=SCHEMA, consumer="search-deletions", event_id=event_id
            ):
                return
            before = await connection.fetchval(
                "SELECT removed FROM search.deletions WHERE owner = $1 AND asset_id = $2",
                owner,
                asset_id,
            )
            all_removed = {**json.loads(before or "{}"), **removed}
            await announce_purged(connection, owner, asset_id, PARTICIPANT, all_removed)

    async def confirm(
        self,
        event_id: str,
        owner: str,
        asset_id: UUID,
        participant: str,
        removed: Mapping[str, int],
    ) -> bool:
        """Note a participant's word; False if it is not one of this deletion's."""
        async with unbound(self._worker) as connection:
            if not await first_time(
                connection, schema=SCHEMA, consumer="search-purges", event_id=event_id
            ):
                return True
            known = await connection.fetchval(
                _CONFIRM, owner, asset_id, participant, json.dumps(dict(removed))
            )
            if known is None:
                return False
            await audit(
                connection,
                schema=SCHEMA,
                actor=participant,
                action="asset.purge",
                subject=str(asset_id),
                outcome="ok",
                details=dict(removed),
            )
            if await connection.fetchval(_FINISH, owner, asset_id) is not None:
                await connection.execute(
                    "DELETE FROM search.assets WHERE owner = $1 AND asset_id = $2", owner, asset_id
                )
        return True

    async def due_sweeps(self, limit: int) -> list[tuple[str, UUID]]:
        """Deletions whose second sweep is due."""
        async with unbound(self._worker) as connection:
            rows = await connection.fetch(
                "SELECT owner, asset_id FROM search.deletions"
                " WHERE swept_at IS NULL AND sweep_after < now() ORDER BY sweep_after LIMIT $1",
                limit,
            )
        return [(row["owner"], row["asset_id"]) for row in rows]

    async def swept(self, owner: str, asset_id: UUID) -> None:
        """Note that the second sweep is done."""
        async with unbound(self._worker) as connection:
            await connection.execute(
                "UPDATE search.deletions SET swept_at = now()"
                " WHERE owner = $1 AND asset_id = $2 AND swept_at IS NULL",
                owner,
                asset_id,
            )


async def _begin(
    connection: Connection,
    acting: Acting,
    asset: Asset,
    participants: tuple[str, ...],
    sweep_delay: timedelta,
) -> None:
    """Hide the locked asset, remove what is derived from it, leave the tombstone, tell."""
    owner, asset_id = asset.owner, asset.asset_id
    await connection.execute(
        "UPDATE search.assets SET state = 'DELETING', updated_at = now(), filename = '',"
        " tags = '{}', albums = '{}', people = '{}', taken_at = NULL"
        " WHERE owner = $1 AND asset_id = $2",
        owner,
        asset_id,
    )
    await connection.execute(
        "DELETE FROM search.videos WHERE owner = $1 AND asset_id = $2", owner, asset_id
    )
    removed = {
        kind: _count(
            await connection.execute(
                f"DELETE FROM search.{table} WHERE owner = $1 AND asset_id = $2",  # noqa: S608
                owner,
                asset_id,
            )
        )
        for kind, table in _DERIVED[asset.kind].items()
    }
    faces = await connection.fetchval("SELECT search.erase_asset_faces($1, $2)", owner, asset_id)
    if faces:
        removed["face_embeddings"] = faces
    await connection.execute(
        "INSERT INTO search.deletions (owner, asset_id, removed, sweep_after)"
        " VALUES ($1, $2, $3::jsonb, now() + $4::interval)",
        owner,
        asset_id,
        json.dumps(removed),
        sweep_delay,
    )
    await connection.executemany(
        "INSERT INTO search.deletion_purges (owner, asset_id, participant) VALUES ($1, $2, $3)",
        [(owner, asset_id, participant) for participant in participants],
    )
    await announce_deleted(connection, owner, asset_id)
    await audit(
        connection,
        schema=SCHEMA,
        actor=acting.principal.subject,
        action="asset.delete",
        subject=str(asset_id),
        outcome="ok",
        details={"owner": owner, "on_behalf": acting.on_behalf},
    )


async def _receipt(connection: Connection, owner: str, asset_id: UUID) -> Deletion | None:
    row = await connection.fetchrow(
        "SELECT * FROM search.deletions WHERE owner = $1 AND asset_id = $2", owner, asset_id
    )
    if row is None:
        return None
    purges = await connection.fetch(
        "SELECT participant, confirmed_at, removed FROM search.deletion_purges"
        " WHERE owner = $1 AND asset_id = $2 ORDER BY participant",
        owner,
        asset_id,
    )
    return Deletion(
        owner=owner,
        asset_id=asset_id,
        created_at=row["created_at"],
        completed_at=row["completed_at"],
        swept_at=row["swept_at"],
        purges=tuple(
            Purge(one["participant"], one["confirmed_at"], json.loads(one["removed"]))
            for one in purges
        ),
    )


def _count(status: str) -> int:
    return int(status.rsplit(maxsplit=1)[-1])
