"""What every object store keeps, the fake as well as the real one."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from kioku_rt.errors import InvalidInput, KiokuError
from kioku_rt.objects import HEAD_BYTES, Digest, ListedObject, ObjectInfo, ObjectStore
from kioku_rt.reasons import Reason

DATA = bytes(range(256)) * 40


async def test_what_is_put_is_there(store: ObjectStore) -> None:
    """Bytes, size, type and a usable etag come back."""
    await store.put("incoming/a", DATA, "image/png")
    found = await store.head("incoming/a")
    assert found is not None
    assert ObjectInfo("incoming/a", len(DATA), found.etag, "image/png") == found
    assert '"' not in found.etag
    assert DATA == await store.get("incoming/a", max_bytes=len(DATA))


async def test_put_replaces(store: ObjectStore) -> None:
    """The last put wins, and its etag is another one."""
    await store.put("k", b"one", "text/plain")
    first = await store.head("k")
    await store.put("k", b"two!", "image/gif")
    second = await store.head("k")
    assert first is not None
    assert second is not None
    assert (4, "image/gif") == (second.size, second.content_type)
    assert first.etag != second.etag


async def test_the_digest_is_of_the_stored_bytes(store: ObjectStore) -> None:
    """A hash and enough of the head to sniff a type, in one reading."""
    await store.put("k", DATA, "image/png")
    info = await store.head("k")
    assert info is not None
    expected = Digest(hashlib.sha256(DATA).hexdigest(), DATA[:HEAD_BYTES], len(DATA), info.etag)
    assert expected == await store.digest("k")


async def test_a_range_is_part_of_the_stored_bytes(store: ObjectStore) -> None:
    """From the start, from within, and past the end, where there is less than was asked for."""
    await store.put("k", DATA, "image/jpeg")
    found = [
        await store.get_range("k", start=0, size=5),
        await store.get_range("k", start=5, size=7),
        await store.get_range("k", start=len(DATA) - 3, size=100),
    ]
    assert found == [DATA[:5], DATA[5:12], DATA[-3:]]


async def test_an_object_larger_than_asked_for_is_refused(store: ObjectStore) -> None:
    """Nobody reads more than they said they can hold."""
    await store.put("k", DATA, "image/png")
    with pytest.raises(InvalidInput) as refused:
        await store.get("k", max_bytes=len(DATA) - 1)
    assert Reason.IMAGE_TOO_LARGE == refused.value.reason


async def test_missing_objects(store: ObjectStore) -> None:
    """Absent is None for a look and OBJECT_MISSING for a use."""
    assert None is await store.head("nowhere")
    for use in (
        store.get("nowhere", max_bytes=9),
        store.digest("nowhere"),
        store.get_range("nowhere", start=0, size=1),
        store.copy("nowhere", "k", etag="0" * 32),
    ):
        with pytest.raises(KiokuError) as missing:
            await use
        assert Reason.OBJECT_MISSING == missing.value.reason


async def test_copy_keeps_bytes_and_type(store: ObjectStore) -> None:
    """The copy is the object of the named etag, its source stays."""
    await store.put("incoming/a", DATA, "image/webp")
    found = await store.head("incoming/a")
    assert found is not None
    await store.copy("incoming/a", "originals/o/a/h", etag=found.etag)
    copied = await store.head("originals/o/a/h")
    assert copied is not None
    assert (len(DATA), "image/webp") == (copied.size, copied.content_type)
    assert ["incoming/a"] == await store.list_prefix("incoming/")


async def test_copy_of_a_changed_object_is_refused(store: ObjectStore) -> None:
    """Bytes swapped between the check and the copy never become an original."""
    await store.put("incoming/a", b"checked", "image/png")
    checked = await store.head("incoming/a")
    assert checked is not None
    await store.put("incoming/a", b"swapped", "image/png")
    with pytest.raises(KiokuError) as changed:
        await store.copy("incoming/a", "originals/o/a/h", etag=checked.etag)
    assert Reason.CHECKSUM_MISMATCH == changed.value.reason
    assert None is await store.head("originals/o/a/h")


async def test_a_prefix_is_removed_completely_and_alone(store: ObjectStore) -> None:
    """More keys than a page holds, keys of other alphabets, and the neighbour stays."""
    keys = sorted([f"p/{n:02}" for n in range(10)] + ["p/写真 1.jpg", "p/a&b<c>.jpg", "p/+%2F"])
    for key in [*keys, "p2/neighbour"]:
        await store.put(key, b"x", "image/png")
    assert keys == await store.list_prefix("p/")
    assert len(keys) == await store.delete_prefix("p/")
    assert [] == await store.list_prefix("p/")
    assert ["p2/neighbour"] == await store.list_prefix("p")


async def test_removing_twice_removes_nothing_more(store: ObjectStore) -> None:
    """A repeated deletion is no error."""
    await store.put("p/1", b"x", "image/png")
    assert [1, 0] == [await store.delete_prefix("p/"), await store.delete_prefix("p/")]


async def test_signed_urls_expire_as_they_say(store: ObjectStore) -> None:
    """The time a client is told is the time to live that was set, in UTC."""
    begin = datetime.now(UTC)
    for signed in (
        await store.sign_put("k", content_type="image/png", size=3),
        await store.sign_get("k"),
    ):
        left = signed.expire_time - begin
        assert timedelta(seconds=299) <= left <= timedelta(seconds=305)


async def test_put_headers_are_the_signed_ones(store: ObjectStore) -> None:
    """A client sends exactly these two; a download needs none."""
    signed = await store.sign_put("k", content_type="image/png", size=3)
    assert {"Content-Type": "image/png", "Content-Length": "3"} == dict(signed.headers)
    assert {} == dict((await store.sign_get("k")).headers)


async def test_urls_stay_out_of_logs(store: ObjectStore) -> None:
    """Neither a signed URL nor a store shows a secret when it is printed."""
    signed = await store.sign_get("k")
    assert signed.url not in repr(signed)
    assert "secret" not in repr(store).lower()


async def test_ping(store: ObjectStore) -> None:
    """A store that is there answers."""
    await store.ping()


async def test_pages_of_a_listing_go_on_after_a_key(store: ObjectStore) -> None:
    """Every object of the prefix once, in order, with size, etag and a time of day."""
    keys = [f"originals/{number}" for number in range(7)]
    for key in [*keys, "incoming/x", "originalsX"]:
        await store.put(key, key.encode(), "text/plain")
    found: list[ListedObject] = []
    while page := await store.list_page("originals/", after=found[-1].key if found else ""):
        assert len(page) < len(keys)
        found += page
    assert keys == [one.key for one in found]
    head = await store.head(keys[0])
    assert head is not None
    assert (len(keys[0]), head.etag) == (found[0].size, found[0].etag)
    age = datetime.now(UTC) - found[0].modified
    assert timedelta(minutes=-1) < age < timedelta(hours=1)
    assert [] == await store.list_page("derived/")
