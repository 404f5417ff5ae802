"""The main job over real PostgreSQL and NATS: upload, event, vector, search."""

from __future__ import annotations

import hashlib

from kioku.assets.v1 import asset_pb2, asset_service_pb2
from kioku.search.v1 import search_service_pb2
from kioku_rt.events import new_event_id

from tests.integration.search.rig import ready_message, space, unit

JPEG = b"\xff\xd8\xff\xe0" + b"\x00" * 200


async def test_upload_to_search(start_service, objects):
    """A picture uploaded through its signed URL is found by words once its vector has come."""
    async with start_service(objects) as service:
        assets, search = service.assets("ann"), service.search("ann")
        made = await assets.CreateUpload(
            asset_service_pb2.CreateUploadRequest(
                filename="cat.jpg",
                content_type="image/jpeg",
                size_bytes=len(JPEG),
                sha256=hashlib.sha256(JPEG).hexdigest(),
                tags=["pet"],
            )
        )
        await objects.put(f"incoming/{made.asset.asset_id}", JPEG, "image/jpeg")
        done = await assets.CompleteUpload(
            asset_service_pb2.CompleteUploadRequest(asset_id=made.asset.asset_id)
        )
        assert asset_pb2.ASSET_STATE_PROCESSING == done.asset.state
        await service.bus.publish(
            "embedding.ready",
            ready_message(done.asset, space(), unit("a cat")).SerializeToString(),
            event_id=new_event_id(),
        )
        watching = assets.WatchAsset(
            asset_service_pb2.WatchAssetRequest(asset_id=made.asset.asset_id), timeout=10
        )
        states = [change.asset.state async for change in watching]
        assert asset_pb2.ASSET_STATE_READY == states[-1]
        found = await search.Search(search_service_pb2.SearchRequest(text="a cat"))
        assert [made.asset.asset_id] == [hit.asset_id for hit in found.hits]
        assert found.hits[0].score > 0.99
        other = await service.search("bob").Search(search_service_pb2.SearchRequest(text="a cat"))
        assert [] == list(other.hits)
