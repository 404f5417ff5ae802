"""A video over real PostgreSQL and NATS: upload, frames, vectors, progress, search, frame URLs."""

from __future__ import annotations

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from kioku.assets.v1 import asset_pb2
from kioku.assets.v1 import asset_service_pb2 as assets_pb2
from kioku.common.v1 import failure_pb2
from kioku.events.v1 import events_pb2
from kioku.search.v1 import search_service_pb2 as search_pb2
from kioku_rt.events import new_event_id
from kioku_rt.objects import derived_prefix
from kioku_search.spaces.space_message import space_message

from tests.integration.search.film import manifest
from tests.integration.search.rig import space, unit

MP4 = b"\x00\x00\x00\x18ftypisom" + b"\x00" * 200
FRAMES = 5


async def uploaded(assets, objects):
    """The id of a video whose upload is complete."""
    made = await assets.CreateUpload(
        assets_pb2.CreateUploadRequest(
            filename="cat.mp4", content_type="video/mp4", size_bytes=len(MP4), tags=["pet"]
        )
    )
    await objects.put(f"incoming/{made.asset.asset_id}", MP4, "video/mp4")
    request = assets_pb2.CompleteUploadRequest(asset_id=made.asset.asset_id)
    return (await assets.CompleteUpload(request)).asset.asset_id


async def cut(service, objects, asset_id):
    """What the cutter does: objects, a manifest, one event that says it is all."""
    prefix = derived_prefix("ann", asset_id)
    listed = manifest("ann", asset_id, 0, FRAMES)
    for one in listed.frames:
        await objects.put(one.object_key, b"jpeg", "image/jpeg")
    key = f"{prefix}frames/1/manifest-000000.pb"
    await objects.put(key, listed.SerializeToString(), "application/x-protobuf")
    message = events_pb2.FramesExtracted(
        asset_id=asset_id,
        owner="ann",
        generation=1,
        manifest_key=key,
        frame_count=FRAMES,
        total_frames=FRAMES,
        facts=asset_pb2.VideoFacts(duration_ms=2500, width=64, height=48, codec="h264"),
        attempts=1,
    )
    await service.bus.publish(
        "frames.extracted", message.SerializeToString(), event_id=new_event_id()
    )


def embedded(asset_id, numbers, failed=()):
    """What the embedder says of some frames."""
    failure = failure_pb2.Failure(reason="IMAGE_TRUNCATED", message="It ends early.")
    message = events_pb2.EmbeddingReady(
        asset_id=asset_id,
        owner="ann",
        space=space_message(space()),
        items=[
            events_pb2.EmbeddedItem(
                vector=b"" if number in failed else unit(f"f{number}").tobytes(),
                frame_no=number,
                time_ms=500 * number,
                failure=failure if number in failed else None,
            )
            for number in numbers
        ],
        generation=1,
        attempts=1,
    )
    return message.SerializeToString()


def reason(error):
    """The reason in a call's status."""
    for detail in rpc_status.from_call(error).details:
        info = error_details_pb2.ErrorInfo()
        if detail.Unpack(info):
            return info.reason
    return ""


