"""Assets in PostgreSQL, each method one transaction in the name of one owner.

Implements `UploadStore` and `LibraryStore`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason
from uuid_utils import compat as uuids

from kioku_search.assets.asset import STAGES, Asset, AssetState, Failure, Kind, StageState
from kioku_search.assets.asset_events import announce_uploaded, request_again
from kioku_search.assets.asset_row import (
    SELECT_ASSET,
    VISIBLE,
    asset_of,
    failure_of,
    lock_asset,
    visible_asset,
)
from kioku_search.database import owned
from kioku_search.lexicon.word_store import write_words
from kioku_search.videos.video import Frame

if TYPE_CHECKING:
    from datetime import datetime, timedelta
    from uuid import UUID

    import asyncpg
    from kioku_rt.auth.principal import Acting
    from kioku_rt.db.pool import Connection

    from kioku_search.assets.library import AssetFilter
    from kioku_search.assets.uploads import NewUpload

_INSERT = """
INSERT INTO search.assets (owner, asset_id, kind, state, filename, content_type, size_bytes,
    announced_sha256, tags, taken_at, request_id, request_digest, upload_until)
VALUES ($1, $2, $3, 'UPLOADING', $4, $5, $6, $7, $8, $9, $10, $11, now() + $12::interval)
ON CONFLICT (owner, request_id) DO NOTHING RETURNING asset_id
"""
_RENEW = """
UPDATE search.assets SET state = 'UPLOADING', reason = '', message = '', updated_at = now(),
    upload_until = now() + $3::interval, incoming_cleared = false
WHERE owner = $1 AND asset_id = $2 AND object_key = ''
    AND (state = 'UPLOADING' OR state = 'FAILED' AND reason = 'UPLOAD_EXPIRED')
"""
_COMPLETE = """
UPDATE search.assets SET state = 'PROCESSING', object_key = $3, sha256 = $4, content_type = $5,
    updated_at = now() WHERE owner = $1 AND asset_id = $2
"""
_STAGE = """
INSERT INTO search.asset_stages (owner, asset_id, stage, state) VALUES ($1, $2, $3, 'PENDING')
ON CONFLICT (owner, asset_id, stage) DO UPDATE SET state = 'PENDING', attempts = 0, reason = '',
    message = '', repairs = 0, repair_after = '-infinity', updated_at = now()
"""
_RETRY = """
UPDATE search.assets SET state = 'PROCESSING', generation = generation + 1, reason = '',
    message = '', updated_at = now() WHERE owner = $1 AND asset_id = $2
"""
_FRAMES = """
SELECT frame_no, time_ms, state, reason, message FROM search.frames
WHERE owner = $1 AND asset_id = $2 AND frame_no > $3 AND s3_key <> '' ORDER BY frame_no LIMIT $4
"""
_FRAME_KEY = """
SELECT f.s3_key FROM search.frames f JOIN search.assets a USING (owner, asset_id)
WHERE f.owner = $1 AND f.asset_id = $2 AND f.frame_no = $3 AND f.s3_key <> ''
    AND a.state <> 'DELETING'
