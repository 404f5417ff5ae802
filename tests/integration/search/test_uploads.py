"""CreateUpload and CompleteUpload: idempotent, safe against races and against a crash anywhere."""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
from kioku_rt.errors import DependencyDown, KiokuError
from kioku_rt.objects import MemoryObjectStore
from kioku_rt.reasons import Reason
from kioku_search.assets.admission import UploadRules
from kioku_search.assets.asset import AssetState, Kind
from kioku_search.assets.asset_store import AssetStore
from kioku_search.assets.deletion import Deletions
from kioku_search.assets.deletion_store import DeletionStore
from kioku_search.assets.housekeeping import Leftovers
from kioku_search.assets.leftover_store import LeftoverStore
from kioku_search.assets.uploads import NewUpload, Uploads

from tests.integration.search.rig import user

JPEG = b"\xff\xd8\xff\xe0" + b"\x00" * 100
ANN = user("ann")
RULES = UploadRules(
    max_bytes=2**20, max_video_bytes=2**22, videos=False, patience=timedelta(hours=1)
)
NEW = NewUpload(
    request_id=None,
    filename="cat.jpg",
    content_type="image/jpeg",
    size_bytes=len(JPEG),
    sha256=hashlib.sha256(JPEG).hexdigest(),
    tags=("pet",),
    taken_at=None,
)


class Crash(Exception):
    """The process ends here."""


class CrashingStore(MemoryObjectStore):
    """Ends the process at one step of an upload, before or after it had its effect."""

    def __init__(self, step: str = "", *, after: bool = False) -> None:
        super().__init__()
        self.step, self.after = step, after

    async def _at(self, step, work):
        if self.step == step and not self.after:
            work.close()
            raise Crash
        result = await work
        if self.step == step:
            raise Crash
        return result

    async def digest(self, key):
        return await self._at("digest", super().digest(key))

    async def copy(self, source, target, *, etag):
        await self._at("copy", super().copy(source, target, etag=etag))


def uploads_of(db, objects, rules=RULES):
    return Uploads(AssetStore(db.api), objects, rules)


async def put(objects, asset_id, data=JPEG):
    await objects.put(f"incoming/{asset_id}", data, "image/jpeg")


async def begun(uploads, objects, new=NEW, data=JPEG):
    """An asset whose bytes have been PUT."""
    ticket = await uploads.create(ANN, new)
    await put(objects, ticket.asset.asset_id, data)
    return ticket.asset.asset_id


async def events(db, subject="asset.uploaded"):
    return await db.owner.fetchval("SELECT count(*) FROM search.outbox WHERE subject = $1", subject)


async def reason_of(call):
    with pytest.raises(KiokuError) as error:
        await call
    return error.value.reason


async def test_the_stored_asset_is_what_was_uploaded(db, objects):
    """The bytes lie under their immutable key alone, and the work is ordered once."""
    uploads = uploads_of(db, objects)
    asset_id = await begun(uploads, objects)
    done = await uploads.complete(ANN, asset_id)
    assert AssetState.PROCESSING is done.state
    assert NEW.sha256 == done.sha256
    assert ["embedding"] == [stage.stage for stage in done.stages]
    assert [done.object_key] == await objects.list_prefix("originals/")
    assert 1 == await events(db)


async def test_completing_again_changes_nothing(db, objects):
    """A second call answers with the same asset and orders nothing."""
    uploads = uploads_of(db, objects)
    asset_id = await begun(uploads, objects)
    assert await uploads.complete(ANN, asset_id) == await uploads.complete(ANN, asset_id)
    assert 1 == await events(db)


