"""Videos drawn on the spot: every moment has a grey of its own, so that a frame tells its time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from kioku_embedder.frames.cutting import cut
from kioku_embedder.frames.plan import CutFrame, CutLimits, CutPlan, Facts

MILLISECOND = Fraction(1, 1000)


def grey(level: int, size: tuple[int, int] = (96, 64)) -> np.ndarray:
    """A picture of one grey with a darker upper left quarter, so that up and left can be told."""
    width, height = size
    picture = np.full((height, width, 3), level, np.uint8)
    picture[: height // 2, : width // 2] = level // 4
    return picture


def write_video(
    path: Path,
    shown: Iterable[tuple[int, np.ndarray]],
    *,
    codec: str = "mpeg4",
    options: dict[str, str] | None = None,
    pix_fmt: str = "yuv420p",
    gop: int = 12,
    **context: Any,
) -> Path:
    """A video of pictures, each with the millisecond at which it is shown."""
    pictures = list(shown)
    usual = pictures[1][0] - pictures[0][0] if len(pictures) > 1 else 40
    height, width = pictures[0][1].shape[:2]
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(codec, rate=Fraction(1000, usual), options=options or {})
        stream.width, stream.height, stream.pix_fmt = width, height, pix_fmt
        stream.codec_context.time_base = MILLISECOND
        stream.codec_context.gop_size = gop
        stream.bit_rate = 3_000_000
        for name, value in context.items():
            setattr(stream.codec_context, name, value)
        form = "rgba" if pictures[0][1].shape[2] == 4 else "rgb24"
        for at, pixels in pictures:
            frame = av.VideoFrame.from_ndarray(pixels, format=form)
            frame.pts, frame.time_base = at, MILLISECOND
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


@dataclass(frozen=True)
class Cut:
    """All frames of a video in this process, and its facts."""

    frames: Sequence[CutFrame]
    facts: Facts

    @property
    def times(self) -> list[int]:
        return [frame.time_ms for frame in self.frames]


def cut_file(path: Path, plan: CutPlan | None = None, limits: CutLimits | None = None) -> Cut:
    """Cuts without a child process; raises what the cutter raises."""
    fd = os.open(path, os.O_RDONLY)
    frames: list[CutFrame] = []
    going = cut(fd, plan or CutPlan(drop_identical=False), limits or CutLimits(), lambda: None)
    try:
        while True:
            frames.append(next(going))
    except StopIteration as end:
        return Cut(frames, end.value)
    finally:
        os.close(fd)


@pytest.fixture(autouse=True)
def silent() -> Iterator[None]:
    """FFmpeg writes what it thinks of damaged files."""
    av.logging.set_level(av.logging.PANIC)
    yield
    av.logging.restore_default_callback()


@pytest.fixture
def draw() -> Callable[..., Path]:
    return write_video


@pytest.fixture
def cut_video() -> Callable[..., Cut]:
    return cut_file


@pytest.fixture
def steps() -> Callable[..., list[tuple[int, np.ndarray]]]:
    """`steps(seconds, fps)`: pictures whose grey grows with time."""

    def make(seconds: float, fps: int = 10, **how: Any) -> list[tuple[int, np.ndarray]]:
        count = round(seconds * fps)
        return [
            (round(n * 1000 / fps), grey(40 + round(200 * n / count), **how)) for n in range(count)
        ]

    return make
