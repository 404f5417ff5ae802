"""How far a video is: counted by frame, and told to whoever watches."""

from __future__ import annotations

import asyncio

import pytest_asyncio
from kioku_rt.reasons import Reason
from kioku_search.assets.asset import Failure
from kioku_search.videos.video import VideoProgress

from tests.integration.search.film import FACTS, film

TRUNCATED = Failure(Reason.IMAGE_TRUNCATED, "The image ends early.")


@pytest_asyncio.fixture
async def video(db):
    return await film(db)


async def test_progress_counts_frames(video):
    """Cut, embedded, failed and total; the share grows with each batch and never jumps to one."""
    assert VideoProgress() == (await video.asset()).video
    await video.cut(0, 2)
    await video.embed(0)
    asset = await video.asset()
    assert (VideoProgress(None, 2, 1, 0), 0.0) == (asset.video, asset.progress)
    await video.cut(2, 2, 4)
    await video.embed(1, f1=TRUNCATED)
    asset = await video.asset()
    assert (VideoProgress(4, 4, 1, 1, FACTS), 0.75) == (asset.video, asset.progress)
    await video.embed(2, 3)
    assert 1.0 == (await video.asset()).progress


async def test_watchers_are_told_of_progress_now_and_then(db, video):
    """At once when they were not told for half a second, and not at every batch."""
    heard = asyncio.Queue()

    def hear(*said):
        heard.put_nowait(said[-1])

    async with db.worker.acquire() as connection:
        await connection.add_listener("search_assets", hear)
        await video.cut(0, 2)
        assert str(video.asset_id) in await asyncio.wait_for(heard.get(), 10)
        await db.owner.execute("UPDATE search.videos SET told_at = now() + interval '1 hour'")
        await asyncio.wait_for(heard.get(), 10)  # of this statement
        await video.cut(2, 2)
        await db.owner.execute("UPDATE search.videos SET told_at = '-infinity'")
        await asyncio.wait_for(heard.get(), 10)
        assert heard.empty()
        await video.embed(0, 1)
        await asyncio.wait_for(heard.get(), 10)
        await connection.remove_listener("search_assets", hear)