async def test_many_calls_at_once_are_one(db, objects):
    """Eight concurrent calls all succeed and order the work once."""
    uploads = uploads_of(db, objects)
    asset_id = await begun(uploads, objects)
    done = await asyncio.gather(*(uploads.complete(ANN, asset_id) for _ in range(8)))
    assert {AssetState.PROCESSING} == {asset.state for asset in done}
    assert 1 == await events(db)
    assert 1 == len(await objects.list_prefix("originals/"))


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("step", ["digest", "copy"])
async def test_a_crash_anywhere_is_mended_by_calling_again(db, step, after):
    """Whatever step the process died at, the next call completes the upload exactly once."""
    objects = CrashingStore(step, after=after)
    uploads = uploads_of(db, objects)
    asset_id = await begun(uploads, objects)
    with pytest.raises(Crash):
        await uploads.complete(ANN, asset_id)
    objects.step = ""
    done = await uploads.complete(ANN, asset_id)
    assert AssetState.PROCESSING is done.state
    assert 1 == await events(db)
    assert [done.object_key] == await objects.list_prefix("originals/")


async def test_an_outage_is_no_verdict(db, objects):
    """A store that is down fails the call, not the asset."""
    uploads = uploads_of(db, objects)
    asset_id = await begun(uploads, objects)
    objects.down = True
    with pytest.raises(DependencyDown):
        await uploads.complete(ANN, asset_id)
    objects.down = False
    assert AssetState.PROCESSING is (await uploads.complete(ANN, asset_id)).state


async def test_missing_bytes(db, objects):
    """Without a PUT there is nothing to complete, and it may still come."""
    uploads = uploads_of(db, objects)
    asset_id = (await uploads.create(ANN, NEW)).asset.asset_id
    assert Reason.ASSET_NOT_UPLOADED is await reason_of(uploads.complete(ANN, asset_id))
    await put(objects, asset_id)
    assert AssetState.PROCESSING is (await uploads.complete(ANN, asset_id)).state


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (JPEG + b"x", Reason.UPLOAD_SIZE_MISMATCH),
        (JPEG[:-1] + b"x", Reason.UPLOAD_HASH_MISMATCH),
    ],
)
async def test_other_bytes_than_announced(db, objects, data, reason):
    """Wrong size or hash is refused; the right bytes may still be PUT."""
    uploads = uploads_of(db, objects)
    asset_id = await begun(uploads, objects, data=data)
    assert reason is await reason_of(uploads.complete(ANN, asset_id))
    await put(objects, asset_id)
    assert AssetState.PROCESSING is (await uploads.complete(ANN, asset_id)).state


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"<html>" + b"x" * 98, Reason.IMAGE_UNSUPPORTED_FORMAT),
        (b"%PDF-1.7" + b"x" * 96, Reason.IMAGE_UNSUPPORTED_FORMAT),
        (b"\x00\x00\x00\x18ftypisom" + b"\x00" * 92, Reason.VIDEO_UNSUPPORTED),
    ],
)
async def test_bytes_of_another_kind_fail_the_asset_for_good(db, objects, data, reason):
    """The call and the asset give the same reason, every time, and the bytes are gone."""
    uploads = uploads_of(db, objects)
    new = replace(NEW, size_bytes=len(data), sha256="")
    asset_id = await begun(uploads, objects, new, data)
    for _ in range(2):
        assert reason is await reason_of(uploads.complete(ANN, asset_id))
    asset = await AssetStore(db.api).find(ANN, asset_id, "")
    assert (AssetState.FAILED, reason) == (asset.state, asset.failure.reason)
    assert {} == objects.objects
    assert 0 == await events(db)


