"""What the tests of `face` are made with: drawn pictures, an engine that reads them, a database."""

from __future__ import annotations

import asyncio
import hashlib
import io
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import grpc
import numpy as np
from kioku.assets.v1 import asset_pb2
from kioku.events.v1 import events_pb2
from kioku.face.v1.face_service_pb2_grpc import FaceServiceStub
from kioku_face.face import Box, Flaw, FoundFace, Quality
from kioku_face.packs.engine import Found
from kioku_face.settings import Settings
from kioku_face.vectors import Access, Link
from kioku_rt.auth import Acting, DevIssuer, Principal
from kioku_rt.errors import KiokuError
from kioku_rt.events import EventBus
from kioku_rt.images import decode
from kioku_rt.objects import MemoryObjectStore
from kioku_rt.objects.port import derived_prefix
from kioku_rt.rpc import channel
from kioku_rt.space import Space
from PIL import Image, ImageDraw

from tests.fakes.face_vectors import FakeFaceVectors

DIMENSION = 32
SIDE = 200
Mark = tuple[tuple[int, int, int], tuple[int, int, int, int]]
"""A colour, and left, top, right and lower pixel of a square of it."""
RED, BLUE, GREEN = (230, 20, 20), (20, 20, 230), (20, 200, 20)


def draw(*marks: Mark, side: int = SIDE, shade: int = 128) -> bytes:
    """A grey picture (PNG) with a square of its colour for each face."""
    picture = Image.new("RGB", (side, side), (shade, shade, shade))
    pen = ImageDraw.Draw(picture)
    for colour, (left, top, right, bottom) in marks:
        pen.rectangle((left, top, right - 1, bottom - 1), fill=colour)
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue()


def vector_of(colour: Sequence[int], pack: str = "") -> np.ndarray:
    """The vector of a colour's face: a unit one that depends on colour and pack alone."""
    digest = hashlib.sha256(f"{[int(part) for part in colour]}{pack}".encode()).digest()
    seed = int.from_bytes(digest[:8], "big")
    vector = np.random.default_rng(seed).standard_normal(DIMENSION)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def face_space(model: str = "marks") -> Space:
    """The space of the drawn faces."""
    return Space(model, "r1", DIMENSION, "p1", "float32", kind="face")


class MarkFinder:
    """Implements `FaceFinder`: every patch of one colour is a face.

    Attributes:
        failure: raised instead of looking, where it is set.
        gate: looks wait for it.
    """

    def __init__(self, pack: str = "marks@1") -> None:
        self.pack = pack
        self.space = face_space(pack.partition("@")[0])
        self.calls = 0
        self.failure: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()

    async def faces_in(self, data: bytes, *, urgent: bool = False) -> Found:  # noqa: ARG002
        self.calls += 1
        await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        pixels = (await asyncio.to_thread(decode, data)).pixels
        faces = sorted(_faces(pixels, self.pack), key=lambda f: -f.box.width * f.box.height)
        height, width = pixels.shape[:2]
        return Found(tuple(faces), width, height, 1.0, 2.0)

    async def ping(self) -> None:
        if isinstance(self.failure, KiokuError):
            raise self.failure


def _faces(pixels: np.ndarray, pack: str) -> list[FoundFace]:
    flat = pixels.reshape(-1, 3)
    coloured = np.unique(flat[(flat.max(1) - flat.min(1)) > 30], axis=0)
    return [_face(pixels, colour, pack) for colour in coloured]


def _face(pixels: np.ndarray, colour: np.ndarray, pack: str) -> FoundFace:
    high, wide = pixels.shape[:2]
    rows, columns = np.nonzero((pixels == colour).all(2))
    left, top = columns.min() / wide, rows.min() / high
    width, height = (np.ptp(columns) + 1) / wide, (np.ptp(rows) + 1) / high
    size = float(min(np.ptp(rows), np.ptp(columns)) + 1)
    flaws = (Flaw.TOO_SMALL,) if size < 20 else ()
    points = tuple((left + width * x, top + height * y) for x, y in
                   ((0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.35, 0.8), (0.65, 0.8)))  # fmt: skip
    return FoundFace(
        box=Box(float(left), float(top), float(width), float(height)),
        landmarks=points,
        detection_score=0.9,
        quality=Quality(min(1.0, size / 100), size, 0.8, 0.0, 0.0, 0.0, flaws),
        vector=vector_of(colour, pack) if size >= 10 else None,
    )


class RecordingVectors(FakeFaceVectors):
    """The vectors in memory, and every link that was told, in order."""

    def __init__(self, space_id: str = "") -> None:
        super().__init__(space_id or face_space().space_id, DIMENSION)
        self.told: list[tuple[str, Link]] = []

    async def link(self, access: Access, links: Sequence[Link]) -> int:
        changed = await super().link(access, links)
        self.told += [(access.owner, one) for one in links]
        return changed


def user(owner: str) -> Acting:
    """A user acting for themselves."""
    return Acting(owner, Principal(owner, False, frozenset(), "t"), on_behalf=False)


