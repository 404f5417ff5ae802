"""What `search` announces about an asset, as messages of `kioku.events.v1`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from google.protobuf.timestamp_pb2 import Timestamp
from kioku.assets.v1 import asset_pb2
from kioku.events.v1 import events_pb2
from kioku_rt.events.outbox import enqueue

from kioku_search.database import SCHEMA
from kioku_search.spaces.space import LIVE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from kioku_rt.db.pool import Connection

    from kioku_search.assets.asset import Asset
    from kioku_search.spaces.filling import FilmOrder, FrameRun

KINDS = {"IMAGE": asset_pb2.ASSET_KIND_IMAGE, "VIDEO": asset_pb2.ASSET_KIND_VIDEO}


def now() -> Timestamp:
    """This moment."""
    stamp = Timestamp()
    stamp.FromDatetime(datetime.now(UTC))
    return stamp


async def announce_uploaded(connection: Connection, asset: Asset) -> None:
    """`asset.uploaded`, in the caller's transaction, wanted in every live space of pictures."""
    message = events_pb2.AssetUploaded(
        asset_id=str(asset.asset_id),
        owner=asset.owner,
        kind=KINDS[asset.kind],
        object_key=asset.object_key,
        content_type=asset.content_type,
        size_bytes=asset.size_bytes,
        sha256=asset.sha256,
        generation=asset.generation,
        event_time=now(),
        tags=asset.tags,
        filename=asset.filename,
        space_ids=await live_spaces(connection, asset.owner),
    )
    await enqueue(connection, schema=SCHEMA, subject="asset.uploaded", message=message)


async def live_spaces(connection: Connection, owner: str) -> list[str]:
    """The spaces in which every new asset gets a vector; first the one its owner is served from."""
    rows = await connection.fetch(
        "SELECT space_id FROM search.spaces WHERE kind = 'IMAGE' AND state = ANY($1::text[])"
        " ORDER BY space_id <> search.serving_space('IMAGE', $2), created_at, space_id",
        sorted(LIVE),
        owner,
    )
    return [row["space_id"] for row in rows]


async def request_again(connection: Connection, asset: Asset) -> None:
    """`embedding.requested` for a whole new try of an asset.

    A picture is wanted in every live space. A video is cut once, for the space its owner is served
    from; its frames get their vectors of the others from the back-fills.
    """
    if asset.kind == "IMAGE":
        spaces = await live_spaces(connection, asset.owner)
    else:
        serving = "SELECT search.serving_space('IMAGE', $1)"
        spaces = [await connection.fetchval(serving, asset.owner) or ""]
    for space_id in spaces or [""]:
        await request_embedding(connection, asset, space_id)


async def request_embedding(
    connection: Connection, asset: Asset, space_id: str, order_id: str = ""
) -> None:
    """`embedding.requested` for one asset in one space (empty: the embedder's default)."""
    message = events_pb2.EmbeddingRequested(
        asset_id=str(asset.asset_id),
        owner=asset.owner,
        kind=KINDS[asset.kind],
        object_key=asset.object_key,
        content_type=asset.content_type,
        space_id=space_id,
        sha256=asset.sha256,
        generation=asset.generation,
        event_time=now(),
        tags=asset.tags,
        filename=asset.filename,
        order_id=order_id,
    )
    await enqueue(connection, schema=SCHEMA, subject="embedding.requested", message=message)


async def announce_frames(connection: Connection, film: FilmOrder, run: FrameRun) -> None:
    """`frames.extracted` of frames that are known already, for one more space."""
    message = events_pb2.FramesExtracted(
        asset_id=str(film.asset_id),
        owner=film.owner,
        generation=film.generation,
        manifest_key=run.manifest_key,
        first_frame_no=run.first,
        frame_count=run.count,
        space_id=film.space_id,
        attempts=1,
        event_time=now(),
        order_id=film.order_id,
    )
    await enqueue(connection, schema=SCHEMA, subject="frames.extracted", message=message)


async def announce_deleted(connection: Connection, owner: str, asset_id: UUID) -> None:
    """`asset.deleted`, in the caller's transaction."""
    message = events_pb2.AssetDeleted(asset_id=str(asset_id), owner=owner, event_time=now())
    await enqueue(connection, schema=SCHEMA, subject="asset.deleted", message=message)


async def announce_purged(
    connection: Connection,
    owner: str,
    asset_id: UUID,
    participant: str,
    removed: Mapping[str, int],
) -> None:
    """`asset.purged`, in the caller's transaction."""
    message = events_pb2.AssetPurged(
        asset_id=str(asset_id),
        owner=owner,
        participant=participant,
        removed=dict(removed),
        event_time=now(),
    )
    await enqueue(connection, schema=SCHEMA, subject="asset.purged", message=message)