async def test_type_is_decided_by_the_bytes(db, objects):
    """A PNG that calls itself a JPEG is accepted as what it is."""
    uploads = uploads_of(db, objects)
    data = b"\x89PNG\r\n\x1a\n" + b"\x00" * 96
    new = replace(NEW, size_bytes=len(data), sha256="")
    done = await uploads.complete(ANN, await begun(uploads, objects, new, data))
    assert "image/png" == done.content_type


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"size_bytes": 0}, Reason.IMAGE_EMPTY),
        ({"size_bytes": -1}, Reason.FIELD_INVALID),
        ({"size_bytes": 2**20 + 1}, Reason.IMAGE_TOO_LARGE),
        ({"content_type": "text/html"}, Reason.IMAGE_UNSUPPORTED_FORMAT),
        ({"content_type": "image/svg+xml"}, Reason.IMAGE_UNSUPPORTED_FORMAT),
        ({"content_type": "video/mp4"}, Reason.VIDEO_UNSUPPORTED),
    ],
)
async def test_what_is_not_accepted_is_refused_before_any_url(db, objects, changes, reason):
    """Nothing is registered for it."""
    call = uploads_of(db, objects).create(ANN, replace(NEW, **changes))
    assert reason is await reason_of(call)
    assert 0 == await db.owner.fetchval("SELECT count(*) FROM search.assets")


MP4 = b"\x00\x00\x00\x18ftypisom" + b"\x00" * 92
TRANSPORT = (b"\x47" + b"\x00" * 187) * 6


@pytest.mark.parametrize("data", [MP4, TRANSPORT], ids=["mp4", "mpeg-ts"])
async def test_videos_where_a_setting_allows_them(db, objects, data):
    """The same bytes are an asset where videos are accepted, and have both their stages."""
    uploads = uploads_of(db, objects, replace(RULES, videos=True))
    new = replace(NEW, content_type="video/mp4", size_bytes=len(data), sha256="")
    done = await uploads.complete(ANN, await begun(uploads, objects, new, data))
    assert ("VIDEO", ["embedding", "frames"]) == (done.kind, [one.stage for one in done.stages])


async def test_a_video_that_was_copied_before_is_not_copied_again(db):
    """A call whose time ran out after the copy leaves the next one less to do."""
    objects = CrashingStore("copy", after=True)
    uploads = uploads_of(db, objects, replace(RULES, videos=True))
    new = replace(NEW, content_type="video/mp4", size_bytes=len(MP4), sha256="")
    asset_id = await begun(uploads, objects, new, MP4)
    with pytest.raises(Crash):
        await uploads.complete(ANN, asset_id)
    assert AssetState.PROCESSING is (await uploads.complete(ANN, asset_id)).state


@pytest.mark.parametrize(
    ("changes", "data", "reason"),
    [
        ({"content_type": "video/mp4"}, JPEG, Reason.VIDEO_UNSUPPORTED_FORMAT),
        ({"content_type": "video/mp4"}, b"\x47" * 104, Reason.VIDEO_UNSUPPORTED_FORMAT),
        ({"content_type": "image/jpeg"}, MP4, Reason.IMAGE_UNSUPPORTED_FORMAT),
    ],
    ids=["a picture", "nothing known", "a video"],
)
async def test_bytes_of_another_medium(db, objects, changes, data, reason):
    """A picture is no video and a video no picture, whatever was announced."""
    uploads = uploads_of(db, objects, replace(RULES, videos=True))
    new = replace(NEW, size_bytes=len(data), sha256="", **changes)
    asset_id = await begun(uploads, objects, new, data)
    assert reason is await reason_of(uploads.complete(ANN, asset_id))


async def test_a_video_has_its_own_limit(db, objects):
    """Larger than a picture may be, and no larger than the setting."""
    uploads = uploads_of(db, objects, replace(RULES, videos=True))
    film = replace(NEW, content_type="video/mp4", size_bytes=2**22)
    assert (await uploads.create(ANN, film)).url
    larger = uploads.create(ANN, replace(film, size_bytes=2**22 + 1))
    assert Reason.VIDEO_TOO_LARGE is await reason_of(larger)


async def test_a_request_id_makes_one_asset(db, objects):
    """Repeated and concurrent calls get the same asset; another owner's same id is their own."""
    uploads = uploads_of(db, objects)
    new = replace(NEW, request_id=uuid.uuid4())
    tickets = await asyncio.gather(*(uploads.create(ANN, new) for _ in range(6)))
    assert 1 == len({ticket.asset.asset_id for ticket in tickets})
    assert all(ticket.url for ticket in tickets)
    other = await uploads.create(user("bob"), new)
    assert other.asset.asset_id != tickets[0].asset.asset_id


