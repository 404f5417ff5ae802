"""`frames.extracted` and vectors of frames: in any order, twice, late, broken, and cut again."""

from __future__ import annotations

import asyncio
import dataclasses

import numpy as np
import pytest
import pytest_asyncio
from kioku.events.v1 import events_pb2
from kioku_rt.errors import InvalidInput
from kioku_rt.reasons import Reason
from kioku_search.assets.asset import Failure
from kioku_search.assets.asset_store import AssetStore
from kioku_search.vectors.indexing import Effect, Failed, Item, Ready
from kioku_search.videos.video import VideoProgress

from tests.integration.search.film import FACTS, film, frame_vector, whole_film
from tests.integration.search.rig import space, user

OPEN, DONE, BAD = "PENDING", "DONE", "FAILED"
TRUNCATED = Failure(Reason.IMAGE_TRUNCATED, "The image ends early.")
TIMEOUT = Failure(Reason.IMAGE_DECODE_TIMEOUT, "Too slow.")


@pytest_asyncio.fixture
async def video(db):
    return await film(db)


async def test_a_video_is_ready_when_all_its_frames_are_stored_and_embedded(video):
    """Two ranges, an end, two batches: rows, vectors with their times, both stages, the asset."""
    assert Effect.DONE is await video.cut(0, 4)
    assert Effect.DONE is await video.embed(0, 1, 2, 3)
    assert ("PROCESSING", {"frames": OPEN, "embedding": OPEN}) == await video.standing()
    await video.cut(4, 2)
    await video.cut(6, 0, 6)
    assert ("PROCESSING", {"frames": DONE, "embedding": OPEN}) == await video.standing()
    await video.embed(4, 5)
    assert ("READY", {"frames": DONE, "embedding": DONE}) == await video.standing()
    rows = await video.vectors()
    assert {n: 500 * n for n in range(6)} == {n: row["time_ms"] for n, row in rows.items()}
    assert np.allclose(frame_vector(video.asset_id, 5), rows[5]["embedding"], atol=1e-3)
    frames = await video.frames()
    assert 6 == len({row["frame_id"] for row in frames.values()})
    assert frames[3]["s3_key"].endswith("/frames/1/000003.jpg")


@pytest.mark.parametrize("total_first", [False, True])
async def test_vectors_may_come_before_their_frames(video, total_first):
    """Whoever brings the last news ends the stages."""
    if total_first:
        await video.cut(6, 0, 6)
    await video.embed(*range(6))
    assert "PROCESSING" == (await video.standing())[0]
    await video.cut(0, 3)
    await video.cut(3, 3, None if total_first else 6)
    assert ("READY", {"frames": DONE, "embedding": DONE}) == await video.standing()


async def test_the_same_news_twice_has_one_effect(video):
    """A second delivery of a range or of vectors changes nothing."""
    for expected in (Effect.DONE, Effect.AGAIN):
        assert expected is await video.cut(0, 2, 2, event="cut")
        assert expected is await video.embed(0, 1, event="ready")
    assert VideoProgress(2, 2, 2, 0, FACTS) == (await video.asset()).video
    assert 2 == len(await video.vectors())


async def test_many_vectors_of_one_event(video):
    """Stored few at a time, all of them; told again, they change nothing."""
    await video.cut(0, 50, 50)
    for expected in (Effect.DONE, Effect.AGAIN):
        assert expected is await video.embed(*range(50), event="ready")
    assert ("READY", 50) == ((await video.standing())[0], len(await video.vectors()))
    assert 2 == await video.db.owner.fetchval("SELECT count(*) FROM search.audit_logs")


async def test_a_range_told_again_under_another_id_changes_nothing(video):
    """The cutter may start over after a crash: a frame that is embedded stays so."""
    await video.cut(0, 2, 2)
    await video.embed(0, 1)
    await video.cut(0, 2, 2)
    assert "READY" == (await video.standing())[0]
    assert VideoProgress(2, 2, 2, 0, FACTS) == (await video.asset()).video


async def test_one_bad_frame_is_its_own_failure(video):
    """A failure that was told, and a vector that is none, cost these frames and no other."""
    await video.cut(0, 3, 3)
    items = [
        Item(frame_vector(video.asset_id, 0).astype("<f4").tobytes(), 0, 0),
        Item(b"", 1, 500, TRUNCATED),
        Item(np.full(32, np.nan).astype("<f4").tobytes(), 2, 1000),
    ]
    await video.indexing.vector_ready(Ready(video.origin(), space(), items))
    assert "READY" == (await video.standing())[0]
    assert {0} == set(await video.vectors())
    listed = await AssetStore(video.db.api).frames(user("ann"), video.asset_id, 10, -1)
    assert [None, "IMAGE_TRUNCATED", "VECTOR_NOT_FINITE"] == [
        one.failure and str(one.failure.reason) for one in listed
    ]


async def test_a_video_without_any_good_frame_fails_with_the_most_common_reason(video):
    """The stage and the asset say it; the cutting itself was well."""
    await video.cut(0, 3, 3)
    await video.embed(0, 1, 2, f0=TIMEOUT, f1=TRUNCATED, f2=TRUNCATED)
    assert ("FAILED", {"frames": DONE, "embedding": BAD}) == await video.standing()
    assert TRUNCATED == (await video.asset()).failure


async def test_a_vector_beats_a_failure(video):
    """In either order."""
    await video.cut(0, 2, 2)
    await video.embed(0, 1, f0=TRUNCATED, f1=TRUNCATED)
    await video.embed(0)
    await video.embed(0, f0=TRUNCATED)
    assert ("READY", VideoProgress(2, 2, 1, 1, FACTS)) == (
        (await video.standing())[0],
        (await video.asset()).video,
    )


