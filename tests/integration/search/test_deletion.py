"""One call removes an asset everywhere, also against replays, on the real servers."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import urllib.request
import uuid
from datetime import timedelta

import pytest
from kioku.assets.v1 import asset_service_pb2 as assets_pb2
from kioku.events.v1 import events_pb2
from kioku.search.v1 import search_service_pb2 as search_pb2
from kioku_rt.errors import KiokuError
from kioku_rt.events import new_event_id
from kioku_rt.objects import MemoryObjectStore, S3ObjectStore, S3Settings
from kioku_rt.reasons import Reason
from kioku_search.assets.asset import Kind
from kioku_search.assets.deletion import Deletions
from kioku_search.assets.deletion_store import DeletionStore
from kioku_search.vectors.indexing import Effect, Origin
from kioku_search.vectors.vector_store import VectorStore

from tests.integration.search.film import film, whole_film
from tests.integration.search.rig import ready_message, space, unit, user

JPEG = b"\xff\xd8\xff\xe0" + b"\x00" * 500
ANN = user("ann")
_buckets = itertools.count(1)


@pytest.fixture
def s3(swift_server):
    """A store on a bucket of this test's own in the real Swift."""
    bucket = f"deletion-{next(_buckets)}"
    swift_server.create_bucket(bucket)
    store = S3ObjectStore(
        S3Settings(
            endpoint=swift_server.endpoint,
            public_endpoint=swift_server.endpoint,
            bucket=bucket,
            region=swift_server.region,
            access_key=swift_server.access_key,
            secret_key=swift_server.secret_key,
        )
    )
    yield store
    store.close()


def deletions_of(db, objects, *participants, delay=timedelta(hours=1)):
    return Deletions(
        DeletionStore(db.api, db.worker),
        objects,
        participants=participants or ("search",),
        sweep_delays=dict.fromkeys(Kind, delay),
    )


async def finished(stub, asset_id):
    """The receipt, once it is complete."""
    async with asyncio.timeout(20):
        while True:
            request = assets_pb2.GetDeletionRequest(asset_id=asset_id)
            receipt = (await stub.GetDeletion(request)).deletion
            if receipt.done:
                return receipt
            await asyncio.sleep(0.1)


def put(url, headers):
    request = urllib.request.Request(url, data=JPEG, headers=dict(headers), method="PUT")
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status in (200, 201)


async def test_everything_is_gone_and_stays_gone(start_service, db, s3):
    """Objects, rows, vector, hits and cache are gone; a replayed event brings nothing back."""
    async with start_service(s3) as service:
        assets, search = service.assets("ann"), service.search("ann")
        made = await assets.CreateUpload(
            assets_pb2.CreateUploadRequest(
                filename="cat.jpg",
                content_type="image/jpeg",
                size_bytes=len(JPEG),
                sha256=hashlib.sha256(JPEG).hexdigest(),
            )
        )
        asset_id = made.asset.asset_id
        await asyncio.to_thread(put, made.upload_url, made.upload_headers)
        done = await assets.CompleteUpload(assets_pb2.CompleteUploadRequest(asset_id=asset_id))
        event = ready_message(done.asset, space(), unit("cat")).SerializeToString()
        await service.bus.publish("embedding.ready", event, event_id=new_event_id())
        async for _ in assets.WatchAsset(assets_pb2.WatchAssetRequest(asset_id=asset_id)):
            pass
        key = (await s3.list_prefix("originals/"))[0]
        await s3.put(key.replace("originals/", "derived/") + ".webp", b"x", "image/webp")
        await search.Search(search_pb2.SearchRequest(image=JPEG))  # cached by its hash

        receipt = (
            await assets.DeleteAsset(assets_pb2.DeleteAssetRequest(asset_id=asset_id))
        ).deletion
        assert ["search"] == [purge.participant for purge in receipt.purges]
        assert 0 == len((await search.Search(search_pb2.SearchRequest(text="cat"))).hits)
        receipt = await finished(assets, asset_id)
        removed = dict(receipt.purges[0].removed)
        assert {"image_embeddings": 1, "objects": 3, "stages": 1} == removed
        assert receipt.HasField("complete_time")

        for subject, payload in await db.owner.fetch(
            "SELECT subject, payload FROM search.outbox WHERE subject <> 'asset.purged'"
        ):
            await service.bus.publish(subject, payload, event_id=new_event_id())
        for _ in range(2):
            await service.bus.publish("embedding.ready", event, event_id=new_event_id())
        await asyncio.sleep(1.0)
        assert [] == await s3.list_prefix("")
        for table in ("assets", "asset_stages", "image_embeddings"):
            assert 0 == await db.owner.fetchval(f"SELECT count(*) FROM search.{table}")
        assert 0 == len((await search.Search(search_pb2.SearchRequest(text="cat"))).hits)
        calls = len(service.embedder.calls)
        await search.Search(search_pb2.SearchRequest(image=JPEG))
        assert calls + 1 == len(service.embedder.calls), "the picture's vector was still cached"