async def test_a_request_id_with_other_content_is_refused(db, objects):
    """ASSET_ID_REUSED, whatever differs."""
    uploads = uploads_of(db, objects)
    new = replace(NEW, request_id=uuid.uuid4())
    await uploads.create(ANN, new)
    for changes in ({"filename": "b"}, {"size_bytes": 5}, {"tags": ()}, {"sha256": ""}):
        call = uploads.create(ANN, replace(new, **changes))
        assert Reason.ASSET_ID_REUSED is await reason_of(call)


async def test_no_url_for_bytes_that_are_there(db, objects):
    """After completion the same request id answers without a URL."""
    uploads = uploads_of(db, objects)
    new = replace(NEW, request_id=uuid.uuid4())
    asset_id = await begun(uploads, objects, new)
    await uploads.complete(ANN, asset_id)
    ticket = await uploads.create(ANN, new)
    assert (asset_id, "") == (ticket.asset.asset_id, ticket.url)


async def test_foreign_and_unknown_assets_answer_alike(db, objects):
    """Same reason, same text."""
    uploads = uploads_of(db, objects)
    asset_id = await begun(uploads, objects)
    texts = set()
    for acting, one in ((user("bob"), asset_id), (ANN, uuid.uuid4())):
        with pytest.raises(KiokuError) as error:
            await uploads.complete(acting, one)
        texts.add((error.value.reason, error.value.message))
    assert 1 == len(texts)


async def test_deleted_while_completing(db):
    """A deletion that comes between copy and commit wins; nothing stays in storage."""

    class Deleting(MemoryObjectStore):
        async def copy(self, source, target, *, etag):
            await super().copy(source, target, etag=etag)
            await deletions.order(ANN, asset_id)

    objects = Deleting()
    deletions = Deletions(
        DeletionStore(db.api, db.worker),
        objects,
        participants=("search",),
        sweep_delays=dict.fromkeys(Kind, timedelta()),
    )
    uploads = uploads_of(db, objects)
    asset_id = await begun(uploads, objects)
    assert Reason.ASSET_NOT_FOUND is await reason_of(uploads.complete(ANN, asset_id))
    assert [] == await objects.list_prefix("originals/")
    assert 0 == await events(db)


async def test_uploads_that_never_come_are_given_up(db, objects):
    """FAILED with UPLOAD_EXPIRED, the bytes removed; the same request id begins anew."""
    uploads = uploads_of(db, objects, replace(RULES, patience=timedelta(seconds=-1)))
    new = replace(NEW, request_id=uuid.uuid4())
    asset_id = await begun(uploads, objects, new)
    leftovers = Leftovers(LeftoverStore(db.worker), objects, timedelta(seconds=-1))
    assert 1 == await leftovers.clear()
    assert {} == objects.objects
    assert Reason.UPLOAD_EXPIRED is await reason_of(uploads.complete(ANN, asset_id))
    again = await uploads_of(db, objects).create(ANN, new)
    assert (asset_id, AssetState.UPLOADING) == (again.asset.asset_id, again.asset.state)
    await put(objects, asset_id)
    assert AssetState.PROCESSING is (await uploads.complete(ANN, asset_id)).state


async def test_late_bytes_under_incoming_are_cleared(db, objects):
    """A PUT repeated after completion is removed once no signed URL is alive, not before."""
    uploads = uploads_of(db, objects)
    asset_id = await begun(uploads, objects)
    done = await uploads.complete(ANN, asset_id)
    await put(objects, asset_id)
    store = LeftoverStore(db.worker)
    await Leftovers(store, objects, timedelta(hours=1)).clear()
    assert 2 == len(objects.objects)
    await Leftovers(store, objects, timedelta(seconds=-1)).clear()
    assert [done.object_key] == list(objects.objects)
