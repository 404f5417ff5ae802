"""What is broken ends in a reason, or in what could be read and a word about the rest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from kioku_embedder.frames.plan import CutLimits
from kioku_rt.errors import InvalidInput
from kioku_rt.reasons import Reason


def refused(cut_video: Any, path: Path, **how: Any) -> Reason:
    with pytest.raises(InvalidInput) as refusal:
        cut_video(path, **how)
    return refusal.value.reason


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no video at all",
        b"#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile '/etc/hostname'\n",
        b"v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\n",
        b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2",
    ],
    ids=["empty", "text", "hls", "concat", "sdp", "ftyp-only"],
)
def test_what_is_no_video_is_unsupported(data: bytes, tmp_path: Path, cut_video: Any) -> None:
    """Playlists and session descriptions open nothing, whatever they are called."""
    path = tmp_path / "v.mp4"
    path.write_bytes(data)
    assert Reason.VIDEO_UNSUPPORTED_FORMAT == refused(cut_video, path)


def test_sound_alone_has_no_frames(tmp_path: Path, cut_video: Any) -> None:
    """Also with cover art, which is no video."""
    path = tmp_path / "sound.mka"
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.int16), layout="mono")
        sound.rate = 8000
        container.mux(stream.encode(sound))
    assert Reason.VIDEO_NO_FRAMES == refused(cut_video, path)


def test_cover_art_is_passed_over(tmp_path: Path, draw: Any, steps: Any, cut_video: Any) -> None:
    """The moving stream is cut, though the cover comes first."""
    film = draw(tmp_path / "film.mkv", steps(2))
    path = tmp_path / "covered.mp4"
    cover = av.VideoFrame.from_ndarray(np.full((32, 32, 3), 250, np.uint8), format="rgb24")
    with av.open(str(film)) as source, av.open(str(path), "w") as container:
        art: Any = container.add_stream("mjpeg", rate=1)
        art.width = art.height = 32
        art.pix_fmt = "yuvj420p"
        art.disposition = av.stream.Disposition.attached_pic
        moving = container.add_stream_from_template(source.streams.video[0])
        container.mux(art.encode(cover) + art.encode())
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = moving
                container.mux(packet)
    found = cut_video(path)
    assert ([0, 1000], 96) == (found.times, found.facts.width)


@pytest.mark.parametrize(("container", "part"), [("mkv", 0.6), ("avi", 0.3)], ids=["mkv", "avi"])
def test_a_file_that_ends_early(
    container: str, part: float, tmp_path: Path, draw: Any, steps: Any, cut_video: Any
) -> None:
    """Frames up to the damage are kept."""
    path = draw(tmp_path / f"v.{container}", steps(6, 10), gop=5)
    whole = cut_video(path)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * part)])
    found = cut_video(path)
    assert 2 <= len(found.frames) < 6
    assert whole.frames[: len(found.frames) - 1] == found.frames[:-1]


def test_an_mp4_that_ends_early_says_so(
    tmp_path: Path, draw: Any, steps: Any, cut_video: Any
) -> None:
    """Its header, here in front, promises more pictures than there are."""
    film = draw(tmp_path / "film.mkv", steps(6, 10), gop=5)
    path = tmp_path / "v.mp4"
    with (
        av.open(str(film)) as source,
        av.open(str(path), "w", options={"movflags": "faststart"}) as container,
    ):
        moving = container.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = moving
                container.mux(packet)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    found = cut_video(path)
    assert 1 <= len(found.frames) < 6
    assert found.facts.incomplete.startswith("The file ends early: ")
    assert found.facts.incomplete.endswith(" of 60 pictures are in it.")


def test_damage_in_the_middle(tmp_path: Path, draw: Any, steps: Any, cut_video: Any) -> None:
    """Cutting goes on behind it, and comes out the same each time."""
    path = draw(tmp_path / "v.mkv", steps(8, 10), codec="libx264", gop=5)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 600] = np.random.default_rng(1).bytes(600)
    path.write_bytes(data)
    found = cut_video(path)
    assert [0, 7000] == [found.times[0], found.times[-1]]
    assert found == cut_video(path)


def test_limits(tmp_path: Path, draw: Any, steps: Any, cut_video: Any) -> None:
    """Too long and too many pixels are refused by the header."""
    path = draw(tmp_path / "v.mp4", steps(3))
    too_long = refused(cut_video, path, limits=CutLimits(max_seconds=2.9))
    too_large = refused(cut_video, path, limits=CutLimits(max_pixels=96 * 64 - 1))
    assert (Reason.VIDEO_TOO_LONG, Reason.VIDEO_TOO_MANY_PIXELS) == (too_long, too_large)
    assert 3 == len(cut_video(path, limits=CutLimits(max_seconds=3, max_pixels=96 * 64)).frames)


def test_the_default_stream_is_cut(tmp_path: Path, cut_video: Any) -> None:
    """Of several video streams the one marked as default, else the first."""
    path = tmp_path / "two.mkv"
    with av.open(str(path), "w") as container:
        streams: list[Any] = [container.add_stream("mpeg4", rate=10) for _ in range(2)]
        for stream, width in zip(streams, (32, 64), strict=True):
            stream.width, stream.height, stream.pix_fmt = width, 32, "yuv420p"
        streams[0].disposition = av.stream.Disposition.dub
        streams[1].disposition = av.stream.Disposition.default
        for number in range(10):
            for stream in streams:
                blank = np.full((32, stream.width, 3), 90, np.uint8)
                frame = av.VideoFrame.from_ndarray(blank, format="rgb24")
                frame.pts = number
                container.mux(stream.encode(frame))
        for stream in streams:
            container.mux(stream.encode())
    assert 64 == cut_video(path).facts.width