async def test_deleting_again_gives_the_same_receipt(db, objects):
    """While it runs and after; the work is ordered once."""
    asset_id = await db.stored_asset("ann")
    deletions = deletions_of(db, objects)
    first = await deletions.order(ANN, asset_id)
    assert first == await deletions.order(ANN, asset_id)
    assert 1 == await db.owner.fetchval("SELECT count(*) FROM search.outbox")
    await deletions.confirm("p1", "ann", asset_id, "search", {})
    again = await deletions.order(ANN, asset_id)
    assert again.completed_at is not None
    assert 0 == await db.owner.fetchval("SELECT count(*) FROM search.assets")


async def test_concurrent_deletions_are_one(db, objects):
    """Eight calls, one tombstone, one event."""
    asset_id = await db.stored_asset("ann")
    deletions = deletions_of(db, objects)
    receipts = await asyncio.gather(*(deletions.order(ANN, asset_id) for _ in range(8)))
    assert 1 == len({receipt.created_at for receipt in receipts})
    assert 1 == await db.owner.fetchval("SELECT count(*) FROM search.outbox")


async def test_complete_only_when_everybody_confirmed(db, objects):
    """Three participants, one of them twice, and a stranger."""
    asset_id = await db.stored_asset("ann")
    deletions = deletions_of(db, objects, "search", "face", "vlm")
    await deletions.order(ANN, asset_id)
    for number, participant in enumerate(["search", "face", "face"]):
        assert await deletions.confirm(f"p{number}", "ann", asset_id, participant, {"x": number})
    assert not await deletions.confirm("p8", "ann", asset_id, "stranger", {})
    receipt = await deletions.get(ANN, asset_id)
    assert receipt.completed_at is None
    assert {"face": {"x": 1}, "search": {"x": 0}, "vlm": {}} == {
        purge.participant: purge.removed for purge in receipt.purges
    }
    await deletions.confirm("p9", "ann", asset_id, "vlm", {})
    assert (await deletions.get(ANN, asset_id)).completed_at is not None


async def test_foreign_unknown_and_own_deletions(db, objects):
    """Another owner's asset or receipt looks as if it did not exist."""
    asset_id = await db.stored_asset("bob")
    deletions = deletions_of(db, objects)
    await deletions.order(user("bob"), asset_id)
    for one in (asset_id, uuid.uuid4()):
        with pytest.raises(KiokuError) as error:
            await deletions.order(ANN, one)
        assert Reason.ASSET_NOT_FOUND is error.value.reason
        with pytest.raises(KiokuError) as error:
            await deletions.get(ANN, one)
        assert Reason.DELETION_NOT_FOUND is error.value.reason


async def test_an_event_without_a_deletion_removes_nothing(db, objects):
    """`asset.deleted` that nobody ordered is refused; the asset's object stays."""
    asset_id = await db.stored_asset("ann")
    await objects.put(f"incoming/{asset_id}", b"x", "image/jpeg")
    assert not await deletions_of(db, objects).purge("e1", "ann", asset_id)
    assert 1 == len(objects.objects)


async def test_objects_that_the_store_does_not_list_yet_are_removed(db):
    """Incoming bytes and original go by name, so a late listing hides neither."""

    class LateListing(MemoryObjectStore):
        async def delete_prefix(self, _prefix):
            return 0

    objects = LateListing()
    asset_id = await db.stored_asset("ann")
    await objects.put(f"incoming/{asset_id}", b"x", "image/jpeg")
    await objects.put(f"originals/x/{asset_id}/y", b"x", "image/jpeg")
    deletions = deletions_of(db, objects)
    await deletions.order(ANN, asset_id)
    assert await deletions.purge("e1", "ann", asset_id)
    assert {} == objects.objects


async def test_the_second_sweep_removes_what_came_late(db, objects):
    """An object written after the purge is gone once no permission can be alive, and it shows."""
    asset_id = await db.stored_asset("ann")
    deletions = deletions_of(db, objects, delay=timedelta(seconds=-1))
    await deletions.order(ANN, asset_id)
    await deletions.purge("e1", "ann", asset_id)
    await objects.put(f"incoming/{asset_id}", b"late", "image/jpeg")
    assert (1, 0) == (await deletions.sweep(), await deletions.sweep())
    assert {} == objects.objects
    assert (await deletions.get(ANN, asset_id)).swept_at is not None


