"""Promise: a video file is opened as what its bytes are, and leads to no other file or address.

The file is a descriptor: FFmpeg gets the protocol `fd` and no other, and only containers that hold
their pictures themselves, so a playlist dressed as a video opens nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream
from kioku_rt.errors import InvalidInput
from kioku_rt.images import SNIFF_BYTES, sniff
from kioku_rt.reasons import Reason

from kioku_embedder.frames.plan import CutLimits

# Names of FFmpeg's demuxers. No hls, dash, concat, image2, sdp, rtsp or lavfi.
_CONTAINERS = "mov,matroska,avi,mpegts,mpeg,flv,ogg,asf"
_OPTIONS = {"protocol_whitelist": "fd", "format_whitelist": _CONTAINERS}
# These keep everything about their packets in tables of the header; no picture need be decoded.
_TABLED = frozenset({"video/mp4", "video/quicktime"})
_UNSEEN = {"probesize": "32", "analyzeduration": "0"}


@contextmanager
def open_video(
    fd: int, limits: CutLimits, *, packets_only: bool = False
) -> Iterator[tuple[InputContainer, VideoStream]]:
    """The file's container and the stream that a player would show.

    Args:
        fd: descriptor of the file.
        limits: of its pictures.
        packets_only: nothing will be decoded; opening takes less time then.

    Raises:
        InvalidInput: VIDEO_UNSUPPORTED_FORMAT, VIDEO_NO_FRAMES or VIDEO_TOO_MANY_PIXELS.
    """
    os.lseek(fd, 0, os.SEEK_SET)
    quick = _UNSEEN if packets_only and sniff(os.pread(fd, SNIFF_BYTES, 0)) in _TABLED else {}
    options = {**_OPTIONS, **quick, "fd": str(fd)}
    try:
        opened = av.open("fd:", options=options, metadata_errors="replace")
    except (av.FFmpegError, OSError, ValueError):
        raise InvalidInput(Reason.VIDEO_UNSUPPORTED_FORMAT) from None
    with opened as container:
        stream = _shown_stream(container)
        _check_pixels(stream.codec_context.width, stream.codec_context.height, limits)
        # One thread: damaged pictures come out the same each time, and videos share the cores.
        stream.codec_context.thread_count = 1
        # For sizes that change on the way; decoders count the margins of their buffers too.
        most = 2 * limits.max_pixels + 2**16
        stream.codec_context.options = {"max_pixels": str(most)}
        yield container, stream


def _shown_stream(container: InputContainer) -> VideoStream:
    """The default one, else the first; cover art is no video."""
    moving = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    if not moving:
        raise InvalidInput(Reason.VIDEO_NO_FRAMES)
    readable = [stream for stream in moving if stream.codec_context is not None]
    if not readable:
        raise InvalidInput(Reason.VIDEO_UNSUPPORTED_FORMAT)
    default = [stream for stream in readable if stream.disposition & Disposition.default]
    return (default or readable)[0]


def _check_pixels(width: int, height: int, limits: CutLimits) -> None:
    if width * height > limits.max_pixels:
        raise InvalidInput(
            Reason.VIDEO_TOO_MANY_PIXELS,
            f"The video is {width}x{height}; the limit is {limits.max_pixels / 1e6:g} MP.",
            metadata={"width": str(width), "height": str(height)},
        )