"""


class AssetStore:
    """Assets, as one owner sees them.

    Args:
        pool: of the role `search_api`.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def create(
        self, acting: Acting, new: NewUpload, kind: Kind, patience: timedelta
    ) -> Asset:
        """The new asset, or the one that this request id made before, its patience renewed."""
        asset_id = uuids.uuid7()
        async with owned(self._pool, acting, "asset.create_upload", str(asset_id)) as connection:
            added = await connection.fetchval(
                _INSERT,
                acting.owner,
                asset_id,
                kind,
                new.filename,
                new.content_type,
                new.size_bytes,
                new.sha256,
                list(new.tags),
                new.taken_at,
                new.request_id,
                new.digest,
                patience,
            )
            if added is not None:
                await write_words(connection, acting.owner, asset_id, new.filename, new.tags)
            else:
                asset_id = await _made_before(connection, acting.owner, new)
                await connection.execute(_RENEW, acting.owner, asset_id, patience)
            asset = await visible_asset(connection, acting.owner, asset_id)
        if asset is None:  # this request id made an asset that is being deleted
            raise KiokuError(Reason.ASSET_ID_REUSED)
        return asset

    async def find(self, acting: Acting, asset_id: UUID, action: str) -> Asset | None:
        """The asset, unless it is another owner's, being deleted, or not there."""
        async with owned(self._pool, acting, action, str(asset_id)) as connection:
            return await visible_asset(connection, acting.owner, asset_id)

    async def page(
        self,
        acting: Acting,
        wanted: AssetFilter,
        limit: int,
        after: tuple[datetime, UUID] | None,
    ) -> list[Asset]:
        """At most `limit` assets, newest first, beginning after the one named."""
        created, asset_id = after or (None, None)
        async with owned(self._pool, acting, "asset.list") as connection:
            rows = await connection.fetch(
                f"{SELECT_ASSET} WHERE a.owner = $1 AND {VISIBLE}"
                " AND ($2::text IS NULL OR a.state = $2) AND ($3::text IS NULL OR a.kind = $3)"
                " AND a.tags @> $4::text[]"
                " AND ($5::timestamptz IS NULL OR (a.created_at, a.asset_id) < ($5, $6::uuid))"
                " ORDER BY a.created_at DESC, a.asset_id DESC LIMIT $7",
                acting.owner,
                wanted.state,
                wanted.kind,
                list(wanted.tags),
                created,
                asset_id,
                limit,
            )
        return [asset_of(row) for row in rows]

    async def complete(
        self, acting: Acting, asset_id: UUID, *, key: str, sha256: str, content_type: str
    ) -> Asset | None:
        """PROCESSING with its stages and event, if it still was UPLOADING; the asset as it is."""
        async with owned(self._pool, acting, "") as connection:
            asset = await lock_asset(connection, acting.owner, asset_id)
            if asset is None:
                return None
            if asset.state is AssetState.UPLOADING:
                await connection.execute(
                    _COMPLETE, acting.owner, asset_id, key, sha256, content_type
                )
                await _begin_stages(connection, asset)
            done = await visible_asset(connection, acting.owner, asset_id)
            if done is not None and asset.state is AssetState.UPLOADING:
                await announce_uploaded(connection, done)
        return done

    async def frames(
        self, acting: Acting, asset_id: UUID, limit: int, after: int
    ) -> list[Frame] | None:
        """At most `limit` stored frames after number `after`; None if there is no such asset."""
        async with owned(self._pool, acting, "asset.list_frames", str(asset_id)) as connection:
            if await visible_asset(connection, acting.owner, asset_id) is None:
                return None
            rows = await connection.fetch(_FRAMES, acting.owner, asset_id, after, limit)
        return [
            Frame(
                row["frame_no"],
                row["time_ms"],
                StageState(row["state"]),
                failure_of(row["reason"], row["message"]),
            )
            for row in rows
        ]

    async def frame_key(self, acting: Acting, asset_id: UUID, frame_no: int) -> str | None:
        """Where a frame is stored; None while it is not, or of an asset being deleted."""
        async with owned(self._pool, acting, "") as connection:
            key: str | None = await connection.fetchval(
                _FRAME_KEY, acting.owner, asset_id, frame_no
            )
        return key

    async def refuse(self, acting: Acting, asset_id: UUID, failure: Failure) -> None:
        """FAILED, if it still was UPLOADING."""
        async with owned(self._pool, acting, "") as connection:
            await connection.execute(
                "UPDATE search.assets SET state = 'FAILED', reason = $3, message = $4,"
                " updated_at = now() WHERE owner = $1 AND asset_id = $2 AND state = 'UPLOADING'",
                acting.owner,
                asset_id,
                failure.reason,
                failure.message,
            )

    async def retry(self, acting: Acting, asset_id: UUID) -> Asset | None:
        """FAILED -> PROCESSING with the next generation and its order; the asset as it is."""
        async with owned(self._pool, acting, "asset.retry", str(asset_id)) as connection:
            asset = await lock_asset(connection, acting.owner, asset_id)
            if asset is None:
                return None
            if asset.state is not AssetState.FAILED:
                raise KiokuError(Reason.ASSET_NOT_FAILED)
            if not asset.stored:
                raise KiokuError(Reason.ASSET_NOT_UPLOADED)
            await connection.execute(_RETRY, acting.owner, asset_id)
            await _begin_stages(connection, asset)
            again = await visible_asset(connection, acting.owner, asset_id)
            if again is not None:
                await request_again(connection, again)
        return again


async def _begin_stages(connection: Connection, asset: Asset) -> None:
    """All that an asset of its kind goes through, from the beginning."""
    for stage in STAGES[asset.kind]:
        await connection.execute(_STAGE, asset.owner, asset.asset_id, stage)


async def _made_before(connection: Connection, owner: str, new: NewUpload) -> UUID:
    row = await connection.fetchrow(
        "SELECT asset_id, request_digest FROM search.assets WHERE owner = $1 AND request_id = $2",
        owner,
        new.request_id,
    )
    if row is None or row["request_digest"] != new.digest:
        raise KiokuError(Reason.ASSET_ID_REUSED, field="request_id")
    asset_id: UUID = row["asset_id"]
    return asset_id
