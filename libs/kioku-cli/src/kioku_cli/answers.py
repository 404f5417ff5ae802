"""The calls behind the commands: each takes a session and plain values, and gives messages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
from google.protobuf.field_mask_pb2 import FieldMask
from kioku.assets.v1 import asset_pb2, asset_service_pb2
from kioku.search.v1 import search_service_pb2

from kioku_cli.refusal import Refusal, UsageRefusal
from kioku_cli.session import Session

MOST_IMAGE_BYTES = 16 * 2**20
_WATCH_SECONDS = 3600.0


@dataclass(frozen=True)
class Question:
    """What to look for, exactly one of the first three; and how many of what kind to answer."""

    text: str = ""
    image: Path | None = None
    asset_id: str = ""
    k: int = 20
    tags: Sequence[str] = ()
    min_score: float | None = None
    method: str = "auto"
    """What is compared: auto, visual, tags, words or combined."""
    albums: Sequence[str] = ()
    any_tags: Sequence[str] = ()
    not_tags: Sequence[str] = ()
    also_text: str = ""
    fusion: str = "rrf"
    options: search_service_pb2.ResultOptions | None = None

    @property
    def title(self) -> str:
        """The query in words."""
        like = self.asset_id if self.image is None else self.image.name
        words = f"like {like}" if like else self.text
        return f"{words} and {self.also_text}" if self.also_text else words

    def check(self) -> None:
        """Raise UsageRefusal for none or several queries."""
        if sum((bool(self.text), self.image is not None, bool(self.asset_id))) != 1:
            raise UsageRefusal("Search for words, or --image FILE, or --like ASSET: exactly one.")

    def request(self) -> search_service_pb2.SearchRequest:
        """The message for it. Raises UsageRefusal for a file that is too large or unreadable."""
        request = search_service_pb2.SearchRequest(
            k=self.k,
            filter=search_service_pb2.Filter(
                tags=self.tags,
                albums=self.albums,
                any_tags=self.any_tags,
                not_tags=self.not_tags,
            ),
            method=search_service_pb2.SearchMethod.Value(f"SEARCH_METHOD_{self.method.upper()}"),
            fusion=search_service_pb2.Fusion(kind=_FUSIONS[self.fusion]),
            options=self.options,
        )
        if self.also_text:
            request.also_text.text = self.also_text
        if self.min_score is not None:
            request.min_score = self.min_score
        if self.image is not None:
            request.image = read_image(self.image)
        elif self.asset_id:
            request.asset_id = self.asset_id
        else:
            request.text = self.text
        return request


_FUSIONS = {
    "rrf": search_service_pb2.FUSION_KIND_RRF,
    "min-max": search_service_pb2.FUSION_KIND_MIN_MAX,
    "z-score": search_service_pb2.FUSION_KIND_Z_SCORE,
}


def read_image(path: Path) -> bytes:
    """The bytes of a picture that goes along with a request.  Raises UsageRefusal."""
    try:
        size = path.stat().st_size
        if size > MOST_IMAGE_BYTES:
            raise UsageRefusal(
                f"{path} has {size} bytes; a picture in a request has at most {MOST_IMAGE_BYTES}. "
                "Ingest it and name its asset instead."
            )
        return path.read_bytes()
    except OSError as error:
        raise UsageRefusal(f"{path} cannot be read: {error.strerror}.") from error


async def ask(session: Session, question: Question) -> search_service_pb2.SearchResponse:
    """One search."""
    return await session.search.Search(question.request())


async def duplicates(
    session: Session, min_similarity: float | None
) -> AsyncIterator[search_service_pb2.DuplicateGroup]:
    """All groups of look-alikes, page by page."""
    request = search_service_pb2.ListDuplicateGroupsRequest(
        page_size=100, min_similarity=min_similarity
    )
    while True:
        page = await session.search.ListDuplicateGroups(request)
        for group in page.groups:
            yield group
        if not page.next_page_token:
            return
        request.page_token = page.next_page_token


async def stats(session: Session) -> search_service_pb2.GetStatsResponse:
    """Counts of the session's user."""
    return await session.search.GetStats(search_service_pb2.GetStatsRequest())


