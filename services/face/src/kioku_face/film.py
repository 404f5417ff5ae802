"""Promise: of a video's frames at most one a second is looked at, whichever way they come.

`frames.extracted` names a manifest of one range of frames; the last message says how many there
are. Which frames are taken depends on their times alone, so a range that is told twice (once for
each space of pictures) is looked at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from google.protobuf.message import DecodeError
from kioku.events.v1 import events_pb2
from kioku_rt.errors import InvalidInput
from kioku_rt.objects.port import derived_prefix
from kioku_rt.reasons import Reason

from kioku_face.detection import Detection
from kioku_face.originals import Objects
from kioku_face.picture import Cause, Effect, Picture

MAX_MANIFEST_BYTES = 2**20
CONSUMER = "face-frames"


@dataclass(frozen=True)
class Cut:
    """What one `frames.extracted` says; `total` comes with the last one."""

    owner: str
    asset_id: UUID
    generation: int
    manifest_key: str
    first: int
    count: int
    total: int | None


class Frames(Protocol):
    """Where frames are known. Every method raises DependencyDown when the database is away."""

    async def expect(self, cut: Cut, pictures: Sequence[Picture]) -> Effect:
        """Note frames to be looked at, unless the video is unknown, deleted, or cut anew since."""

    async def waiting(self, cut: Cut) -> list[Picture]:
        """Frames of the range that are still to be looked at."""

    async def whole(self, cut: Cut) -> None:
        """The video has `cut.total` frames: forget those after them, faces and all."""


class Films:
    """What `frames.extracted` does.

    Args:
        every_ms: of frames within so many milliseconds the first is looked at.
    """

    def __init__(
        self, frames: Frames, objects: Objects, detection: Detection, *, every_ms: int
    ) -> None:
        self._frames = frames
        self._objects = objects
        self._detection = detection
        self._every_ms = every_ms

    async def extracted(self, cut: Cut) -> Effect:
        """Look at the frames of a range; a bad one fails alone.

        Raises:
            InvalidInput: FIELD_INVALID, the event and its manifest do not belong together.
            KiokuError: OBJECT_MISSING, the manifest is not there; what may pass.
            DependencyDown: database, object store or decoder do not answer.
        """
        pictures = await self._pictures(cut) if cut.count else []
        effect = await self._frames.expect(cut, pictures)
        if effect is not Effect.DONE:
            return effect
        for picture in await self._frames.waiting(cut):
            await self._detection.look_or_fail(picture, _cause(picture))
        if cut.total is not None:
            await self._frames.whole(cut)
        return Effect.DONE

    async def _pictures(self, cut: Cut) -> list[Picture]:
        """The frames of the range that are looked at."""
        home = derived_prefix(cut.owner, str(cut.asset_id))
        # A key elsewhere would let one owner's event show another owner's objects.
        if not cut.manifest_key.startswith(home):
            raise _unsound("The manifest is not stored with its video.")
        raw = await self._objects.get(cut.manifest_key, max_bytes=MAX_MANIFEST_BYTES)
        frames = _frames_of(raw, cut)
        if not all(one.object_key.startswith(home) for one in frames):
            raise _unsound("A frame is not stored with its video.")
        return [_picture(one, cut) for one in chosen(frames, self._every_ms)]


def chosen(frames: Sequence[events_pb2.Frame], every_ms: int) -> list[events_pb2.Frame]:
    """The first frame of each stretch of `every_ms` milliseconds; 0: every frame."""
    if not every_ms:
        return list(frames)
    first: dict[int, events_pb2.Frame] = {}
    for frame in frames:
        first.setdefault(frame.time_ms // every_ms, frame)
    return list(first.values())


def _frames_of(raw: bytes, cut: Cut) -> Sequence[events_pb2.Frame]:
    try:
        manifest = events_pb2.FrameManifest.FromString(raw)
    except DecodeError:
        raise _unsound("The manifest is no FrameManifest.") from None
    if (manifest.asset_id, manifest.generation) != (str(cut.asset_id), cut.generation):
        raise _unsound("The manifest is of another video or cutting.")
    numbers = [one.frame_no for one in manifest.frames]
    if numbers != list(range(cut.first, cut.first + cut.count)):
        raise _unsound("The manifest holds other frames than the event says.")
    return manifest.frames


def _picture(frame: events_pb2.Frame, cut: Cut) -> Picture:
    return Picture(
        owner=cut.owner,
        asset_id=cut.asset_id,
        generation=cut.generation,
        frame_no=frame.frame_no,
        time_ms=frame.time_ms,
        object_key=frame.object_key,
        sha256=frame.sha256,
    )


def _cause(picture: Picture) -> Cause:
    """By the frame and not by the event: two that tell of the same frame may be handled at once."""
    frame = f"{picture.owner}/{picture.asset_id}/{picture.generation}/{picture.frame_no}"
    return Cause(CONSUMER, frame)


def _unsound(message: str) -> InvalidInput:
    return InvalidInput(Reason.FIELD_INVALID, message)
