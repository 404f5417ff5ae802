"""The owner's assets, over gRPC, from `search`, and their files by short-lived signed URLs.

Implements `Library`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

import httpx
from kioku.assets.v1 import asset_pb2
from kioku.assets.v1 import asset_service_pb2 as messages
from kioku.assets.v1.asset_service_pb2_grpc import AssetServiceStub
from kioku_rt.errors import DependencyDown, InvalidInput, KiokuError
from kioku_rt.images.encoder import encode_jpeg
from kioku_rt.outbound import AnswerTooLarge, read_limited
from kioku_rt.reasons import Reason
from kioku_rt.rpc import call

from kioku_vlm.themes.theme import AssetFacts

if TYPE_CHECKING:
    from collections.abc import Sequence

    import grpc
    from kioku_rt.images import DecodedImage

NAME = "search"
STORE = "object store"
EMBEDDER_MOST = 16 * 2**20
_NEWEST = 200
Fetch = Callable[[str], Awaitable[bytes]]


class Decoder(Protocol):
    """Bytes to pixels, in a child process."""

    async def decode(self, data: bytes) -> DecodedImage:
        """Raises InvalidInput (IMAGE_*) or DependencyDown."""


class LibraryClient:
    """Asks `search` about assets and reads their files.

    Args:
        channel: to `search`, with the token of this service (scope `assets.act`); closed by its
            owner.
        fetch: the bytes behind a URL, for example `HttpFetch`.
        decoder: makes files smaller that are too large for the embedder; None: they are refused.
        seconds: for a question.
    """

    def __init__(
        self,
        channel: grpc.aio.Channel,
        fetch: Fetch,
        decoder: Decoder | None = None,
        *,
        seconds: float = 5.0,
    ) -> None:
        self._stub = AssetServiceStub(channel)
        self._fetch = fetch
        self._decoder = decoder
        self._seconds = seconds

    async def facts(self, owner: str, asset_id: UUID) -> AssetFacts:
        """See the port."""
        request = messages.GetAssetRequest(asset_id=str(asset_id), owner=owner)
        answer = await call(NAME, self._stub.GetAsset(request, timeout=self._seconds))
        return _facts(answer.asset)

    async def read(self, owner: str, facts: AssetFacts) -> bytes:
        """See the port."""
        request = messages.GetDownloadUrlRequest(
            asset_id=str(facts.asset_id), owner=owner, frame_no=facts.frame_no
        )
        answer = await call(NAME, self._stub.GetDownloadUrl(request, timeout=self._seconds))
        data = await self._fetch(answer.url)
        return data if len(data) <= EMBEDDER_MOST else await self._smaller(data)

    async def sample(self, owner: str, most: int) -> Sequence[AssetFacts]:
        """See the port."""
        request = messages.ListAssetsRequest(
            owner=owner,
            page_size=_NEWEST,
            state=asset_pb2.ASSET_STATE_READY,
            kind=asset_pb2.ASSET_KIND_IMAGE,
        )
        answer = await call(NAME, self._stub.ListAssets(request, timeout=self._seconds))
        every = max(1, len(answer.assets) // most)
        return [_facts(asset) for asset in answer.assets[::every][:most]]

    async def _smaller(self, data: bytes) -> bytes:
        if self._decoder is None:
            raise _too_large(len(data))
        return encode_jpeg((await self._decoder.decode(data)).pixels)


class HttpFetch:
    """Reads a URL that `search` signed; follows no redirect.

    Args:
        client: without redirects and the environment's proxies, with timeouts; closed by its owner.
        most: bytes.
    """

    def __init__(self, client: httpx.AsyncClient, *, most: int = 64 * 2**20) -> None:
        self._client = client
        self._most = most

    async def __call__(self, url: str) -> bytes:
        """Give the bytes.

        Raises:
            KiokuError: OBJECT_MISSING, IMAGE_TOO_LARGE.
            DependencyDown: the store does not answer.
        """
        try:
            async with self._client.stream("GET", url) as response:
                if response.status_code == httpx.codes.NOT_FOUND:
                    raise KiokuError(Reason.OBJECT_MISSING)
                if response.status_code != httpx.codes.OK:
                    raise DependencyDown(STORE)
                return await read_limited(response, self._most)
        except AnswerTooLarge as error:
            raise _too_large(self._most + 1) from error
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise DependencyDown(STORE) from error


def _facts(asset: asset_pb2.Asset) -> AssetFacts:
    taken = asset.taken_time.ToDatetime(UTC) if asset.HasField("taken_time") else None
    frame_no = _middle(asset) if asset.kind == asset_pb2.ASSET_KIND_VIDEO else None
    return AssetFacts(UUID(asset.asset_id), tuple(asset.tags), taken, frame_no)


def _middle(video: asset_pb2.Asset) -> int:
    """The frame that stands for a video."""
    frames = video.video.frames_cut
    if not frames:
        raise KiokuError(
            Reason.ASSET_NOT_READY, "The video has no frame yet; try again.", field="asset_ids"
        )
    return frames // 2


def _too_large(size: int) -> InvalidInput:
    return InvalidInput(
        Reason.IMAGE_TOO_LARGE,
        f"The image has {size} bytes; without a decoder the limit is {EMBEDDER_MOST}.",
        metadata={"limit": str(EMBEDDER_MOST)},
    )
