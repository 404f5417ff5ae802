"""Assets over gRPC, from `search`.  Implements `Assets`.

For an asset whose event did not come: it is younger than its event is old, or older than this
service is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kioku.assets.v1 import asset_pb2
from kioku.assets.v1 import asset_service_pb2 as messages
from kioku.assets.v1.asset_service_pb2_grpc import AssetServiceStub
from kioku_rt.errors import KiokuError
from kioku_rt.objects.port import owner_hash
from kioku_rt.reasons import Reason
from kioku_rt.rpc import call

from kioku_vlm.observing.observation import Original

if TYPE_CHECKING:
    from uuid import UUID

    import grpc

NAME = "search"


class AssetClient:
    """Asks `search` about assets.

    Args:
        channel: to `search`, with the token of this service (scope `assets.act`); closed by its
            owner.
        seconds: the longest that one call may take.
    """

    def __init__(self, channel: grpc.aio.Channel, *, seconds: float) -> None:
        self._stub = AssetServiceStub(channel)
        self._seconds = seconds

    async def original(self, owner: str, asset_id: UUID) -> Original:
        """Where the bytes of a picture are.

        Raises:
            KiokuError: ASSET_NOT_FOUND, ASSET_NOT_UPLOADED, VIDEO_NOT_READ.
            DependencyDown: `search` does not answer.
        """
        request = messages.GetAssetRequest(asset_id=str(asset_id), owner=owner)
        answer = await call(NAME, self._stub.GetAsset(request, timeout=self._seconds))
        asset = answer.asset
        if asset.kind == asset_pb2.ASSET_KIND_VIDEO:
            raise KiokuError(Reason.VIDEO_NOT_READ, field="asset_id")
        if not asset.sha256 or asset.state == asset_pb2.ASSET_STATE_UPLOADING:
            raise KiokuError(Reason.ASSET_NOT_UPLOADED, field="asset_id")
        return Original(
            owner=owner,
            asset_id=asset_id,
            generation=0,  # any event is newer
            object_key=f"originals/{owner_hash(owner)}/{asset_id}/{asset.sha256}",
            sha256=asset.sha256,
        )
