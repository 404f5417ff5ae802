"""Promise: a stored video becomes stored frames that search was told of, range by range.

The use case. Cutting again gives the same numbers, times, bytes, keys and event ids, so that it may
be broken off anywhere and begun again; what is finished already is told again and not cut.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Protocol

from kioku.events.v1 import events_pb2
from kioku_rt.objects import ObjectStore

from kioku_embedder.announcements import Publisher, Subject
from kioku_embedder.frames.announcements import FrameAnnouncer, facts_message
from kioku_embedder.frames.original import local_copy
from kioku_embedder.frames.plan import CutFrame, CutPlan, Facts
from kioku_embedder.frames.ranges import RangeWriter
from kioku_embedder.frames.shelf import Range, Shelf


class Cutter(Protocol):
    """Cuts the video behind a descriptor."""

    plan: CutPlan

    def cut(self, fd: int) -> AsyncGenerator[CutFrame | Facts, None]:
        """Frames, then the facts; raises InvalidInput (VIDEO_*) and DependencyDown."""
        ...


class Observer(Protocol):
    """Is told what happens, for metrics."""

    def stored(self, frames: int) -> None:
        """So many more frames lie in the store."""
        ...


@dataclass(frozen=True)
class Video:
    """What is to be cut.

    Args:
        subject: the video in one of its lives.
        object_key: of the original.
        sha256: of the original; empty where not known.
        space_ids: the spaces its frames are wanted in, at least one; empty is the default one.
    """

    subject: Subject
    object_key: str
    sha256: str
    space_ids: tuple[str, ...] = ("",)


class FrameExtraction:
    """Cuts videos and stores their frames.

    Args:
        objects: where originals lie and frames are put.
        publisher: the event log.
        cutter: with the plan.
        max_bytes: of an original.
        observer: told of every stored range.
    """

    def __init__(
        self,
        objects: ObjectStore,
        publisher: Publisher,
        cutter: Cutter,
        *,
        max_bytes: int,
        observer: Observer,
    ) -> None:
        self._objects = objects
        self._publisher = publisher
        self._cutter = cutter
        self._max_bytes = max_bytes
        self._observer = observer

    async def extract(self, video: Video, *, attempt: int) -> int:
        """Stores and announces the frames of `video`; how many there are.

        Raises:
            KiokuError: OBJECT_MISSING, CHECKSUM_MISMATCH or VIDEO_*.
            DependencyDown: the store, the event log, the local disk or the decoder.
        """
        shelf = Shelf(self._objects, video.subject)
        announcer = self.announcer(video, attempt)
        found = await shelf.finished(self._cutter.plan.digest)
        if found is not None:
            return await _announce_again(announcer, *found)
        await shelf.clear_marks()
        async with local_copy(
            self._objects, video.object_key, sha256=video.sha256, max_bytes=self._max_bytes
        ) as fd:
            return await self._cut(fd, shelf, announcer)

    def announcer(self, video: Video, attempt: int) -> FrameAnnouncer:
        """Who tells of `video`."""
        return FrameAnnouncer(
            self._publisher, video.subject, space_ids=video.space_ids, attempts=attempt
        )

    async def _cut(self, fd: int, shelf: Shelf, announcer: FrameAnnouncer) -> int:
        writer = RangeWriter(shelf, self._cutter.plan.range_frames)
        last = events_pb2.FramesExtracted()
        async with aclosing(writer), aclosing(self._cutter.cut(fd)) as answers:
            async for answer in answers:
                if isinstance(answer, Facts):
                    last.facts.CopyFrom(facts_message(answer))
                elif (part := await writer.add(answer)) is not None:
                    await self._tell(part, announcer)
            if (rest := await writer.rest()) is not None:
                await self._tell(rest, announcer)
        last.total_frames = writer.count
        await shelf.finish(self._cutter.plan.digest, last)
        await announcer.finished(writer.count, last.facts)
        return writer.count

    async def _tell(self, part: Range, announcer: FrameAnnouncer) -> None:
        self._observer.stored(len(part.frames))
        await announcer.stored(part)


async def _announce_again(
    announcer: FrameAnnouncer, ranges: Sequence[Range], last: events_pb2.FramesExtracted
) -> int:
    for part in ranges:
        await announcer.stored(part)
    await announcer.finished(last.total_frames, last.facts)
    return last.total_frames
