"""Changes of labels in PostgreSQL.  Implements `LabelStore`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kioku_search.assets.asset_events import request_embedding
from kioku_search.assets.asset_row import lock_asset, visible_asset
from kioku_search.assets.stage_rows import hold_space
from kioku_search.database import owned
from kioku_search.lexicon.word_store import write_words

if TYPE_CHECKING:
    from uuid import UUID

    import asyncpg
    from kioku_rt.auth.principal import Acting
    from kioku_rt.db.pool import Connection

    from kioku_search.assets.asset import Asset
    from kioku_search.assets.labelling import Change

_CHANGE = """
UPDATE search.assets SET tags = $3, albums = $4, taken_at = $5, updated_at = now()
WHERE owner = $1 AND asset_id = $2
"""
_RELABEL = "UPDATE search.image_embeddings SET tags = $3 WHERE owner = $1 AND asset_id = $2"
# On its own, because this column is in an index and the update therefore in all of them.
_REDATE = "UPDATE search.image_embeddings SET shown_at = $3 WHERE owner = $1 AND asset_id = $2"
# A vector that says a tag which is gone must not be found by it. One that only lacks a new tag
# stays until the new one comes, in the space that the owner's tags are searched in.
_DROP_OUTDATED = """
DELETE FROM search.image_embeddings e USING search.spaces s
WHERE s.space_id = e.space_id AND s.kind = 'TAG' AND e.owner = $1 AND e.asset_id = $2
    AND ($3 OR s.space_id IS DISTINCT FROM $4)
"""
_NEXT = """
UPDATE search.assets SET labels_generation = greatest(generation, labels_generation) + 1
WHERE owner = $1 AND asset_id = $2 RETURNING labels_generation
"""


class LabelStore:
    """Tags, albums and taken times, in the name of one owner.

    Args:
        pool: of the role `search_api`.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def change(self, acting: Acting, asset_id: UUID, change: Change) -> Asset | None:
        """Change the asset and its vectors' rows, and order a vector of its new tags."""
        async with owned(self._pool, acting, "asset.update", str(asset_id)) as connection:
            serving = await _hold_tags(connection, acting.owner)
            asset = await lock_asset(connection, acting.owner, asset_id)
            if asset is None:
                return None
            after = change.of(asset)
            if after != asset:
                await _write(connection, asset, after)
            if after.tags != asset.tags:
                words = (after.filename, after.tags)
                await write_words(connection, acting.owner, asset_id, *words)
            if after.tags != asset.tags and asset.stored:
                lost = not set(asset.tags) <= set(after.tags)
                await _order_tags(connection, after, serving, lost=lost)
            return await visible_asset(connection, acting.owner, asset_id)


async def _write(connection: Connection, before: Asset, after: Asset) -> None:
    key = (after.owner, after.asset_id)
    await connection.execute(_CHANGE, *key, list(after.tags), list(after.albums), after.taken_at)
    if after.labels != before.labels:
        await connection.execute(_RELABEL, *key, list(after.labels))
    if after.shown_at != before.shown_at:
        await connection.execute(_REDATE, *key, after.shown_at)


async def _hold_tags(connection: Connection, owner: str) -> str | None:
    """The space that the owner's tags are searched in, until the transaction ends."""
    await hold_space(connection, "", owner)
    space_id: str | None = await connection.fetchval(
        "SELECT search.serving_space('TAG', $1)", owner
    )
    return space_id


async def _order_tags(
    connection: Connection, asset: Asset, space_id: str | None, *, lost: bool
) -> None:
    """Order the vector of the new tags, as a newer generation than any before."""
    key = (asset.owner, asset.asset_id)
    await connection.execute(_DROP_OUTDATED, *key, lost, space_id)
    generation = await connection.fetchval(_NEXT, *key)
    if space_id is not None:
        await request_embedding(connection, replace(asset, generation=generation), space_id)
