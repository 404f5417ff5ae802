"""Promise: every uploaded video ends as frames that search was told of, or as a reason.

Pictures are none of ours and are acknowledged. What the bytes are to blame for is dead at once; a
dependency that is down costs no attempt.
"""

from __future__ import annotations

from time import monotonic

import structlog
from google.protobuf.message import DecodeError
from kioku.assets.v1 import asset_pb2
from kioku.events.v1 import events_pb2
from kioku_rt.errors import DependencyDown, KiokuError
from kioku_rt.events import Ack, Dead, Event, Outcome, Retry, Wait
from kioku_rt.reasons import CATALOGUE, Reason

from kioku_embedder.announcements import Subject
from kioku_embedder.frames import metrics
from kioku_embedder.frames.extraction import FrameExtraction, Video
from kioku_embedder.tags.space import is_tags_space
from kioku_embedder.wanted import wanted_spaces

TASK = "extract_frames"
QUEUE = "default"
_UPLOADED = "asset.uploaded"
_LOG = structlog.get_logger(__name__)


class VideoConsumer:
    """Handles `asset.uploaded` and `embedding.requested`.

    Args:
        extraction: the use case.
        observer: told how each video ended.
    """

    def __init__(self, extraction: FrameExtraction, observer: metrics.Metrics) -> None:
        self._extraction = extraction
        self._observer = observer

    async def handle(self, event: Event) -> Outcome:
        """One delivery; every frame is stored and announced before this returns Ack."""
        try:
            video = _video_of(event)
        except (DecodeError, ValueError):
            return Dead(Reason.EVENT_NOT_DECODABLE, CATALOGUE[Reason.EVENT_NOT_DECODABLE].meaning)
        if video is None:
            return Ack()
        outcome = await self._cut(video, event.attempt)
        if not isinstance(outcome, Retry | Wait):
            self._observer.ended(outcome.reason if isinstance(outcome, Dead) else None)
        return outcome

    async def on_dead(self, event: Event, dead: Dead) -> None:
        """Tells search why a video has no frames; an event nobody can read has no video.

        Raises:
            DependencyDown: the event log does not answer.
        """
        try:
            video = _video_of(event)
        except (DecodeError, ValueError):
            return
        if video is not None:
            announcer = self._extraction.announcer(video, event.attempt)
            await announcer.failed(dead.reason, dead.message)

    async def _cut(self, video: Video, attempt: int) -> Outcome:
        started = monotonic()
        with metrics.IN_HAND.track_inprogress(), metrics.SECONDS.time():
            try:
                count = await self._extraction.extract(video, attempt=attempt)
            except DependencyDown as down:
                return Wait(down.dependency)
            except KiokuError as error:
                return Dead(error.reason, error.message)
        _LOG.info(
            "task",
            task=TASK,
            queue=QUEUE,
            result={"video_id": video.subject.asset_id, "frame_count": count},
            seconds=round(monotonic() - started, 3),
        )
        return Ack()


def _video_of(event: Event) -> Video | None:
    """The video that an event is about, None if it is about something else.

    Raises:
        DecodeError, ValueError: the payload is not of its subject's type, or names no asset.
    """
    message: events_pb2.AssetUploaded | events_pb2.EmbeddingRequested
    order = ""
    if event.subject == _UPLOADED:
        message = events_pb2.AssetUploaded.FromString(event.payload)
        spaces = wanted_spaces(message)
    else:
        message = events_pb2.EmbeddingRequested.FromString(event.payload)
        spaces, order = (message.space_id,), message.order_id
    if message.kind != asset_pb2.ASSET_KIND_VIDEO or is_tags_space(spaces[0]):
        return None
    if not message.asset_id or not message.object_key:
        raise ValueError("an event without asset or object key")
    subject = Subject(message.asset_id, message.owner, message.generation, order)
    return Video(subject, message.object_key, message.sha256, spaces)
