"""Promise: one video file in, its frames out one by one, and at the end what the video is.

Only a picture or two are in memory at a time, however long the video. Runs in a child process: it
meets bytes from anybody.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from kioku_rt.errors import InvalidInput
from kioku_rt.reasons import Reason

from kioku_embedder.frames.container import open_video
from kioku_embedder.frames.decoding import Decoding, OtherStart, Shown
from kioku_embedder.frames.framing import Framing
from kioku_embedder.frames.plan import CutFrame, CutLimits, CutPlan, Facts, Sampling
from kioku_embedder.frames.sampling import Grid, apart, at_moments, at_scenes
from kioku_embedder.frames.skipping import Skipper
from kioku_embedder.frames.timeline import Timeline, read_timeline

Cut = Generator[CutFrame, None, Facts]


def cut(fd: int, plan: CutPlan, limits: CutLimits, alive: Callable[[], None]) -> Cut:
    """The frames of the video in `fd` (seekable); returns its facts.

    Args:
        fd: descriptor of the file.
        plan: which frames, and how they are stored.
        limits: beyond which a video is refused.
        alive: called often, as a sign of life.

    Raises:
        InvalidInput: VIDEO_UNSUPPORTED_FORMAT, VIDEO_NO_FRAMES, VIDEO_TOO_LONG or
            VIDEO_TOO_MANY_PIXELS.
    """
    with open_video(fd, limits, packets_only=True) as (container, stream):
        timeline = read_timeline(container, stream, alive)
    _check(timeline, limits)
    while True:
        try:
            return (yield from _pass(fd, plan, limits, timeline, alive))
        except OtherStart as other:
            timeline = replace(timeline, shown=timeline.shown[timeline.shown >= other.at])
            if not len(timeline.shown) or int(timeline.shown[0]) != other.at:
                timeline = replace(timeline, exact=False)


def _check(timeline: Timeline, limits: CutLimits) -> None:
    if not len(timeline.shown):
        raise InvalidInput(Reason.VIDEO_NO_FRAMES)
    if timeline.seconds > limits.max_seconds:
        raise InvalidInput(
            Reason.VIDEO_TOO_LONG,
            f"The video lasts {timeline.seconds:.0f} s; the limit is {limits.max_seconds:g} s.",
        )


def _pass(
    fd: int, plan: CutPlan, limits: CutLimits, timeline: Timeline, alive: Callable[[], None]
) -> Cut:
    with open_video(fd, limits) as (container, stream):
        chooser = Chooser(plan, timeline)
        decoding = Decoding(
            container,
            stream,
            timeline,
            alive,
            skipper=chooser.skipper(),
            keys_only=plan.sampling is Sampling.KEYFRAME,
        )
        frames = Framing(stream, plan)
        for picture in chooser.chosen(decoding.shown()):
            yield from frames.framed(picture)
        return frames.facts(timeline, decoding)


@dataclass(frozen=True)
class Chooser:
    """The plan's sampling on one timeline."""

    plan: CutPlan
    timeline: Timeline

    def skipper(self) -> Skipper | None:
        """What need not be decoded, where that is known beforehand."""
        if self.plan.sampling is not Sampling.RATE or not self.timeline.exact:
            return None
        return Skipper(
            self.timeline, self._grid().on_screen(self.timeline.shown, self.timeline.tail)
        )

    def chosen(self, pictures: Iterable[Shown]) -> Iterator[Shown]:
        """The pictures that become frames, nearly identical ones included."""
        match self.plan.sampling:
            case Sampling.RATE:
                return at_moments(pictures, self._grid())
            case Sampling.SCENE:
                return at_scenes(pictures, self.plan.scene_threshold, self._distance())
            case Sampling.KEYFRAME:
                return apart(pictures, self._distance())

    def _grid(self) -> Grid:
        line = self.timeline
        return Grid.of(self.plan.rate, line.seconds, self.plan.max_frames, line.unit)

    def _distance(self) -> int:
        """Least distance in units; wider where the video would have too many frames."""
        widest = Fraction(self.timeline.seconds) / self.plan.max_frames
        least = max(Fraction(self.plan.min_seconds), widest)
        return max(1, -(-least // self.timeline.unit))
