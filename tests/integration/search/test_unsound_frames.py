"""News of frames that cannot be: refused for good, or told to come again; nothing is written."""

from __future__ import annotations

import pytest
import pytest_asyncio
from kioku_rt.errors import DependencyDown, InvalidInput, KiokuError
from kioku_rt.reasons import Reason
from kioku_search.videos.cutting import FrameRange

from tests.integration.search.film import film, manifest


@pytest_asyncio.fixture
async def video(db):
    return await film(db)


async def test_a_manifest_that_is_not_there(video):
    """Said, so that the event comes again; an outage of the store is told apart."""
    absent = f"{video.folder}1/none.pb"
    with pytest.raises(KiokuError) as error:
        await video.cut(0, 2, manifest_key=absent)
    assert Reason.OBJECT_MISSING is error.value.reason
    video.objects.down = True
    with pytest.raises(DependencyDown):
        await video.cutting.extracted(FrameRange(video.origin(), absent, 0, 2, None, None))


def _another_video(listed):
    listed.asset_id = "x"


def _another_cutting(listed):
    listed.generation = 7


def _a_gap(listed):
    listed.frames[1].frame_no = 5


def _a_foreign_key(listed):
    listed.frames[0].object_key = "originals/somebody/else"


def _no_size(listed):
    listed.frames[0].width = 0


def _a_hash_that_is_none(listed):
    listed.frames[0].sha256 = "zz"


@pytest.mark.parametrize(
    "spoil",
    [_another_video, _another_cutting, _a_gap, _a_foreign_key, _no_size, _a_hash_that_is_none],
)
async def test_a_manifest_that_does_not_belong_to_its_event(video, spoil):
    """Refused for good; nothing is written, and no other object is ever named by a frame."""
    listed = manifest(video.owner, video.asset_id, 0, 2)
    spoil(listed)
    key = f"{video.folder}1/spoilt.pb"
    await video.objects.put(key, listed.SerializeToString(), "application/x-protobuf")
    with pytest.raises(InvalidInput) as error:
        await video.cutting.extracted(FrameRange(video.origin(), key, 0, 2, None, None))
    assert Reason.FIELD_INVALID is error.value.reason
    assert {} == await video.frames()


@pytest.mark.parametrize(
    "changes",
    [
        {"manifest_key": "incoming/x"},
        {"count": 257},
        {"count": -1},
        {"first": -1},
        {"total": 1},
    ],
)
async def test_a_range_that_cannot_be(video, changes):
    """A range outside its bounds, or a manifest elsewhere, is refused before anything is read."""
    with pytest.raises(InvalidInput):
        await video.cut(**{"first": 0, "count": 2, **changes})
    assert {} == await video.frames()


@pytest.mark.parametrize("numbers", [(0, 0), tuple(range(65)), (-1,)])
async def test_items_that_cannot_be(video, numbers):
    """A frame twice, too many of them, or a negative number: refused, and the stage says so."""
    assert Reason.FIELD_INVALID is (await video.embed(*numbers)).reason
    assert ({}, "FAILED") == (await video.vectors(), (await video.standing())[0])
