"""A video goes in once and every moment of it can be found, whatever dies in between."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from kioku_scenes import draw_scene, write_film

from bench.crashes_video import draw, strike
from bench.stack import Stack, temporary_stack
from tests.e2e.app import App
from tests.e2e.test_deletion import receipt, rows_of

SEEDS = tuple(range(616_000, 616_010))
SECONDS = 2


@pytest.fixture(scope="module")
def viewer(stack: Stack) -> Iterator[App]:
    """An app acting for a user who has videos."""
    with closing(App(stack, "viewer")) as app:
        yield app


@pytest.fixture(scope="module")
def film(viewer: App, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A film of ten scenes, two seconds each, that is READY."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    write_film(path, SEEDS, seconds_each=SECONDS)
    asset = viewer.settled(viewer.upload(path, "film.mp4", "video/mp4"), 120)
    assert "ASSET_STATE_READY" == asset["state"], asset
    return asset


def test_its_frames_are_counted(film: Any) -> None:
    """A READY video says how long it is, how many frames it has, and that all are done."""
    video = film["video"]
    assert abs(int(video["facts"]["duration_ms"]) - 1000 * SECONDS * len(SEEDS)) <= 100
    assert video["frames_total"] == video["frames_cut"] == video["frames_embedded"] >= len(SEEDS)
    assert 0 == video["frames_failed"]
    assert {"frames", "embedding"} == {stage["stage"] for stage in film["stages"]}
    assert 1.0 == film["progress"]


def test_words_find_the_moment(viewer: App, film: Any) -> None:
    """A scene's caption finds the film at the time that scene is shown, nearly always."""
    right = 0
    for number, seed in enumerate(SEEDS):
        hits = viewer.search(text=draw_scene(seed).caption_en)["hits"]
        assert [film["asset_id"]] == [hit["asset_id"] for hit in hits]
        shown = int(hits[0]["time_ms"]) / 1000 / SECONDS
        right += number - 0.1 <= shown < number + 1
    assert right >= 0.8 * len(SEEDS)


def test_a_frame_can_be_looked_at(viewer: App, film: Any) -> None:
    """The frames are listed in order of time, and each has a picture behind a signed URL."""
    frames = viewer.http.get(f"/v1/assets/{film['asset_id']}/frames").json()["frames"]
    times = [int(frame["time_ms"]) for frame in frames]
    last = {"frame_no": frames[-1]["frame_no"]}
    url = viewer.http.get(f"/v1/assets/{film['asset_id']}:downloadUrl", params=last).json()["url"]

    assert film["video"]["frames_total"] == len(frames)
    assert sorted(times) == times
    assert b"\xff\xd8" == httpx.get(url).content[:2]


def test_nobody_else_finds_it(mallory: App, film: Any) -> None:
    """Frames belong to their video's owner."""
    assert film["asset_id"] not in mallory.hits(text=draw_scene(SEEDS[0]).caption_en)
    assert 404 == mallory.http.get(f"/v1/assets/{film['asset_id']}/frames").status_code


def test_a_broken_video_says_why(viewer: App, film: Any) -> None:
    """Bytes that only begin like a video end FAILED with a reason."""
    broken = b"\0\0\0\x18ftypisom\0\0\0\0isomiso2" + bytes(2000)
    asset = viewer.settled(viewer.upload(broken, "broken.mp4", "video/mp4"))
    assert "ASSET_STATE_FAILED" == asset["state"]
    assert asset["failure"]["reason"].startswith("VIDEO_")


def test_deleting_it_leaves_no_frame(stack: Stack, forgetful: App, tmp_path: Path) -> None:
    """Rows, vectors and every derived object of a video go with it."""
    write_film(tmp_path / "gone.mp4", SEEDS[:3], seconds_each=1.0)
    asset_id = forgetful.upload(tmp_path / "gone.mp4", "gone.mp4", "video/mp4")
    forgetful.settled(asset_id)
    assert len(stack.objects(asset_id)) > 3
    forgetful.http.delete(f"/v1/assets/{asset_id}")
    receipt(forgetful, asset_id)
    assert 0 == sum(rows_of(stack, asset_id).values())
    assert 0 == stack.value("SELECT count(*) FROM search.frames WHERE asset_id = $1", asset_id)
    assert [] == stack.objects(asset_id)


@pytest.fixture(scope="module")
def breakable() -> Iterator[Stack]:
    """A stack of its own, one of each."""
    with temporary_stack() as running:
        yield running


@pytest.mark.timeout(300)
@pytest.mark.parametrize("fault", ["frames", "embedder"])
def test_no_frame_is_lost_or_doubled(breakable: Stack, tmp_path: Path, fault: str) -> None:
    """kill -9 in the middle of videos: every frame has one row, one object and one vector."""
    drawn = draw(tmp_path, videos=2, seconds=20, seed=700_000 + 100 * len(fault))
    row = strike(breakable, fault, drawn, 20, f"viewer-{fault}")

    assert (2, 40, 40, 40, 40) == (row.ready, row.expected, row.rows, row.vectors, row.objects)
    assert (0, 0) == (row.lost, row.doubled)