async def test_a_video_goes_with_its_frames(db):
    """Rows, vectors of every frame and derived objects; the receipt counts them."""
    video = await whole_film(db, count=4)
    other = await whole_film(db, count=2)
    kept = len(other.objects.objects)
    await video.objects.put(f"incoming/{video.asset_id}", b"x", "video/mp4")
    deletions = deletions_of(db, video.objects)
    await deletions.order(ANN, video.asset_id)
    assert ({}, {}) == (await video.frames(), await video.vectors())
    await deletions.purge("e1", "ann", video.asset_id)
    assert ({}, kept) == (video.objects.objects, len(other.objects.objects))
    purged = await db.owner.fetchval(
        "SELECT payload FROM search.outbox WHERE subject = 'asset.purged'"
    )
    removed = dict(events_pb2.AssetPurged.FromString(purged).removed)
    assert {
        "image_embeddings": 4,
        "frames": 4,
        "stages": 2,
        "objects": 6,
    } == removed
    assert 1 == await db.owner.fetchval("SELECT count(*) FROM search.videos")
    assert (2, 2) == (len(await other.frames()), len(await other.vectors()))


async def test_a_cutter_that_comes_late_leaves_nothing(db):
    """Frames stored and told after the purge: no row, no vector, and the second sweep has them."""
    video = await whole_film(db, count=2)
    deletions = deletions_of(db, video.objects, delay=timedelta(seconds=-1))
    await deletions.order(ANN, video.asset_id)
    await deletions.purge("e1", "ann", video.asset_id)
    assert {} == video.objects.objects
    video.generation = 2
    assert Effect.DEAD_ASSET is await video.cut(0, 3, 3)
    assert Effect.DEAD_ASSET is await video.embed(0, 1, 2)
    assert ({}, {}) == (await video.frames(), await video.vectors())
    assert 4 == len(video.objects.objects)
    assert 1 == await deletions.sweep()
    assert {} == video.objects.objects


async def test_a_video_is_swept_after_the_longest_cutting(db, objects):
    """Later than a picture, whose writers are done sooner."""
    delays = {Kind.IMAGE: timedelta(seconds=-1), Kind.VIDEO: timedelta(hours=1)}
    deletions = Deletions(
        DeletionStore(db.api, db.worker), objects, participants=("search",), sweep_delays=delays
    )
    video = await film(db)
    await deletions.order(ANN, video.asset_id)
    assert 0 == await deletions.sweep()
    await deletions.order(ANN, await db.stored_asset("ann"))
    assert 1 == await deletions.sweep()


async def test_deletion_and_frames_at_the_same_moment(db):
    """Whoever wins, no frame and no vector of a dead video is left."""
    videos = [await film(db) for _ in range(8)]
    deletions = deletions_of(db, videos[0].objects)
    await asyncio.gather(
        *(video.cut(0, 8, 8) for video in videos),
        *(video.embed(*range(8)) for video in videos),
        *(deletions.order(ANN, video.asset_id) for video in videos),
    )
    for table in ("frames", "videos", "image_embeddings"):
        assert 0 == await db.owner.fetchval(f"SELECT count(*) FROM search.{table}")


async def test_a_sweep_waits_for_its_time(db, objects):
    """Not before the last signed URL and handler have ended."""
    asset_id = await db.stored_asset("ann")
    deletions = deletions_of(db, objects)
    await deletions.order(ANN, asset_id)
    assert 0 == await deletions.sweep()


async def test_deletion_and_a_vector_at_the_same_moment(db, objects):
    """Whoever wins, no vector of the dead asset is left."""
    await db.register(space())
    deletions, store = deletions_of(db, objects), VectorStore(db.worker)
    ids = [await db.stored_asset("ann") for _ in range(20)]
    await asyncio.gather(
        *(deletions.order(ANN, one) for one in ids),
        *(
            store.put(Origin(str(one), "ann", one, 1, 1), space().space_id, unit(str(one)))
            for one in ids
        ),
    )
    assert 0 == await db.owner.fetchval("SELECT count(*) FROM search.image_embeddings")


async def test_deletions_are_audited(db, objects):
    """Who ordered it, and who confirmed it."""
    asset_id = await db.stored_asset("ann")
    deletions = deletions_of(db, objects)
    await deletions.order(ANN, asset_id)
    await deletions.confirm("p1", "ann", asset_id, "search", {})
    rows = await db.owner.fetch("SELECT actor, action FROM search.audit_logs ORDER BY id")
    assert [("ann", "asset.delete"), ("search", "asset.purge")] == [tuple(row) for row in rows]


def test_event_types_have_the_fields_consumers_check():
    """Every event this service reads names its asset."""
    for message in (
        events_pb2.EmbeddingReady,
        events_pb2.AssetFailed,
        events_pb2.AssetDeleted,
        events_pb2.AssetPurged,
    ):
        assert "asset_id" in message.DESCRIPTOR.fields_by_name
