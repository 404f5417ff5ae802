"""Frames are chosen by when pictures are shown, and carry exactly that time."""

from __future__ import annotations

import gc
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from kioku_embedder.frames.cutting import cut
from kioku_embedder.frames.plan import CutFrame, CutLimits, CutPlan, Sampling
from PIL import Image


def cutting(path: Path) -> Iterator[CutFrame]:
    """The frames of a file, one by one."""
    with path.open("rb") as file:
        yield from cut(file.fileno(), KEEP_ALL, CutLimits(), lambda: None)


KEEP_ALL = CutPlan(drop_identical=False)


def level(jpeg: bytes) -> float:
    """Mean of the lower right quarter, which tells when the picture was shown."""
    pixels = np.asarray(Image.open(io.BytesIO(jpeg)).convert("L"))
    return float(pixels[pixels.shape[0] // 2 :, pixels.shape[1] // 2 :].mean())


@pytest.mark.parametrize("container", ["mp4", "mkv", "avi", "mov"])
def test_one_frame_a_second(
    container: str, tmp_path: Path, draw: Callable[..., Path], steps: Any, cut_video: Any
) -> None:
    """At 0, 1, 2, … s, whatever the container; each shows what is on screen then."""
    path = draw(tmp_path / f"v.{container}", steps(4.5), options={})
    found = cut_video(path)
    assert [0, 1000, 2000, 3000, 4000] == found.times
    expected = [40 + 200 * at / 4500 for at in found.times]
    np.testing.assert_allclose([level(f.jpeg) for f in found.frames], expected, atol=6)
    assert (4500, "") == (found.facts.duration_ms, found.facts.incomplete)


def test_variable_frame_rate(tmp_path: Path, draw: Any, cut_video: Any) -> None:
    """A picture that stays for seconds is one frame with its own time; hurried ones are skipped."""
    from_ms = [0, 100, 200, 900, 950, 3400, 3500, 4000, 4100, 6950]
    pictures = [(at, np.full((64, 96, 3), 20 + 20 * n, np.uint8)) for n, at in enumerate(from_ms)]
    path = draw(tmp_path / "v.mkv", pictures)
    assert [0, 950, 4000, 4100] == cut_video(path).times[:4]


def test_times_begin_with_the_first_picture(
    tmp_path: Path, draw: Any, steps: Any, cut_video: Any
) -> None:
    """A video whose clock starts at 8 s is cut as one that starts at 0."""
    late = [(at + 8_000, picture) for at, picture in steps(2.5)]
    found = cut_video(draw(tmp_path / "late.mkv", late))
    early = cut_video(draw(tmp_path / "early.mkv", steps(2.5)))
    assert [0, 1000, 2000] == found.times == early.times
    assert found.facts == early.facts


@pytest.mark.parametrize("rate", [0.5, 2.0, 3.0, 10.0])
def test_the_rate_is_the_setting(
    rate: float, tmp_path: Path, draw: Any, steps: Any, cut_video: Any
) -> None:
    """The picture on screen at each multiple of 1/rate."""
    path = draw(tmp_path / "v.mp4", steps(3))
    moments = [n / rate for n in range(int(np.ceil(3 * rate)))]
    expected = [int(moment * 10 + 1e-9) * 100 for moment in moments]
    assert expected == cut_video(path, CutPlan(rate=rate, drop_identical=False)).times


def test_a_long_video_is_sampled_more_widely(
    tmp_path: Path, draw: Any, steps: Any, cut_video: Any
) -> None:
    """Never more than the most, and spread over the whole of it."""
    path = draw(tmp_path / "v.mp4", steps(12, 5))
    assert [0, 3000, 6000, 9000] == cut_video(path, CutPlan(max_frames=4)).times
    for sampling in (Sampling.KEYFRAME, Sampling.SCENE):
        plan = CutPlan(sampling=sampling, max_frames=4, min_seconds=0, drop_identical=False)
        assert len(cut_video(path, plan).frames) <= 4


@pytest.mark.parametrize("codec", ["libx264", "mpeg4", "libvpx-vp9"])
@pytest.mark.parametrize("gop", [5, 12, 250])
@pytest.mark.parametrize("rate", [0.4, 1.0, 4.0])
def test_skipping_changes_nothing(
    codec: str,
    gop: int,
    rate: float,
    tmp_path: Path,
    draw: Any,
    steps: Any,
    cut_video: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What the decoder is spared makes no difference to any byte of any frame."""
    options = {"libx264": {"bf": "3", "preset": "ultrafast"}, "libvpx-vp9": {"cpu-used": "8"}}
    path = draw(tmp_path / "v.mkv", steps(6, 12), codec=codec, gop=gop, options=options.get(codec))
    plan = CutPlan(rate=rate, drop_identical=False)
    quick = cut_video(path, plan)
    monkeypatch.setattr("kioku_embedder.frames.cutting.Chooser.skipper", lambda _: None)
    assert quick == cut_video(path, plan)


def test_scenes(tmp_path: Path, draw: Any, cut_video: Any) -> None:
    """The first picture of each scene; steady movement is none."""
    rng = np.random.default_rng(5)
    scenes = [rng.integers(0, 255, (8, 12, 3), np.uint8).repeat(8, 0).repeat(8, 1) for _ in "abc"]
    pictures = [(n * 100, np.roll(scenes[n // 15], n, axis=1)) for n in range(45)]
    plan = CutPlan(sampling=Sampling.SCENE, drop_identical=False)
    assert [0, 1500, 3000] == cut_video(draw(tmp_path / "v.mp4", pictures), plan).times


def test_key_frames(tmp_path: Path, draw: Any, steps: Any, cut_video: Any) -> None:
    """Every key frame, but none sooner than the least distance after the one before."""
    path = draw(tmp_path / "v.mp4", steps(4), gop=7, options={"sc_threshold": "1000000000"})
    plan = CutPlan(sampling=Sampling.KEYFRAME, min_seconds=0.5, drop_identical=False)
    assert [0, 700, 1400, 2100, 2800, 3500] == cut_video(path, plan).times
    wide = CutPlan(sampling=Sampling.KEYFRAME, min_seconds=1.0, drop_identical=False)
    assert [0, 1400, 2800] == cut_video(path, wide).times


def test_nothing_new_is_not_kept(tmp_path: Path, draw: Any, cut_video: Any) -> None:
    """Of a run that looks the same the first one is kept; slow change is seen; colour counts."""
    red, green = (np.zeros((64, 96, 3), np.uint8) for _ in "rg")
    red[..., 0], green[..., 1] = 150, 76  # about equally bright
    still = [(n * 500, red if n < 8 else green) for n in range(16)]
    assert [0, 4000] == cut_video(draw(tmp_path / "still.mkv", still), CutPlan()).times
    slow = [(n * 500, np.full((64, 96, 3), 60 + n, np.uint8)) for n in range(24)]
    kept = cut_video(draw(tmp_path / "slow.mkv", slow), CutPlan()).times
    assert 3 <= len(kept) < 12
    assert 12 == len(cut_video(tmp_path / "slow.mkv", KEEP_ALL).times)


def test_pictures_are_let_go(tmp_path: Path, draw: Any, steps: Any, cut_video: Any) -> None:
    """However long the video, only a few pictures are in memory, collected cycles or not."""
    path = draw(tmp_path / "v.mp4", steps(30))
    gc.collect()
    gc.disable()
    try:
        alive = [
            sum(type(each) is av.VideoFrame for each in gc.get_objects()) for _ in cutting(path)
        ]
    finally:
        gc.enable()
    assert 30 == len(alive)
    assert max(alive) < 12
