"""The owner's assets, over gRPC, from `search`, and their files from the object store.

Implements `Library`.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from kioku.assets.v1 import asset_pb2
from kioku.assets.v1 import asset_service_pb2 as messages
from kioku.assets.v1.asset_service_pb2_grpc import AssetServiceStub
from kioku_rt.errors import KiokuError
from kioku_rt.images import encode_jpeg
from kioku_rt.objects.port import derived_prefix, owner_hash
from kioku_rt.reasons import Reason
from kioku_rt.rpc import call

from kioku_vlm.themes.theme import AssetFacts

if TYPE_CHECKING:
    from collections.abc import Sequence

    import grpc
    from kioku_rt.images import DecodedImage

NAME = "search"
EMBEDDER_MOST = 16 * 2**20
_FILE_MOST = 64 * 2**20
_NEWEST = 200
_FRAME = ".jpg"


class Decoder(Protocol):
    """Bytes to pixels, in a child process."""

    async def decode(self, data: bytes) -> DecodedImage:
        """Raises InvalidInput (IMAGE_*) or DependencyDown."""
        ...


class Objects(Protocol):
    """The object store, as far as pictures are read from it."""

    async def get(self, key: str, *, max_bytes: int) -> bytes:
        """All bytes of an object; raises KiokuError (OBJECT_MISSING, IMAGE_TOO_LARGE)."""
        ...

    async def list_prefix(self, prefix: str) -> list[str]:
        """Every key that starts with `prefix`, in order."""
        ...


class LibraryClient:
    """Asks `search` about assets and reads their files.

    Args:
        channel: to `search`, with the token of this service (scope `assets.act`); closed by its
            owner.
        decoder: makes files smaller that are too large for the embedder; None: they are refused.
        seconds: for a question.
    """

    def __init__(
        self,
        channel: grpc.aio.Channel,
        objects: Objects,
        decoder: Decoder | None = None,
        *,
        seconds: float = 5.0,
    ) -> None:
        self._stub = AssetServiceStub(channel)
        self._objects = objects
        self._decoder = decoder
        self._seconds = seconds

    async def facts(self, owner: str, asset_id: UUID) -> AssetFacts:
        """See the port."""
        request = messages.GetAssetRequest(asset_id=str(asset_id), owner=owner)
        answer = await call(NAME, self._stub.GetAsset(request, timeout=self._seconds))
        asset = answer.asset
        if not asset.sha256 or asset.state == asset_pb2.ASSET_STATE_UPLOADING:
            raise KiokuError(Reason.ASSET_NOT_UPLOADED, field="asset_ids")
        return _facts(owner, asset)

    async def read(self, owner: str, facts: AssetFacts) -> bytes:
        """See the port."""
        key = facts.object_key or await self._middle_frame(owner, facts.asset_id)
        most = EMBEDDER_MOST if self._decoder is None else _FILE_MOST
        data = await self._objects.get(key, max_bytes=most)
        if self._decoder is None or len(data) <= EMBEDDER_MOST:
            return data
        return encode_jpeg((await self._decoder.decode(data)).pixels)

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
        return [_facts(owner, asset) for asset in answer.assets[::every][:most]]

    async def _middle_frame(self, owner: str, asset_id: UUID) -> str:
        """The frame that stands for a video: the middle one of those cut last."""
        prefix = f"{derived_prefix(owner, str(asset_id))}frames/"
        keys = [key for key in await self._objects.list_prefix(prefix) if key.endswith(_FRAME)]
        if not keys:
            raise KiokuError(
                Reason.ASSET_NOT_READY, "The video has no frame yet; try again.", field="asset_ids"
            )
        newest = max((key.rpartition("/")[0] for key in keys), key=_generation)
        frames = [key for key in keys if key.startswith(f"{newest}/")]
        return frames[len(frames) // 2]


def _generation(folder: str) -> int:
    number = folder.rpartition("/")[2]
    return int(number) if number.isdecimal() else -1


def _facts(owner: str, asset: asset_pb2.Asset) -> AssetFacts:
    taken = asset.taken_time.ToDatetime(UTC) if asset.HasField("taken_time") else None
    video = asset.kind == asset_pb2.ASSET_KIND_VIDEO
    key = "" if video else f"originals/{owner_hash(owner)}/{asset.asset_id}/{asset.sha256}"
    return AssetFacts(UUID(asset.asset_id), tuple(asset.tags), taken, key)
