"""Rows of `search.assets` with their stages, read as one value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kioku_rt.reasons import Reason

from kioku_search.assets.asset import Asset, AssetState, Failure, Kind, Stage, StageState
from kioku_search.videos.video import VideoFacts, VideoProgress

if TYPE_CHECKING:
    from uuid import UUID

    import asyncpg
    from kioku_rt.db.pool import Connection

SELECT_ASSET = """
SELECT a.*, ARRAY(
    SELECT s FROM search.asset_stages s
    WHERE s.owner = a.owner AND s.asset_id = a.asset_id ORDER BY s.stage
) AS stages, (
    SELECT v FROM search.videos v WHERE v.owner = a.owner AND v.asset_id = a.asset_id
) AS video FROM search.assets a
"""
VISIBLE = "a.state <> 'DELETING'"


async def visible_asset(connection: Connection, owner: str, asset_id: UUID) -> Asset | None:
    """The asset, unless it is not there, another owner's, or being deleted."""
    row = await connection.fetchrow(
        f"{SELECT_ASSET} WHERE a.owner = $1 AND a.asset_id = $2 AND {VISIBLE}", owner, asset_id
    )
    return asset_of(row) if row else None


async def lock_asset(connection: Connection, owner: str, asset_id: UUID) -> Asset | None:
    """The same, its row locked until the transaction ends.

    Whoever writes what is derived from an asset takes this lock first, and so does its deletion:
    nothing derived can be written after it.
    """
    row = await connection.fetchrow(
        "SELECT a.*, '{}'::search.asset_stages[] AS stages FROM search.assets a"  # noqa: S608
        f" WHERE a.owner = $1 AND a.asset_id = $2 AND {VISIBLE} FOR UPDATE",
        owner,
        asset_id,
    )
    return asset_of(row) if row else None


def asset_of(row: asyncpg.Record) -> Asset:
    """The asset that a row of `SELECT_ASSET` holds, with a video's progress where it is read."""
    return Asset(
        owner=row["owner"],
        asset_id=row["asset_id"],
        kind=Kind(row["kind"]),
        state=AssetState(row["state"]),
        filename=row["filename"],
        content_type=row["content_type"],
        size_bytes=row["size_bytes"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        announced_sha256=row["announced_sha256"],
        sha256=row["sha256"],
        object_key=row["object_key"],
        tags=tuple(row["tags"]),
        albums=tuple(row["albums"]),
        people=tuple(row["people"]),
        taken_at=row["taken_at"],
        generation=row["generation"],
        labels_generation=row["labels_generation"],
        incoming_cleared=row["incoming_cleared"],
        failure=failure_of(row["reason"], row["message"]),
        stages=tuple(_stage(stage) for stage in row["stages"]),
        video=_video(row["video"]) if row["kind"] == Kind.VIDEO and "video" in row else None,
    )


def _stage(row: asyncpg.Record) -> Stage:
    return Stage(
        stage=row["stage"],
        state=StageState(row["state"]),
        attempts=row["attempts"],
        failure=failure_of(row["reason"], row["message"]),
        updated_at=row["updated_at"],
    )


def _video(row: asyncpg.Record | None) -> VideoProgress:
    if row is None:
        return VideoProgress()
    facts = None
    if row["duration_ms"] is not None:
        names = ("duration_ms", "width", "height", "codec", "hdr", "incomplete")
        facts = VideoFacts(*(row[name] for name in names))
    return VideoProgress(
        total=row["total_frames"],
        cut=row["frames_cut"],
        embedded=row["frames_embedded"],
        failed=row["frames_failed"],
        facts=facts,
    )


def failure_of(reason: str, message: str) -> Failure | None:
    """The failure of two columns; an empty reason is none."""
    return Failure(Reason(reason), message) if reason else None
