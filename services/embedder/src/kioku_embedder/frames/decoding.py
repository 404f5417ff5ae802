"""Promise: the pictures of a stream in order of presentation; damage is stepped over and counted.

Where the file says exactly which pictures will be looked at, the others are left out as far as
that changes nothing (`skipping`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from kioku_embedder.frames.picture import Pixels, miniature
from kioku_embedder.frames.skipping import Skipper
from kioku_embedder.frames.timeline import Timeline

MOST_DAMAGE = 10_000
"""Packets in a row that may fail to decode before the rest is given up."""
DAMAGED = "The file is damaged and could not be read to its end."


class OtherStart(Exception):
    """The first picture that decodes is not the first of the timeline."""

    def __init__(self, at: int) -> None:
        self.at = at
        super().__init__(f"the first picture is shown at {at}")


@dataclass
class Shown:
    """A decoded picture: when it is shown and for how long, in units of the stream."""

    at: int
    lasts: int
    frame: VideoFrame
    _small: Pixels | None = field(default=None, repr=False)

    @property
    def small(self) -> Pixels:
        """uint8 (32, 32, 3), made once."""
        if self._small is None:
            self._small = miniature(self.frame)
        return self._small


@dataclass
class Decoding:
    """One pass over a stream.

    Args:
        container, stream: opened for this pass.
        timeline: of the stream.
        alive: called between packets.
        skipper: which pictures will be looked at; None: all of them.
        keys_only: decode key pictures alone.

    Attributes:
        damaged: packets and pictures that could not be decoded.
        end: unit at which the last picture that came out ends.
        cut_off: why reading ended before the file did.
    """

    container: InputContainer
    stream: VideoStream
    timeline: Timeline
    alive: Callable[[], None]
    skipper: Skipper | None = None
    keys_only: bool = False
    damaged: int = 0
    end: int = 0
    cut_off: str = ""
    _start: int | None = None
    _last: int = -1

    def shown(self) -> Iterator[Shown]:
        """Pictures in order; times count from the first one.

        Raises:
            OtherStart: with a skipper, before any picture: its moments count from another one.
        """
        if self.keys_only:
            self.stream.codec_context.skip_frame = "NONKEY"
        for frame in self._frames():
            if (picture := self._placed(frame)) is not None:
                yield picture

    def _frames(self) -> Iterator[VideoFrame]:
        failures = 0
        for packet in self._packets():
            try:
                frames = self.stream.codec_context.decode(packet)
            except MemoryError:
                raise  # the child is full: that says nothing of this packet
            except (av.FFmpegError, ValueError):
                failures += 1
                self.damaged += 1
                if failures > MOST_DAMAGE:
                    return
                continue
            failures = 0 if frames else failures
            yield from frames

    def _packets(self) -> Iterator[Packet[VideoStream] | None]:
        """What is given to the decoder; None empties it."""
        try:
            for packet in self.container.demux(self.stream):
                self.alive()
                if not packet.size:
                    continue
                if self.skipper is None:
                    yield packet
                else:
                    yield from self._chosen(packet, self.skipper)
                    if self.skipper.finished:
                        break
        except (av.FFmpegError, OSError):
            self.cut_off = DAMAGED
        yield None

    def _chosen(
        self, packet: Packet[VideoStream], skipper: Skipper
    ) -> Iterator[Packet[VideoStream] | None]:
        if skipper.passes_over(packet):
            return
        context = self.stream.codec_context
        context.skip_frame = "DEFAULT" if skipper.feeds(packet) else "NONREF"
        yield packet
        if not skipper.finished and skipper.rests():
            yield None
            context.flush_buffers()

    def _placed(self, frame: VideoFrame) -> Shown | None:
        """The picture with its time, or None when it is damaged or out of order."""
        at = frame.dts if frame.pts is None else frame.pts
        if frame.is_corrupt:
            self.damaged += 1
            return None
        if at is None or (self.skipper is not None and at < self.skipper.floor):
            return None
        if self._start is None:
            if self.skipper is not None and at != int(self.timeline.shown[0]):
                raise OtherStart(at)
            self._start = at
        place = at - self._start
        if place <= self._last:
            return None
        self._last = place
        lasts = int(frame.duration or self.timeline.tail)
        self.end = place + lasts
        return Shown(place, lasts, frame)
