"""Promise: the frames that were cut from a live video are on record, each once, with its object.

`frames.extracted` tells of one range of frames and names a manifest object that lists them; the
last one says how many there are. Ranges may come twice, late and in any order, and after the
vectors of their own frames. A range of an older cutting never replaces a newer one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from google.protobuf.message import DecodeError
from kioku.events.v1 import events_pb2
from kioku_rt.errors import InvalidInput
from kioku_rt.objects.port import ObjectStore, derived_prefix
from kioku_rt.reasons import Reason

from kioku_search.fields import checked_sha256
from kioku_search.vectors.indexing import Effect, Failed, Origin
from kioku_search.videos.video import VideoFacts

MAX_RANGE = 256
MAX_MANIFEST_BYTES = 2**20


@dataclass(frozen=True)
class CutFrame:
    """One stored frame of a manifest."""

    frame_no: int
    time_ms: int
    object_key: str
    sha256: str
    width: int
    height: int


@dataclass(frozen=True)
class FrameRange:
    """What one `frames.extracted` says; `total` and `facts` come with the last one."""

    origin: Origin
    manifest_key: str
    first: int
    count: int
    total: int | None
    facts: VideoFacts | None


class FrameStore(Protocol):
    """The transactions of cutting; each records the event as processed and audits it."""

    async def standing(self, origin: Origin) -> Effect:
        """DONE while a range of this cutting would still be written, else why it would not."""

    async def put_range(self, cut: FrameRange, frames: Sequence[CutFrame]) -> Effect:
        """Store the frames; the stage is done when all are there."""

    async def fail_frames(self, failed: Failed) -> Effect:
        """Note on stage and asset that the cutting failed."""


class Cutting:
    """What `frames.extracted` does."""

    def __init__(self, store: FrameStore, objects: ObjectStore) -> None:
        self._store = store
        self._objects = objects

    async def extracted(self, cut: FrameRange) -> Effect:
        """Store a range of frames, and drop the objects of older cuttings with the last one.

        Raises:
            InvalidInput: FIELD_INVALID, the event and its manifest do not belong together.
            KiokuError: OBJECT_MISSING, the manifest is not there (yet).
            DependencyDown: the database or the object store does not answer.
        """
        _check_range(cut)
        standing = await self._store.standing(cut.origin)
        if standing is not Effect.DONE:
            return standing
        frames = await self._frames(cut) if cut.count else []
        effect = await self._store.put_range(cut, frames)
        if effect is Effect.DONE and cut.total is not None and cut.origin.generation > 1:
            await self._drop_older(cut.origin)
        return effect

    async def given_up(self, failed: Failed) -> Effect:
        """A range that never can be stored fails the stage, so that nobody waits for it."""
        return await self._store.fail_frames(failed)

    async def _frames(self, cut: FrameRange) -> list[CutFrame]:
        raw = await self._objects.get(cut.manifest_key, max_bytes=MAX_MANIFEST_BYTES)
        manifest = events_pb2.FrameManifest()
        try:
            manifest.ParseFromString(raw)
        except DecodeError:
            raise _unsound("The manifest is no FrameManifest.") from None
        origin = cut.origin
        if (manifest.asset_id, manifest.generation) != (str(origin.asset_id), origin.generation):
            raise _unsound("The manifest is of another video or cutting.")
        frames = [_frame(one, origin) for one in manifest.frames]
        if [one.frame_no for one in frames] != list(range(cut.first, cut.first + cut.count)):
            raise _unsound("The manifest holds other frames than the event says.")
        return frames

    async def _drop_older(self, origin: Origin) -> None:
        """Remove the stored frames of older cuttings; what a crash here leaves goes on deletion."""
        root = f"{_derived(origin)}frames/"
        keys = await self._objects.list_prefix(root)
        older = [key for key in keys if _cutting_of(key.removeprefix(root)) < origin.generation]
        for start in range(0, len(older), 1000):
            await self._objects.delete(older[start : start + 1000])


def _check_range(cut: FrameRange) -> None:
    origin = cut.origin
    if not 0 <= cut.count <= MAX_RANGE or cut.first < 0:
        raise _unsound("The range of frames is not 0 to 256 frames from 0 on.")
    if cut.total is not None and cut.first + cut.count > cut.total:
        raise _unsound("The range ends after the last frame.")
    # A key elsewhere would let one owner's event show another owner's objects.
    if cut.count and not cut.manifest_key.startswith(_derived(origin)):
        raise _unsound("The manifest is not stored with its video.")


def _frame(one: events_pb2.Frame, origin: Origin) -> CutFrame:
    if not one.object_key.startswith(_derived(origin)):
        raise _unsound("A frame is not stored with its video.")
    if one.width <= 0 or one.height <= 0 or not one.sha256:
        raise _unsound("A frame lacks its size or its hash.")
    sha256 = checked_sha256(one.sha256)
    return CutFrame(one.frame_no, one.time_ms, one.object_key, sha256, one.width, one.height)


def _derived(origin: Origin) -> str:
    return derived_prefix(origin.owner, str(origin.asset_id))


def _cutting_of(name: str) -> int:
    """The generation in `<generation>/…`; a name without one counts as the newest."""
    head = name.partition("/")[0]
    return int(head) if head.isascii() and head.isdigit() else 2**31


def _unsound(message: str) -> InvalidInput:
    return InvalidInput(Reason.FIELD_INVALID, message)