@dataclass
class Db:
    """A database with this service's schema and the pools of its roles."""

    dsn: str
    dsns: dict[str, str]
    owner: asyncpg.Pool
    api: asyncpg.Pool
    worker: asyncpg.Pool

    async def faces(self, owner: str) -> list[asyncpg.Record]:
        """All faces of an owner, the best first."""
        return await self.owner.fetch(
            "SELECT * FROM face.faces WHERE owner = $1 ORDER BY quality DESC, face_id", owner
        )

    async def audited(self, action: str) -> list[asyncpg.Record]:
        """What was audited as that action, in order."""
        return await self.owner.fetch(
            "SELECT * FROM face.audit_logs WHERE action = $1 ORDER BY id", action
        )

    async def person(self, owner: str, *, consents: bool = True) -> uuid.UUID:
        """A person who agreed to be recognised."""
        person_id = uuid.uuid4()
        await self.owner.execute(
            "INSERT INTO face.people (owner, person_id, name) VALUES ($1, $2, 'Ada')",
            owner,
            person_id,
        )
        if consents:
            await self.owner.execute(
                "INSERT INTO face.consent_states (owner, person_id, version, state)"
                " VALUES ($1, $2, 1, 'GRANTED')",
                owner,
                person_id,
            )
        return person_id

    async def link(self, owner: str, face_id: uuid.UUID, person_id: uuid.UUID) -> None:
        """Somebody says whose face it is."""
        await self.owner.execute(
            "UPDATE face.faces SET person_id = $3, link_source = 'PERSON', anonymous_id = NULL"
            " WHERE owner = $1 AND face_id = $2",
            owner,
            face_id,
            person_id,
        )


@dataclass
class Service:
    """A whole `face` process inside the test, with tokens for anybody."""

    port: int
    issuer: DevIssuer
    bus: EventBus
    objects: MemoryObjectStore
    finder: MarkFinder
    vectors: RecordingVectors
    settings: Settings
    channels: list[grpc.aio.Channel] = field(default_factory=list)

    def faces(self, subject: str, **claims: Any) -> Any:
        """A stub of FaceService with somebody's token."""
        token = self.issuer.mint(subject, ttl=300.0, **claims)
        one = channel(
            f"127.0.0.1:{self.port}",
            token=lambda: token,
            default_timeout=20,
            retry_unavailable=False,
        )
        self.channels.append(one)
        return FaceServiceStub(one)

    async def upload(
        self,
        owner: str,
        data: bytes,
        *,
        asset_id: uuid.UUID | None = None,
        generation: int = 1,
        kind: asset_pb2.AssetKind.ValueType = asset_pb2.ASSET_KIND_IMAGE,
        event_id: str = "",
        **changes: Any,
    ) -> uuid.UUID:
        """Bytes in the bucket, and what `search` says of them."""
        asset_id = asset_id or uuid.uuid4()
        sha256 = hashlib.sha256(data).hexdigest()
        key = f"originals/{owner}/{asset_id}/{sha256}"
        await self.objects.put(key, data, "image/png")
        facts = {"object_key": key, "sha256": sha256, **changes}
        message = events_pb2.AssetUploaded(
            asset_id=str(asset_id), owner=owner, kind=kind, generation=generation, **facts
        )
        await self.publish("asset.uploaded", message, event_id)
        return asset_id

    async def cut(
        self,
        owner: str,
        asset_id: uuid.UUID,
        frames: Sequence[tuple[int, bytes]],
        *,
        first: int = 0,
        total: int | None = None,
        generation: int = 1,
        **changes: Any,
    ) -> None:
        """Frames (each its time and bytes) in the bucket, and what the frames worker says."""
        home = f"{self.home(owner, asset_id)}frames/{generation}/"
        manifest = events_pb2.FrameManifest(asset_id=str(asset_id), generation=generation)
        for number, (time_ms, data) in enumerate(frames, first):
            key = f"{home}{number:06}.jpg"
            await self.objects.put(key, data, "image/jpeg")
            manifest.frames.add(
                frame_no=number,
                time_ms=time_ms,
                object_key=key,
                sha256=hashlib.sha256(data).hexdigest(),
                width=SIDE,
                height=SIDE,
            )
        key = f"{home}manifest-{first:06}.pb"
        await self.objects.put(key, manifest.SerializeToString(), "application/x-protobuf")
        facts = {"manifest_key": key, "first_frame_no": first, "total_frames": total, **changes}
        message = events_pb2.FramesExtracted(
            asset_id=str(asset_id),
            owner=owner,
            generation=generation,
            frame_count=len(frames),
            **facts,
        )
        await self.publish("frames.extracted", message)

    def home(self, owner: str, asset_id: uuid.UUID) -> str:
        """Where lies what is made from an asset."""
        return derived_prefix(owner, str(asset_id))

    async def publish(self, subject: str, message: Any, event_id: str = "") -> None:
        """An event in the log."""
        await self.bus.publish(
            subject, message.SerializeToString(), event_id=event_id or str(uuid.uuid4())
        )


async def until(check: Any, seconds: float = 40.0) -> Any:
    """What the coroutine function `check` gives, once it is true."""
    async with asyncio.timeout(seconds):
        while not (found := await check()):
            await asyncio.sleep(0.02)
    return found
