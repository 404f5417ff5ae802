"""Frames look as a player would show them: upright, in shape, in the right colours."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from kioku_embedder.frames.plan import CutPlan
from PIL import Image

MATRICES = {
    "upright": (1, 0, 0, 1),
    "quarter": (0, 1, -1, 0),
    "half": (-1, 0, 0, -1),
    "three quarters": (0, -1, 1, 0),
    "mirrored": (-1, 0, 0, 1),
    "upside down": (1, 0, 0, -1),
}
# Where the dark upper left quarter of the drawn picture is seen: (lower half?, right half?).
CORNERS = {
    "upright": (0, 0),
    "quarter": (0, 1),
    "half": (1, 1),
    "three quarters": (1, 0),
    "mirrored": (0, 1),
    "upside down": (1, 0),
}


def pixels(jpeg: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(jpeg)).convert("RGB")).astype(int)


def turn(path: Path, matrix: tuple[int, int, int, int]) -> Path:
    """Writes another matrix into an MP4's track header (ISO/IEC 14496-12, 8.3.2)."""
    data = bytearray(path.read_bytes())
    place = data.index(b"tkhd") + 4 + 4 + 32 + 4
    a, b, c, d = (value << 16 for value in matrix)
    struct.pack_into(">9i", data, place, a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("name", list(MATRICES))
def test_rotation_and_flips(
    name: str, tmp_path: Path, draw: Any, steps: Any, cut_video: Any
) -> None:
    """All that a track header can say in quarter turns, mirror images included."""
    path = turn(draw(tmp_path / "v.mp4", steps(1)), MATRICES[name])
    found = cut_video(path)
    picture = pixels(found.frames[0].jpeg)
    sideways = "quarter" in name
    assert ((96, 64, 3) if sideways else (64, 96, 3)) == picture.shape
    assert ((64, 96) if sideways else (96, 64)) == (found.facts.width, found.facts.height)
    rows, columns = (np.array_split(range(size), 2) for size in picture.shape[:2])
    means = [[picture[r][:, c].mean() for c in columns] for r in rows]
    row, column = np.unravel_index(np.argmin(means), (2, 2))
    assert CORNERS[name] == (int(row), int(column))


def test_pixel_aspect(tmp_path: Path, draw: Any, steps: Any, cut_video: Any) -> None:
    """Pixels twice as wide as high make a picture twice as wide."""
    options = {"x264-params": "sar=2/1"}
    path = draw(tmp_path / "v.mkv", steps(1), codec="libx264", options=options)
    found = cut_video(path)
    assert (192, 64) == (found.facts.width, found.facts.height)
    assert (64, 192, 3) == pixels(found.frames[0].jpeg).shape


@pytest.mark.parametrize("size", [(95, 63), (5, 64), (2_048, 16)], ids=["odd", "thin", "long"])
def test_odd_sizes(
    size: tuple[int, int], tmp_path: Path, draw: Any, steps: Any, cut_video: Any
) -> None:
    """Odd, thin and long ones; the long edge is at most 1024, the facts are of the original."""
    path = draw(tmp_path / "v.mkv", steps(1, size=size), codec="ffv1", pix_fmt="yuv444p")
    found = cut_video(path)
    assert size == (found.facts.width, found.facts.height)
    frame = found.frames[0]
    assert pixels(frame.jpeg).shape == (frame.height, frame.width, 3)
    assert min(1024, max(size)) == max(frame.width, frame.height)


@pytest.mark.parametrize(
    ("matrix", "full"),
    [(1, False), (1, True), (5, False), (5, True), (9, False)],
    ids=["709", "709-full", "601", "601-full", "2020"],
)
def test_colours(matrix: int, full: bool, tmp_path: Path, draw: Any, cut_video: Any) -> None:
    """Whatever matrix and range a stream is coded in, its colours come out as they went in."""
    colour = np.array([200, 60, 30], np.uint8)
    path = tmp_path / "v.mkv"
    form = "yuvj444p" if full else "yuv444p"
    rgb = av.VideoFrame.from_ndarray(np.broadcast_to(colour, (64, 96, 3)).copy(), format="rgb24")
    spaces = {1: "itu709", 5: "itu601", 9: "bt2020"}
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("ffv1", rate=10)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv444p"
        stream.codec_context.colorspace = matrix
        stream.codec_context.color_range = 2 if full else 1
        for number in range(10):
            frame = rgb.reformat(
                format=form, dst_colorspace=spaces[matrix], dst_color_range=2 if full else 1
            )
            if full:
                frame = _relabelled(frame)
            frame.pts = number
            frame.colorspace, frame.color_range = matrix, 2 if full else 1
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    found = pixels(cut_video(path).frames[0].jpeg)
    np.testing.assert_allclose(found.mean((0, 1)), colour, atol=5)


def _relabelled(frame: Any) -> Any:
    """A yuvj444p frame as yuv444p of full range: the same bytes under the modern name."""
    made = av.VideoFrame(frame.width, frame.height, "yuv444p")
    for ours, theirs in zip(made.planes, frame.planes, strict=True):
        ours.update(bytes(theirs))
    return made


def test_ten_bits(tmp_path: Path, draw: Any, steps: Any, cut_video: Any) -> None:
    """Deep colour becomes eight bits without a shift."""
    path = draw(tmp_path / "v.mkv", steps(1), codec="ffv1", pix_fmt="yuv420p10le")
    found = pixels(cut_video(path).frames[0].jpeg)
    assert found[48:, 64:].mean() == pytest.approx(40, abs=3)
    assert not cut_video(path).facts.hdr


def test_transparent_is_white(tmp_path: Path, draw: Any, cut_video: Any) -> None:
    """As with pictures: what shines through is white."""
    picture = np.zeros((64, 96, 4), np.uint8)
    picture[:, 48:, 3] = 255
    shown = [(n * 100, picture) for n in range(5)]
    path = draw(tmp_path / "v.mov", shown, codec="qtrle", pix_fmt="argb")
    found = pixels(cut_video(path).frames[0].jpeg)
    assert found[:, :40].min() > 240
    assert found[:, 56:].max() < 15


@pytest.mark.parametrize(("curve", "white"), [(16, 0.58), (18, 0.75)], ids=["pq", "hlg"])
def test_hdr(curve: int, white: float, tmp_path: Path, draw: Any, cut_video: Any) -> None:
    """It is flagged; black stays black, reference white is bright, brighter is brighter."""
    levels = [0.0, 0.3, white, 1.0]
    stripes = np.concatenate(
        [np.full((64, 24, 3), round(255 * level), np.uint8) for level in levels], axis=1
    )
    path = draw(
        tmp_path / "v.mkv",
        [(n * 100, stripes) for n in range(5)],
        codec="ffv1",
        pix_fmt="yuv420p10le",
        color_trc=curve,
        color_primaries=9,
        colorspace=9,
    )
    found = cut_video(path)
    assert found.facts.hdr
    seen = pixels(found.frames[0].jpeg).mean((0, 2))[[12, 36, 60, 84]]
    assert seen[0] < 6
    assert (np.diff(seen) > 10).all()
    assert seen[2] > 150


def test_quality_and_size_are_settings(
    tmp_path: Path, draw: Any, steps: Any, cut_video: Any
) -> None:
    """Smaller edge, smaller file."""
    path = draw(tmp_path / "v.mp4", steps(1))
    small = cut_video(path, CutPlan(long_edge=48, quality=40)).frames[0]
    large = cut_video(path).frames[0]
    assert (48, 32, 96, 64) == (small.width, small.height, large.width, large.height)
    assert len(small.jpeg) < len(large.jpeg)
