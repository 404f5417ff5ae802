"""Promise: a chosen picture becomes a frame, upright and small, unless it shows nothing new."""

from __future__ import annotations

from collections.abc import Iterator

import av
from av.video.stream import VideoStream
from kioku_rt.errors import InvalidInput
from kioku_rt.images import encode_jpeg
from kioku_rt.reasons import Reason

from kioku_embedder.frames.decoding import Decoding, Shown
from kioku_embedder.frames.picture import (
    Pixels,
    Shape,
    Turning,
    is_hdr,
    render,
    shape_of,
    turning_of,
)
from kioku_embedder.frames.plan import CutFrame, CutPlan, Facts
from kioku_embedder.frames.runs import alike
from kioku_embedder.frames.timeline import Timeline


class Framing:
    """Makes the frames of one video.

    Args:
        stream: they come from.
        plan: how they are stored.
    """

    def __init__(self, stream: VideoStream, plan: CutPlan) -> None:
        self._stream = stream
        self._plan = plan
        self._kept: Pixels | None = None
        self._turning: Turning | None = None
        self._shape: Shape | None = None
        self._hdr = False
        self._refused = 0

    def framed(self, picture: Shown) -> Iterator[CutFrame]:
        """The frame of `picture`; none where it looks like the last one kept."""
        frame = picture.frame
        if self._turning is None:
            self._turning = turning_of(frame)
        shape = shape_of(frame, self._stream.sample_aspect_ratio, self._turning)
        try:
            if self._plan.drop_identical and self._repeats(picture):
                return
            pixels = render(frame, shape, self._plan.long_edge)
        except MemoryError:
            raise  # the child is full: that says nothing of this picture
        except (av.FFmpegError, ValueError):
            self._refused += 1
            return
        if self._shape is None:
            self._shape, self._hdr = shape, is_hdr(frame)
        if self._plan.drop_identical:
            self._kept = picture.small
        height, width = pixels.shape[:2]
        jpeg = encode_jpeg(pixels, self._plan.quality)
        yield CutFrame(self._milliseconds(picture), width, height, jpeg)

    def facts(self, timeline: Timeline, decoding: Decoding) -> Facts:
        """What the video is, once all of it has been through.

        Raises:
            InvalidInput: VIDEO_NO_FRAMES, when there was no picture.
        """
        if self._shape is None:
            raise InvalidInput(Reason.VIDEO_NO_FRAMES)
        width, height = self._shape.upright
        lost = decoding.damaged + self._refused
        return Facts(
            duration_ms=round(timeline.seconds * 1000),
            width=width,
            height=height,
            codec=self._stream.codec_context.codec.canonical_name,
            hdr=self._hdr,
            incomplete=timeline.cut_off or decoding.cut_off or _damage(lost),
        )

    def _repeats(self, picture: Shown) -> bool:
        return self._kept is not None and alike(self._kept, picture.small)

    def _milliseconds(self, picture: Shown) -> int:
        return round(picture.at * 1000 * (self._stream.time_base or 0))


def _damage(pictures: int) -> str:
    return f"Pictures that could not be decoded: {pictures}." if pictures else ""
