"""AssetService over gRPC: decode, call, encode; every rule lives in the use cases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import datetime
from typing import Any
from uuid import UUID

import grpc
from google.protobuf.message import Message
from kioku.assets.v1 import asset_service_pb2 as messages
from kioku.assets.v1.asset_service_pb2_grpc import AssetServiceServicer
from kioku_rt.auth import Acting, acting_owner
from kioku_rt.fields import canonical_uuid, checked_time, page_size

from kioku_search.assets.asset_message import (
    asset_message,
    deletion_message,
    frame_message,
    kind_of,
    state_of,
    timestamp,
)
from kioku_search.assets.deletion import Deletions
from kioku_search.assets.labelling import ALBUMS, TAGS, TAKEN_TIME, Change, Labelling, checked_mask
from kioku_search.assets.library import AssetFilter, Library
from kioku_search.assets.uploads import NewUpload, Uploads
from kioku_search.fields import checked_filename, checked_sha256, checked_tags

SCOPE = "assets.act"
NAME = "kioku.assets.v1.AssetService"
_DEFAULT_PAGE = 50
_DEFAULT_FRAMES = 100
Context = grpc.aio.ServicerContext[Any, Any]


class AssetServicer(AssetServiceServicer):
    """The rpcs of AssetService."""

    def __init__(
        self, uploads: Uploads, library: Library, labelling: Labelling, deletions: Deletions
    ) -> None:
        self._uploads = uploads
        self._library = library
        self._labelling = labelling
        self._deletions = deletions

    async def CreateUpload(  # noqa: N802 - named by the contract
        self, request: messages.CreateUploadRequest, _context: Context
    ) -> messages.CreateUploadResponse:
        """Register an asset and sign a URL for its bytes."""
        ticket = await self._uploads.create(_acting(request), _new_upload(request))
        return messages.CreateUploadResponse(
            asset=asset_message(ticket.asset),
            upload_url=ticket.url,
            upload_headers=ticket.headers or {},
            expire_time=timestamp(ticket.expire_time),
        )

    async def CompleteUpload(  # noqa: N802
        self, request: messages.CompleteUploadRequest, _context: Context
    ) -> messages.CompleteUploadResponse:
        """Check the stored bytes and start processing."""
        asset = await self._uploads.complete(_acting(request), _asset_id(request))
        return messages.CompleteUploadResponse(asset=asset_message(asset))

    async def GetAsset(  # noqa: N802
        self, request: messages.GetAssetRequest, _context: Context
    ) -> messages.GetAssetResponse:
        """Give one asset."""
        asset = await self._library.get(_acting(request), _asset_id(request))
        return messages.GetAssetResponse(asset=asset_message(asset))

    async def ListAssets(  # noqa: N802
        self, request: messages.ListAssetsRequest, _context: Context
    ) -> messages.ListAssetsResponse:
        """Give a page of assets, newest first."""
        wanted = AssetFilter(
            state_of(request.state), kind_of(request.kind), checked_tags(request.tags)
        )
        size = page_size(request.page_size, default=_DEFAULT_PAGE)
        page = await self._library.page(_acting(request), wanted, size, request.page_token)
        return messages.ListAssetsResponse(
            assets=[asset_message(asset) for asset in page.assets],
            next_page_token=page.next_page_token,
        )

    async def UpdateAsset(  # noqa: N802
        self, request: messages.UpdateAssetRequest, _context: Context
    ) -> messages.UpdateAssetResponse:
        """Change tags, albums or the taken time."""
        asset_id = canonical_uuid(request.asset.asset_id, "asset.asset_id")
        asset = await self._labelling.change(_acting(request), asset_id, _change(request))
        return messages.UpdateAssetResponse(asset=asset_message(asset))

    async def WatchAsset(  # noqa: N802
        self, request: messages.WatchAssetRequest, _context: Context
    ) -> AsyncIterator[messages.WatchAssetResponse]:
        """Stream the asset now and after each change."""
        async with aclosing(self._library.watch(_acting(request), _asset_id(request))) as changes:
            async for asset in changes:
                yield messages.WatchAssetResponse(asset=asset_message(asset))

    async def DeleteAsset(  # noqa: N802
        self, request: messages.DeleteAssetRequest, _context: Context
    ) -> messages.DeleteAssetResponse:
        """Hide the asset and begin to remove it."""
        deletion = await self._deletions.order(_acting(request), _asset_id(request))
        return messages.DeleteAssetResponse(deletion=deletion_message(deletion))

    async def GetDeletion(  # noqa: N802
        self, request: messages.GetDeletionRequest, _context: Context
    ) -> messages.GetDeletionResponse:
        """Give a deletion's receipt."""
        deletion = await self._deletions.get(_acting(request), _asset_id(request))
        return messages.GetDeletionResponse(deletion=deletion_message(deletion))

    async def RetryAsset(  # noqa: N802
        self, request: messages.RetryAssetRequest, _context: Context
    ) -> messages.RetryAssetResponse:
        """Start the failed stages again."""
        asset = await self._library.retry(_acting(request), _asset_id(request))
        return messages.RetryAssetResponse(asset=asset_message(asset))

    async def ListFrames(  # noqa: N802
        self, request: messages.ListFramesRequest, _context: Context
    ) -> messages.ListFramesResponse:
        """Give a page of a video's frames."""
        size = page_size(request.page_size, default=_DEFAULT_FRAMES)
        page = await self._library.frames(
            _acting(request), _asset_id(request), size, request.page_token
        )
        return messages.ListFramesResponse(
            frames=[frame_message(frame) for frame in page.frames],
            next_page_token=page.next_page_token,
        )

    async def GetDownloadUrl(  # noqa: N802
        self, request: messages.GetDownloadUrlRequest, _context: Context
    ) -> messages.GetDownloadUrlResponse:
        """Sign a URL of the original, or of a frame."""
        acting, asset_id = _acting(request), _asset_id(request)
        if request.HasField("frame_no"):
            signed = await self._library.frame_url(acting, asset_id, request.frame_no)
        else:
            signed = await self._library.download_url(acting, asset_id)
        return messages.GetDownloadUrlResponse(
            url=signed.url, expire_time=timestamp(signed.expire_time)
        )