async def test_a_video_without_frames(video):
    """FAILED with VIDEO_NO_FRAMES."""
    await video.cut(0, 0, 0)
    assert ("FAILED", {"frames": BAD, "embedding": OPEN}) == await video.standing()
    assert Reason.VIDEO_NO_FRAMES is (await video.asset()).failure.reason


async def test_cutting_that_fails_fails_the_video(video):
    """`asset.failed` of the stage `frames`; a failure of an older try is no news."""
    failure = Failure(Reason.VIDEO_DECODER_FAILED, "It died.")
    older = dataclasses.replace(video.origin(), generation=0)
    assert Effect.OVERTAKEN is await video.indexing.stage_failed(Failed(older, "frames", failure))
    await video.indexing.stage_failed(Failed(video.origin(), "frames", failure))
    assert ("FAILED", {"frames": BAD, "embedding": OPEN}) == await video.standing()


async def test_a_retry_cuts_again(db):
    """A new generation replaces frames and vectors, and drops what the new cutting has not."""
    video = await whole_film(db, count=6)
    await db.owner.execute("UPDATE search.assets SET state = 'FAILED'")
    again = await AssetStore(db.api).retry(user("ann"), video.asset_id)
    assert {"PENDING"} == {stage.state for stage in again.stages}
    order = await db.owner.fetchval(
        "SELECT payload FROM search.outbox WHERE subject = 'embedding.requested'"
    )
    assert 2 == events_pb2.EmbeddingRequested.FromString(order).generation
    video.generation = 2
    await video.embed(0, 1)  # before the news of the new cutting
    assert VideoProgress(None, 0, 2, 0, FACTS) == (await video.asset()).video
    await video.cut(0, 4, 4)
    await video.embed(2, 3, f3=TRUNCATED)
    assert "READY" == (await video.standing())[0]
    assert {0: 2, 1: 2, 2: 2} == {
        n: row["generation"] for n, row in (await video.vectors()).items()
    }
    assert {0, 1, 2, 3} == set(await video.frames())
    assert not [key for key in video.objects.objects if "/frames/1/" in key]
    assert 5 == len(video.objects.objects)


async def test_older_news_never_replaces_newer(db):
    """Late ranges and vectors of the first cutting change nothing once the second has begun."""
    video = await film(db, generation=2)
    video.generation = 2
    await video.cut(0, 2, 2)
    video.generation = 1
    assert Effect.OVERTAKEN is await video.cut(0, 5, 5)
    assert Effect.OVERTAKEN is await video.embed(0, 1)
    assert ({}, 2) == (await video.vectors(), len(await video.frames()))


async def test_a_space_not_in_use_ends_no_stage(video):
    """Its vectors are kept; progress is of the active space."""
    await video.cut(0, 2, 2)
    await video.embed(0, 1, one=space("other"))
    assert (2, 0) == (len(await video.vectors()), (await video.asset()).video.embedded)
    assert "PROCESSING" == (await video.standing())[0]


async def test_vectors_of_tags_end_no_stage(video):
    """A whole video may have a vector in a space of another kind, and goes on being cut."""
    await video.db.owner.execute(
        "UPDATE search.spaces SET kind = 'TAG' WHERE space_id = $1", space().space_id
    )
    vector = frame_vector(video.asset_id, 0).astype("<f4").tobytes()
    tags = dataclasses.replace(space(), kind="TAG")
    try:
        result = await video.indexing.vector_ready(Ready(video.origin(), tags, [Item(vector)]))
    except InvalidInput:
        pytest.fail("spaces of tags are registered by now")
    assert Effect.DONE is result
    assert "PROCESSING" == (await video.standing())[0]


@pytest.mark.parametrize("state", ["DELETING", "removed"])
async def test_nothing_is_written_for_a_dead_video(video, state):
    """Neither frames nor vectors, while it is deleted or after."""
    await video.db.owner.execute("UPDATE search.assets SET state = 'DELETING'")
    await video.db.owner.execute(
        "INSERT INTO search.deletions (owner, asset_id, sweep_after) VALUES ('ann', $1, now())",
        video.asset_id,
    )
    if state == "removed":
        await video.db.owner.execute("DELETE FROM search.assets")
    assert Effect.DEAD_ASSET is await video.cut(0, 2, 2)
    assert Effect.DEAD_ASSET is await video.embed(0, 1)
    assert ({}, {}) == (await video.frames(), await video.vectors())


async def test_frames_of_a_picture_or_of_nobody(db, video):
    """Refused: there never was such a video."""
    picture = dataclasses.replace(video, asset_id=await db.stored_asset("ann"))
    stranger = dataclasses.replace(video, owner="bob")
    for one in (picture, stranger):
        assert Effect.UNKNOWN is await one.embed(0)
        assert Effect.UNKNOWN is await one.cut(0, 1, 1)


async def test_both_kinds_of_news_at_once_lose_nothing(video):
    """Ranges and batches of one video all at the same moment: every frame counted, asset READY."""
    await asyncio.gather(
        *(video.cut(16 * part, 16, 128 if part == 7 else None) for part in range(8)),
        *(video.embed(*range(16 * part, 16 * part + 16)) for part in range(8)),
    )
    assert VideoProgress(128, 128, 128, 0, FACTS) == (await video.asset()).video
    assert "READY" == (await video.standing())[0]
