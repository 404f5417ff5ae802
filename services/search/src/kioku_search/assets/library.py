"""Promise: an owner sees each of their assets as it is, and nothing of anybody else's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from kioku_rt.auth.principal import Acting
from kioku_rt.errors import KiokuError
from kioku_rt.objects.port import ObjectStore, SignedUrl
from kioku_rt.page_token import PageTokens, scope_of
from kioku_rt.reasons import Reason

from kioku_search.assets.asset import FINAL_STATES, Asset, AssetState, Kind
from kioku_search.assets.uploads import not_found
from kioku_search.videos.video import Frame

_POLL_SECONDS = 2.0


@dataclass(frozen=True)
class AssetFilter:
    """Which assets a list shows; None and the empty tuple mean any."""

    state: AssetState | None = None
    kind: Kind | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Page:
    """Assets, newest first, and the token of the next page (empty: this was the last)."""

    assets: tuple[Asset, ...]
    next_page_token: str


@dataclass(frozen=True)
class FramePage:
    """Frames in order of time, and the token of the next page."""

    frames: tuple[Frame, ...]
    next_page_token: str


class LibraryStore(Protocol):
    """Reading and retrying assets, each call in the name of one owner."""

    async def find(self, acting: Acting, asset_id: UUID, action: str) -> Asset | None:
        """The asset, unless it is another owner's, being deleted, or not there."""

    async def page(
        self,
        acting: Acting,
        wanted: AssetFilter,
        limit: int,
        after: tuple[datetime, UUID] | None,
    ) -> list[Asset]:
        """At most `limit` assets, newest first, beginning after the one named."""

    async def frames(
        self, acting: Acting, asset_id: UUID, limit: int, after: int
    ) -> list[Frame] | None:
        """At most `limit` stored frames after number `after`; None if there is no such asset."""

    async def frame_key(self, acting: Acting, asset_id: UUID, frame_no: int) -> str | None:
        """Where a frame is stored; None while it is not."""

    async def retry(self, acting: Acting, asset_id: UUID) -> Asset | None:
        """FAILED -> PROCESSING with the next generation and its order; the asset as it is.

        Raises:
            KiokuError: ASSET_NOT_FAILED, ASSET_NOT_UPLOADED.
        """


class Changes(Protocol):
    """Tells when an asset changed."""

    def watching(self, asset_id: UUID) -> AbstractContextManager[asyncio.Event]:
        """An event that is set after each change, inside the block."""


class Library:
    """GetAsset, ListAssets, ListFrames, WatchAsset, RetryAsset and GetDownloadUrl."""

    def __init__(
        self, store: LibraryStore, objects: ObjectStore, changes: Changes, tokens: PageTokens
    ) -> None:
        self._store = store
        self._objects = objects
        self._changes = changes
        self._tokens = tokens

    async def get(self, acting: Acting, asset_id: UUID, action: str = "asset.get") -> Asset:
        """One asset.  Raises KiokuError ASSET_NOT_FOUND."""
        asset = await self._store.find(acting, asset_id, action)
        if asset is None:
            raise not_found()
        return asset

    async def page(self, acting: Acting, wanted: AssetFilter, size: int, token: str) -> Page:
        """A page of assets, newest first.

        Raises:
            InvalidInput: PAGE_TOKEN_INVALID.
        """
        scope = scope_of("assets", acting.owner, wanted.state, wanted.kind, wanted.tags)
        after = None
        if token:
            created, asset_id = self._tokens.read(scope, token)
            after = (datetime.fromisoformat(created), UUID(asset_id))
        rows = await self._store.page(acting, wanted, size + 1, after)
        shown = tuple(rows[:size])
        if len(rows) <= size:
            return Page(shown, "")
        last = shown[-1]
        return Page(
            shown, self._tokens.sign(scope, [last.created_at.isoformat(), str(last.asset_id)])
        )

    async def watch(self, acting: Acting, asset_id: UUID) -> AsyncGenerator[Asset, None]:
        """The asset now and after each change, until it is READY, FAILED or deleted.

        Raises:
            KiokuError: ASSET_NOT_FOUND, before anything was yielded.
        """
        with self._changes.watching(asset_id) as changed:
            seen = await self.get(acting, asset_id, "asset.watch")
            yield seen
            while seen.state not in FINAL_STATES:
                await _wait(changed)
                found = await self._store.find(acting, asset_id, "")
                if found is None:
                    return
                if found != seen:
                    seen = found
                    yield seen

    async def retry(self, acting: Acting, asset_id: UUID) -> Asset:
        """Start the failed stages again.

        Raises:
            KiokuError: ASSET_NOT_FOUND, ASSET_NOT_FAILED, ASSET_NOT_UPLOADED.
        """
        asset = await self._store.retry(acting, asset_id)
        if asset is None:
            raise not_found()
        return asset

    async def frames(self, acting: Acting, asset_id: UUID, size: int, token: str) -> FramePage:
        """A page of a video's stored frames, in order of time; none for a picture.

        Raises:
            InvalidInput: PAGE_TOKEN_INVALID.
            KiokuError: ASSET_NOT_FOUND.
        """
        scope = scope_of("frames", acting.owner, str(asset_id))
        after = int(self._tokens.read(scope, token)[0]) if token else -1
        rows = await self._store.frames(acting, asset_id, size + 1, after)
        if rows is None:
            raise not_found()
        shown = tuple(rows[:size])
        more = len(rows) > size
        return FramePage(shown, self._tokens.sign(scope, [shown[-1].frame_no]) if more else "")

    async def frame_url(self, acting: Acting, asset_id: UUID, frame_no: int) -> SignedUrl:
        """A short-lived URL of one frame of a video.

        Raises:
            KiokuError: ASSET_NOT_FOUND, FRAME_NOT_FOUND.
        """
        asset = await self.get(acting, asset_id, "asset.download_url")
        key = await self._store.frame_key(acting, asset_id, frame_no)
        if key is None:
            raise KiokuError(Reason.FRAME_NOT_FOUND, field="frame_no")
        return await self._objects.sign_get(key, filename=f"{asset.filename}-{frame_no}.jpg")

    async def download_url(self, acting: Acting, asset_id: UUID) -> SignedUrl:
        """A short-lived URL of the original.

        Raises:
            KiokuError: ASSET_NOT_FOUND, ASSET_NOT_UPLOADED.
        """
        asset = await self.get(acting, asset_id, "asset.download_url")
        if not asset.stored:
            raise KiokuError(Reason.ASSET_NOT_UPLOADED)
        return await self._objects.sign_get(asset.object_key, filename=asset.filename)


async def _wait(changed: asyncio.Event) -> None:
    """Until a change is announced, or long enough that a lost announcement does not matter."""
    try:
        async with asyncio.timeout(_POLL_SECONDS):
            await changed.wait()
    except TimeoutError:
        return
    changed.clear()
