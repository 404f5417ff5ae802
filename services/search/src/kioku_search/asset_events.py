"""What `search` announces about an asset, as messages of `kioku.events.v1`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from google.protobuf.timestamp_pb2 import Timestamp
from kioku.assets.v1 import asset_pb2
from kioku.events.v1 import events_pb2
from kioku_rt.events.outbox import enqueue

from kioku_search.database import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from kioku_rt.db.pool import Connection

    from kioku_search.asset import Asset

KINDS = {"IMAGE": asset_pb2.ASSET_KIND_IMAGE, "VIDEO": asset_pb2.ASSET_KIND_VIDEO}


def now() -> Timestamp:
    """This moment."""
    stamp = Timestamp()
    stamp.FromDatetime(datetime.now(UTC))
    return stamp


async def announce_uploaded(connection: Connection, asset: Asset) -> None:
    """`asset.uploaded`, in the caller's transaction."""
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
    )
    await enqueue(connection, schema=SCHEMA, subject="asset.uploaded", message=message)


async def request_embedding(connection: Connection, asset: Asset, space_id: str) -> None:
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
    )
    await enqueue(connection, schema=SCHEMA, subject="embedding.requested", message=message)


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
