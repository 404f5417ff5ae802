"""What the tests of matches and of the audit are made with: a library of faces, a fake finder."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import grpc
import numpy as np
from kioku.face.v1.audit_service_pb2_grpc import AuditServiceStub
from kioku.face.v1.face_service_pb2_grpc import FaceServiceStub
from kioku_face.face import Box, FoundFace, Quality
from kioku_face.packs.engine import Found
from kioku_face.vectors import Access, Link, Matchable
from kioku_rt.auth import DevIssuer
from kioku_rt.errors import InvalidInput
from kioku_rt.reasons import Reason
from kioku_rt.rpc import channel
from kioku_rt.space import Space

from tests.fakes.face_vectors import FakeFaceVectors

DIMENSION = 32
SPACE = Space("faces", "r1", DIMENSION, "p1", "float32", kind="face")
OWNER = "ann"
GOOD = Quality(0.9, 120.0, 0.8, 0.0, 0.0, 0.0)


def unit(seed: int | str, near: np.ndarray | None = None, cosine: float = 0.0) -> np.ndarray:
    """A unit vector that depends on `seed` alone; or one at this cosine to `near`."""
    digest = int.from_bytes(hashlib.sha256(str(seed).encode()).digest()[:8], "big")
    drawn = np.random.default_rng(digest).standard_normal(DIMENSION)
    if near is not None:
        across = drawn - (drawn @ near) * near
        drawn = cosine * near + np.sqrt(1 - cosine**2) * across / np.linalg.norm(across)
    return (drawn / np.linalg.norm(drawn)).astype(np.float32)


def found_face(vector: np.ndarray | None, quality: Quality = GOOD, size: float = 0.2) -> FoundFace:
    """A face of a picture that is not stored."""
    return FoundFace(Box(0.1, 0.1, size, size), ((0.2, 0.2),) * 5, 0.9, quality, vector)


class FakeFinder:
    """Finds in a file the faces that the test put there."""

    pack = "fake@1"
    space = SPACE

    def __init__(self) -> None:
        self.pictures: dict[bytes, tuple[FoundFace, ...]] = {}

    def put(self, data: bytes, *faces: FoundFace) -> bytes:
        self.pictures[data] = faces
        return data

    async def faces_in(self, data: bytes, *, urgent: bool = False) -> Found:  # noqa: ARG002
        if data not in self.pictures:
            raise InvalidInput(Reason.IMAGE_UNSUPPORTED_FORMAT)
        return Found(self.pictures[data], 640, 480, 1.0, 1.0)

    async def ping(self) -> None:
        """Always there."""


@dataclass
class Library:
    """People and faces as the other parts of the service leave them."""

    dsn: str
    owner: asyncpg.Pool
    api: asyncpg.Pool
    worker: asyncpg.Pool
    sealer: asyncpg.Pool
    vectors: FakeFaceVectors = field(
        default_factory=lambda: FakeFaceVectors(SPACE.space_id, DIMENSION)
    )

    async def person(
        self, name: str, *, owner: str = OWNER, agrees: bool = True, **more: Any
    ) -> uuid.UUID:
        """A person, and what they said."""
        person_id = uuid.uuid4()
        columns = {"owner": owner, "person_id": person_id, "name": name, **more}
        await self._insert("people", columns)
        if agrees:
            await self.consent(person_id, "GRANTED", owner=owner, user_id=more.get("user_id", ""))
        return person_id

    async def consent(
        self,
        person_id: uuid.UUID,
        state: str,
        *,
        owner: str = OWNER,
        user_id: str = "",
        tell: bool = True,
        expires_at: Any = None,
    ) -> None:
        """A change of consent here, and in `search` where it is told."""
        sequence = await self.owner.fetchval(
            "INSERT INTO face.consent_sequences VALUES ($1, 1) ON CONFLICT (owner) DO UPDATE"
            " SET sequence = face.consent_sequences.sequence + 1 RETURNING sequence",
            owner,
        )
        if state != "GRANTED":  # nobody's consent ends while a face is linked to them
            await self.owner.execute(
                "UPDATE face.faces SET person_id = NULL, link_source = NULL WHERE person_id = $1",
                person_id,
            )
        version = await self.owner.fetchval(
            "INSERT INTO face.consent_states VALUES ($1, $2, 1, $3, $4)"
            " ON CONFLICT (owner, person_id) DO UPDATE SET state = $3, expires_at = $4,"
            " version = face.consent_states.version + 1 RETURNING version",
            owner,
            person_id,
            state,
            expires_at,
        )
        if tell:
            one = Matchable(person_id, user_id, state == "GRANTED", expires_at, version)
            await self.vectors.set_people(Access(owner, "face", "test", "", sequence), [one])

    async def asset(self, *, owner: str = OWNER, state: str = "DONE") -> uuid.UUID:
        """An asset that was looked at."""
        asset_id = uuid.uuid4()
        columns = {
            "owner": owner, "asset_id": asset_id, "generation": 1, "kind": "IMAGE",
            "object_key": "k", "sha256": "s", "state": state,
        }  # fmt: skip
        await self._insert("assets", columns)
        return asset_id

    async def face(
        self,
        vector: np.ndarray,
        person_id: uuid.UUID | None = None,
        *,
        owner: str = OWNER,
        asset_id: uuid.UUID | None = None,
        size: float = 0.2,
        flaws: tuple[str, ...] = (),
        space_id: str = SPACE.space_id,
        stored: bool = True,
    ) -> uuid.UUID:
        """A face, its vector and its link, as `search` knows them too."""
        face_id = uuid.uuid4()
        columns = {
            "owner": owner, "face_id": face_id, "asset_id": asset_id, "generation": 1,
            "box": [0.1, 0.1, size, size], "landmarks": [0.5] * 10, "detection_score": 0.9,
            "quality": 0.8, "pixels": 99.0, "sharpness": 0.9, "yaw": 0.0, "pitch": 0.0, "roll": 0.0,
            "flaws": list(flaws), "space_id": space_id, "person_id": person_id,
            "link_source": "PERSON" if person_id else None,
        }  # fmt: skip
        await self._insert("faces", columns)
        if stored:
            self.vectors.put(owner, face_id, vector, asset_id=asset_id)
            if person_id:
                await self.link(face_id, person_id, owner=owner)
        return face_id

    async def link(
        self,
        face_id: uuid.UUID,
        person_id: uuid.UUID | None,
        *,
        owner: str = OWNER,
        version: int = 1,
    ) -> None:
        """Tell `search` of a link."""
        access = Access(owner, "face", "test", "")
        await self.vectors.link(access, [Link(face_id, None, person_id, True, version)])

    async def audit(self, action: str) -> list[asyncpg.Record]:
        """The rows of an action, the oldest first."""
        rows: list[asyncpg.Record] = await self.owner.fetch(
            "SELECT actor, subject, details::text AS details FROM face.audit_logs"
            " WHERE action = $1 ORDER BY id",
            action,
        )
        return rows

    async def _insert(self, table: str, columns: dict[str, Any]) -> None:
        marks = ", ".join(f"${number}" for number in range(1, len(columns) + 1))
        await self.owner.execute(
            f"INSERT INTO face.{table} ({', '.join(columns)}) VALUES ({marks})", *columns.values()
        )


@dataclass
class Service:
    """MatchPeople and AuditService inside the test, with tokens for anybody."""

    port: int
    issuer: DevIssuer
    finder: FakeFinder
    channels: list[grpc.aio.Channel] = field(default_factory=list)

    def _channel(self, subject: str, **claims: Any) -> grpc.aio.Channel:
        token = self.issuer.mint(subject, ttl=300.0, **claims)
        one = channel(f"127.0.0.1:{self.port}", token=lambda: token, default_timeout=20)
        self.channels.append(one)
        return one

    def faces(self, subject: str = OWNER, **claims: Any) -> Any:
        return FaceServiceStub(self._channel(subject, **claims))

    def audit(self, subject: str = "auditor", *scopes: str) -> Any:
        claims = {"service": True, "scopes": scopes or ("audit.read",)}
        return AuditServiceStub(self._channel(subject, **claims))
