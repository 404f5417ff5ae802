"""Promise: what becomes of a video is told to the event log, once however often it is cut.

An event's id is made from asset, life, first frame and space, so that a cut that begins again
publishes duplicates of what was told before.
"""

from __future__ import annotations

from kioku.assets.v1 import asset_pb2
from kioku.events.v1 import events_pb2
from kioku_rt.reasons import Reason

from kioku_embedder.announcements import (
    Announcer,
    Publisher,
    Subject,
    event_headers,
    event_id,
    event_time,
)
from kioku_embedder.frames.plan import Facts
from kioku_embedder.frames.shelf import Range

EXTRACTED = "frames.extracted"
STAGE = "frames"


class FrameAnnouncer:
    """Publishes the ranges of one cut, and its failure.

    Args:
        publisher: the event log.
        subject: the video.
        space_ids: the spaces its frames are wanted in; empty is the embedder's default one. Each
            is told of by itself, so that no space waits for another or fails with it.
        attempts: deliveries that were used, the first included.
    """

    def __init__(
        self, publisher: Publisher, subject: Subject, *, space_ids: tuple[str, ...], attempts: int
    ) -> None:
        self._publisher = publisher
        self._subject = subject
        self._space_ids = space_ids
        self._attempts = attempts

    async def stored(self, part: Range) -> None:
        """Tells of a range that is stored; raises DependencyDown."""
        for space_id in self._space_ids:
            message = events_pb2.FramesExtracted(
                manifest_key=part.manifest_key,
                first_frame_no=part.first,
                frame_count=len(part.frames),
            )
            await self._tell(message, space_id)

    async def finished(self, total: int, facts: asset_pb2.VideoFacts) -> None:
        """Tells that all frames are stored, and how many they are; raises DependencyDown."""
        message = events_pb2.FramesExtracted(first_frame_no=total, total_frames=total, facts=facts)
        await self._tell(message, self._space_ids[0])

    async def failed(self, reason: Reason, message: str) -> None:
        """Tells that the video has no frames, or not all of them; raises DependencyDown."""
        await Announcer(self._publisher).failed(
            self._subject, reason, message, attempts=self._attempts, stage=STAGE
        )

    async def _tell(self, message: events_pb2.FramesExtracted, space_id: str) -> None:
        message.asset_id = self._subject.asset_id
        message.owner = self._subject.owner
        message.generation = self._subject.generation
        message.space_id = space_id
        message.order_id = self._subject.order_id
        message.attempts = self._attempts
        message.event_time.CopyFrom(event_time())
        about = f"{message.first_frame_no}/{space_id}"
        await self._publisher.publish(
            EXTRACTED,
            message.SerializeToString(),
            event_id=event_id(EXTRACTED, self._subject, about),
            headers=event_headers("image"),
        )


def facts_message(facts: Facts) -> asset_pb2.VideoFacts:
    """The facts as search stores them."""
    return asset_pb2.VideoFacts(
        duration_ms=facts.duration_ms,
        width=facts.width,
        height=facts.height,
        codec=facts.codec,
        hdr=facts.hdr,
        incomplete=facts.incomplete,
    )