async def get_asset(session: Session, asset_id: str) -> asset_pb2.Asset:
    """One asset."""
    request = asset_service_pb2.GetAssetRequest(asset_id=asset_id)
    return (await session.assets.GetAsset(request)).asset


async def relabel(
    session: Session, asset_id: str, field: str, labels: Sequence[str]
) -> asset_pb2.Asset:
    """The asset with other `tags` or `albums`."""
    request = asset_service_pb2.UpdateAssetRequest(
        asset=asset_pb2.Asset(asset_id=asset_id), update_mask=FieldMask(paths=[field])
    )
    getattr(request.asset, field).extend(labels)
    return (await session.assets.UpdateAsset(request)).asset


async def list_assets(
    session: Session, *, state: str, tags: Sequence[str], limit: int
) -> list[asset_pb2.Asset]:
    """At most `limit` assets, newest first."""
    wanted = asset_pb2.AssetState.Value(f"ASSET_STATE_{state}" if state else _ANY_STATE)
    found: list[asset_pb2.Asset] = []
    token = ""
    while len(found) < limit:
        page = await session.assets.ListAssets(
            asset_service_pb2.ListAssetsRequest(
                page_size=min(1000, limit - len(found)), page_token=token, state=wanted, tags=tags
            )
        )
        found += page.assets
        token = page.next_page_token
        if not token:
            break
    return found


_ANY_STATE = "ASSET_STATE_UNSPECIFIED"


async def watch_asset(session: Session, asset_id: str) -> AsyncIterator[asset_pb2.Asset]:
    """The asset now and after each change, until it is settled."""
    request = asset_service_pb2.WatchAssetRequest(asset_id=asset_id)
    async for answer in session.assets.WatchAsset(request, timeout=_WATCH_SECONDS):
        yield answer.asset


async def retry_asset(session: Session, asset_id: str) -> asset_pb2.Asset:
    """Start a failed asset again."""
    request = asset_service_pb2.RetryAssetRequest(asset_id=asset_id)
    return (await session.assets.RetryAsset(request)).asset


async def delete_asset(session: Session, asset_id: str) -> asset_pb2.Deletion:
    """Delete; the receipt so far."""
    request = asset_service_pb2.DeleteAssetRequest(asset_id=asset_id)
    return (await session.assets.DeleteAsset(request)).deletion


async def get_deletion(session: Session, asset_id: str) -> asset_pb2.Deletion:
    """The receipt of a deletion."""
    request = asset_service_pb2.GetDeletionRequest(asset_id=asset_id)
    return (await session.assets.GetDeletion(request)).deletion


async def download_url(session: Session, asset_id: str, frame_no: int | None = None) -> str:
    """A short-lived signed URL of the original, or of one frame of a video."""
    request = asset_service_pb2.GetDownloadUrlRequest(asset_id=asset_id, frame_no=frame_no)
    return (await session.assets.GetDownloadUrl(request)).url


async def download(http: httpx.AsyncClient, url: str, most: int) -> bytes:
    """The bytes behind a signed URL. Raises Refusal above `most` or where storage refuses."""
    held = bytearray()
    try:
        async with http.stream("GET", url) as answer:
            if answer.is_error:
                text = f"The object store answered {answer.status_code}."
                raise Refusal(text, reason="DOWNLOAD_REFUSED")
            async for block in answer.aiter_bytes():
                held += block
                if len(held) > most:
                    raise Refusal(f"The original has more than {most} bytes.", reason="TOO_LARGE")
    except httpx.HTTPError as error:
        raise Refusal("The object store does not answer.", reason="DOWNLOAD_REFUSED") from error
    return bytes(held)