async def test_a_video_from_upload_to_a_moment(start_service, db, objects):
    """Announced with tags and name; watched frame by frame; found with the time; frames listed."""
    async with start_service(objects) as service:
        assets, search = service.assets("ann"), service.search("ann")
        asset_id = await uploaded(assets, objects)
        payload = await db.owner.fetchval(
            "SELECT payload FROM search.outbox WHERE subject = 'asset.uploaded'"
        )
        told = events_pb2.AssetUploaded.FromString(payload)
        assert ("cat.mp4", ["pet"], asset_pb2.ASSET_KIND_VIDEO, "video/mp4") == (
            told.filename,
            list(told.tags),
            told.kind,
            told.content_type,
        )

        watching = assets.WatchAsset(assets_pb2.WatchAssetRequest(asset_id=asset_id), timeout=20)
        seen = []
        async for change in watching:
            video = change.asset.video
            seen.append((video.frames_cut, video.frames_embedded, video.frames_failed))
            if seen == [(0, 0, 0)]:
                await cut(service, objects, asset_id)
            elif seen[-1] == (FRAMES, 0, 0):
                await service.bus.publish(
                    "embedding.ready",
                    embedded(asset_id, range(FRAMES), failed={4}),
                    event_id=new_event_id(),
                )
        assert [(0, 0, 0), (5, 0, 0), (5, 4, 1)] == seen
        assert (2500, FRAMES, 1.0) == (
            video.facts.duration_ms,
            video.frames_total,
            change.asset.progress,
        )

        found = await search.Search(search_pb2.SearchRequest(text="f3"))
        assert [(asset_id, 1500, 3)] == [
            (hit.asset_id, hit.time_ms, hit.frame_no) for hit in found.hits
        ]
        likes = await search.Search(search_pb2.SearchRequest(asset_id=asset_id))
        assert [] == list(likes.hits)
        stats = await search.GetStats(search_pb2.GetStatsRequest())
        assert (0, 4) == (stats.missing_vectors, stats.spaces[0].vectors)

        request = assets_pb2.ListFramesRequest(asset_id=asset_id, page_size=3)
        first = await assets.ListFrames(request)
        request.page_token = first.next_page_token
        second = await assets.ListFrames(request)
        listed = [*first.frames, *second.frames]
        assert [(n, 500 * n) for n in range(FRAMES)] == [(f.frame_no, f.time_ms) for f in listed]
        assert ("", "IMAGE_TRUNCATED") == (second.next_page_token, listed[4].failure.reason)
        assert asset_pb2.STAGE_STATE_DONE == listed[0].state

        url = assets_pb2.GetDownloadUrlRequest(asset_id=asset_id, frame_no=3)
        assert "/frames/1/000003.jpg" in (await assets.GetDownloadUrl(url)).url
        url.frame_no = 99
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await assets.GetDownloadUrl(url)
        assert "FRAME_NOT_FOUND" == reason(error.value)
        others = service.assets("bob")
        for call, message in (
            (others.ListFrames, assets_pb2.ListFramesRequest(asset_id=asset_id)),
            (
                others.GetDownloadUrl,
                assets_pb2.GetDownloadUrlRequest(asset_id=asset_id, frame_no=0),
            ),
        ):
            with pytest.raises(grpc.aio.AioRpcError) as error:
                await call(message)
            assert "ASSET_NOT_FOUND" == reason(error.value)


async def test_a_manifest_elsewhere_fails_the_video(start_service, objects):
    """An event that can never be stored ends as a dead letter, and nobody waits for the frames."""
    async with start_service(objects) as service:
        assets = service.assets("ann")
        asset_id = await uploaded(assets, objects)
        message = events_pb2.FramesExtracted(
            asset_id=asset_id, owner="ann", generation=1, manifest_key="x", frame_count=1
        )
        await service.bus.publish(
            "frames.extracted", message.SerializeToString(), event_id=new_event_id()
        )
        watching = assets.WatchAsset(assets_pb2.WatchAssetRequest(asset_id=asset_id), timeout=20)
        last = [change.asset async for change in watching][-1]
        stages = {stage.stage: stage.failure.reason for stage in last.stages}
        assert ("FIELD_INVALID", "") == (stages["frames"], stages["embedding"])
        assert asset_pb2.ASSET_STATE_FAILED == last.state


async def test_no_token_of_another_list(start_service, objects):
    """A page token of one video is not one of another."""
    async with start_service(objects) as service:
        assets = service.assets("ann")
        ids = [await uploaded(assets, objects) for _ in range(2)]
        for asset_id in ids:
            await cut(service, objects, asset_id)
        watching = assets.WatchAsset(assets_pb2.WatchAssetRequest(asset_id=ids[0]), timeout=20)
        async for change in watching:
            if change.asset.video.frames_cut == FRAMES:
                break
        page = await assets.ListFrames(assets_pb2.ListFramesRequest(asset_id=ids[0], page_size=1))
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await assets.ListFrames(
                assets_pb2.ListFramesRequest(asset_id=ids[1], page_token=page.next_page_token)
            )
        assert "PAGE_TOKEN_INVALID" == reason(error.value)