def _acting(request: Any) -> Acting:
    return acting_owner(request.owner, SCOPE)


def _asset_id(request: Any) -> UUID:
    return canonical_uuid(request.asset_id, "asset_id")


def _new_upload(request: messages.CreateUploadRequest) -> NewUpload:
    return NewUpload(
        request_id=canonical_uuid(request.request_id, "request_id") if request.request_id else None,
        filename=checked_filename(request.filename),
        content_type=request.content_type,
        size_bytes=request.size_bytes,
        sha256=checked_sha256(request.sha256),
        tags=checked_tags(request.tags),
        taken_at=time_of(request, "taken_time"),
    )


def _change(request: messages.UpdateAssetRequest) -> Change:
    """The change that a request asks for; fields that its mask does not name are not looked at."""
    asset = request.asset
    given = {
        TAGS: bool(asset.tags),
        ALBUMS: bool(asset.albums),
        TAKEN_TIME: asset.HasField("taken_time"),
    }
    fields = checked_mask(request.update_mask.paths, [name for name, set_ in given.items() if set_])
    return Change(
        fields,
        checked_tags(asset.tags, "asset.tags") if TAGS in fields else (),
        checked_tags(asset.albums, "asset.albums") if ALBUMS in fields else (),
        time_of(asset, "taken_time", "asset.") if TAKEN_TIME in fields else None,
    )


def time_of(message: Message, name: str, path: str = "") -> datetime | None:
    """The moment in a Timestamp field, None where it is unset."""
    if not message.HasField(name):
        return None
    stamp = getattr(message, name)
    return checked_time(stamp.seconds, stamp.nanos, path + name)
