"""Promise: frames lie where the same cut would put them again, byte for byte.

`derived/<owner-hash>/<asset_id>/frames/<generation>/` holds `NNNNNN.jpg`, one `manifest-NNNNNN.pb`
for each range, and, once all is there, `done-<plan>.pb`.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from google.protobuf.message import DecodeError
from kioku.events.v1 import events_pb2
from kioku_rt.errors import DependencyDown, KiokuError
from kioku_rt.objects import ObjectInfo, derived_prefix
from kioku_rt.reasons import Reason

from kioku_embedder.announcements import Subject
from kioku_embedder.frames.plan import CutFrame

JPEG = "image/jpeg"
PROTOBUF = "application/x-protobuf"
MANIFEST_BYTES = 2**20
UPLOADS = 8
"""Frames of one video on their way to or in the store at once."""


class Objects(Protocol):
    """The object store, as far as frames are kept in it. Every method may raise DependencyDown."""

    async def get(self, key: str, *, max_bytes: int) -> bytes:
        """All bytes of an object; raises KiokuError (OBJECT_MISSING)."""
        ...

    async def put(self, key: str, data: bytes, content_type: str) -> None:
        """Stores `data`, over whatever was there."""
        ...

    async def head(self, key: str) -> ObjectInfo | None:
        """What is stored under `key`, or None."""
        ...

    async def copy(self, source: str, target: str, *, etag: str) -> None:
        """Copies within the store; raises KiokuError (OBJECT_MISSING, CHECKSUM_MISMATCH)."""
        ...

    async def delete(self, keys: Sequence[str]) -> None:
        """Removes these keys; absent ones are no error."""
        ...

    async def list_prefix(self, prefix: str) -> list[str]:
        """Every key that starts with `prefix`, in order."""
        ...


@dataclass(frozen=True)
class Range:
    """Stored frames that follow each other, and the key of their manifest."""

    first: int
    frames: Sequence[events_pb2.Frame]
    manifest_key: str


@dataclass(frozen=True)
class Shelf:
    """Where one life of one video keeps its frames."""

    objects: Objects
    subject: Subject

    async def keep(self, number: int, frame: CutFrame) -> events_pb2.Frame:
        """Stores the frame `number`; its entry in the manifest."""
        key = self._picture(number)
        await self.objects.put(key, frame.jpeg, JPEG)
        return events_pb2.Frame(
            frame_no=number,
            time_ms=frame.time_ms,
            object_key=key,
            sha256=hashlib.sha256(frame.jpeg).hexdigest(),
            width=frame.width,
            height=frame.height,
        )

    async def close_range(self, frames: Sequence[events_pb2.Frame]) -> Range:
        """Stores the manifest of `frames`, at least one."""
        first = frames[0].frame_no
        key = f"{self._folder}manifest-{first:06d}.pb"
        manifest = events_pb2.FrameManifest(
            asset_id=self.subject.asset_id, generation=self.subject.generation, frames=frames
        )
        await self.objects.put(key, manifest.SerializeToString(deterministic=True), PROTOBUF)
        return Range(first, frames, key)

    async def finish(self, plan: str, last: events_pb2.FramesExtracted) -> None:
        """Notes that everything of the cut by the plan of that digest is there."""
        data = last.SerializeToString(deterministic=True)
        await self.objects.put(f"{self._folder}done-{plan}.pb", data, PROTOBUF)

    async def clear_marks(self) -> None:
        """Forgets that anything was finished in this life: another plan writes over it now."""
        keys = await self.objects.list_prefix(f"{self._folder}done-")
        await self.objects.delete(keys)

    async def finished(self, plan: str) -> tuple[list[Range], events_pb2.FramesExtracted] | None:
        """The ranges and the last word of a finished cut by that plan, in whichever life.

        A cut of another life is copied into this one, for the other one's is removed some day.
        """
        keys = await self.objects.list_prefix(self._all)
        done = sorted(key for key in keys if key.endswith(f"/done-{plan}.pb"))
        for marker in sorted(done, key=lambda key: key.startswith(self._folder), reverse=True):
            folder = marker.rpartition("/")[0] + "/"
            manifests = [key for key in keys if key.startswith(f"{folder}manifest-")]
            if (found := await self._read(marker, manifests)) is not None:
                return found
        return None

    async def _read(
        self, marker: str, manifests: Sequence[str]
    ) -> tuple[list[Range], events_pb2.FramesExtracted] | None:
        try:
            data = await self.objects.get(marker, max_bytes=MANIFEST_BYTES)
            last = events_pb2.FramesExtracted.FromString(data)
            whole = [key for key in manifests if _first_of(key) < last.total_frames]
            ranges = [await self._range(key) for key in whole]
        except DependencyDown:
            raise
        except (KiokuError, DecodeError):  # removed or cut short meanwhile: it is cut again
            return None
        found = sum(len(each.frames) for each in ranges)
        return (ranges, last) if found == last.total_frames else None

    async def _range(self, key: str) -> Range:
        manifest = events_pb2.FrameManifest.FromString(
            await self.objects.get(key, max_bytes=MANIFEST_BYTES)
        )
        if key.startswith(self._folder):
            return Range(manifest.frames[0].frame_no, list(manifest.frames), key)
        room = asyncio.Semaphore(UPLOADS)
        copied = await asyncio.gather(*(self._copied(frame, room) for frame in manifest.frames))
        return await self.close_range(copied)

    async def _copied(self, frame: events_pb2.Frame, room: asyncio.Semaphore) -> events_pb2.Frame:
        """`frame` of another life, with its picture in this one's folder."""
        async with room:
            info = await self.objects.head(frame.object_key)
            if info is None:
                raise KiokuError(Reason.OBJECT_MISSING)
            ours = events_pb2.Frame()
            ours.CopyFrom(frame)
            ours.object_key = self._picture(frame.frame_no)
            await self.objects.copy(frame.object_key, ours.object_key, etag=info.etag)
            return ours

    def _picture(self, number: int) -> str:
        return f"{self._folder}{number:06d}.jpg"

    @property
    def _all(self) -> str:
        return f"{derived_prefix(self.subject.owner, self.subject.asset_id)}frames/"

    @property
    def _folder(self) -> str:
        return f"{self._all}{self.subject.generation}/"


def _first_of(manifest_key: str) -> int:
    """The number in `…/manifest-NNNNNN.pb`."""
    return int(manifest_key.rpartition("-")[2].removesuffix(".pb"))
