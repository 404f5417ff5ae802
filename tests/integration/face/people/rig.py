"""What the tests of people are made with: a library with faces, an engine that is told."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import numpy as np
from kioku_face.face import Box, Flaw, FoundFace, Quality
from kioku_face.packs.engine import Found
from kioku_face.people.change_store import ChangeStore
from kioku_face.people.link_store import LinkStore
from kioku_face.people.linking import Linking
from kioku_face.people.person import Facts
from kioku_face.people.person_store import PersonStore
from kioku_face.people.ports import Call, Removal
from kioku_rt.auth import Acting, Principal
from kioku_rt.page_token import PageTokens
from kioku_rt.space import Space

TOKENS = PageTokens(b"secret of sixteen bytes")
SPACE = Space("drawn", "r1", 8, "p1", "float32", kind="face")
COUNTERS = {
    "people": {"version", "updated_at"},
    "faces": {"link_version", "linked_version", "updated_at", "group_after"},
    "rejections": set(),
}
"""What may count on although a change is taken back; every other column is as it was."""


def call_of(owner: str, request_id: str = "a-request") -> Call:
    """A call of a user for themselves."""
    return Call(Acting(owner, Principal(owner, False, frozenset(), "t"), False), request_id)


def found_face(left: float = 0.2, flaws: Iterable[Flaw] = (), seed: int = 0) -> FoundFace:
    """A face as an engine finds it."""
    vector = np.random.default_rng(seed).standard_normal(8).astype(np.float32)
    return FoundFace(
        Box(left, 0.2, 0.25, 0.25),
        ((0.1, 0.2),) * 5,
        0.9,
        Quality(0.8, 90.0, 0.7, 1.0, 2.0, 3.0, tuple(flaws)),
        vector / np.linalg.norm(vector),
    )


class ToldFinder:
    """Implements `FaceFinder`: finds what it is told."""

    pack = "drawn@1"
    space = SPACE

    def __init__(self) -> None:
        self.faces: tuple[FoundFace, ...] = ()
        self.failure: Exception | None = None
        self.calls = 0

    async def faces_in(self, data: bytes, *, urgent: bool = False) -> Found:  # noqa: ARG002
        self.calls += 1
        assert urgent
        if self.failure is not None:
            raise self.failure
        return Found(self.faces, 400, 300, 1.0, 2.0)

    async def ping(self) -> None:
        """There it is."""


@dataclass
class NotedWithdrawal:
    """Implements `Withdrawal`: notes who is to be removed."""

    removed: list[tuple[str, uuid.UUID]] = field(default_factory=list)
    erasure_id: uuid.UUID = field(default_factory=uuid.uuid4)

    async def remove(self, acting: Acting, person_id: uuid.UUID, *, request_id: str) -> Removal:
        assert request_id
        self.removed.append((acting.owner, person_id))
        return Removal(self.erasure_id, done=False)


@dataclass
class Library:
    """A database of `face`, and rows put into it as other parts of the service would."""

    dsn: str
    api_dsn: str
    owner: asyncpg.Pool
    api: asyncpg.Pool
    worker: asyncpg.Pool

    @property
    def linking(self) -> Linking:
        return Linking(LinkStore(self.api), ChangeStore(self.api), TOKENS)

    async def person(self, owner: str, name: str = "", *, agreed: bool = True, **facts: Any) -> Any:
        """A person's id; they agreed unless told otherwise."""
        made = await PersonStore(self.api).create(call_of(owner), Facts(name, **facts), None)
        assert made is not None
        if agreed:
            await self.consent(owner, made.person_id)
        return made.person_id

    async def consent(
        self, owner: str, person_id: Any, state: str = "GRANTED", actor: str = ""
    ) -> None:
        """What the part that keeps consents writes."""
        async with self.worker.acquire() as connection, connection.transaction():
            version = await connection.fetchval(
                "INSERT INTO face.consent_states (owner, person_id, version, state)"
                " VALUES ($1, $2, 1, $3) ON CONFLICT (owner, person_id) DO UPDATE"
                " SET version = face.consent_states.version + 1, state = excluded.state"
                " RETURNING version",
                owner,
                person_id,
                state,
            )
            await connection.execute(
                "INSERT INTO face.consents (owner, person_id, version, state, text_version, actor,"
                " sequence) VALUES ($1, $2, $3, $4, 'v1', $5,"
                " (SELECT count(*) + 1 FROM face.consents WHERE owner = $1))",
                owner,
                person_id,
                version,
                state,
                actor or owner,
            )

    async def face(self, owner: str, **columns: Any) -> Any:
        """A face's id, in a picture of its own unless told otherwise."""
        face_id = uuid.uuid4()
        row = {
            "owner": owner,
            "face_id": face_id,
            "asset_id": uuid.uuid4(),
            "generation": 1,
            "box": [0.1, 0.1, 0.2, 0.2],
            "landmarks": [0.1] * 10,
            "detection_score": 0.9,
            "quality": 0.8,
            "pixels": 80.0,
            "sharpness": 0.7,
            "yaw": 0.0,
            "pitch": 0.0,
            "roll": 0.0,
            "space_id": SPACE.space_id,
            "grouped": True,
            **columns,
        }
        marks = ", ".join(f"${number + 1}" for number in range(len(row)))
        await self.worker.execute(
            f"INSERT INTO face.faces ({', '.join(row)}) VALUES ({marks})", *row.values()
        )
        return face_id

    async def faces_of(self, owner: str, person_id: Any, number: int, **columns: Any) -> list[Any]:
        """Faces that likeness linked to the person."""
        links = {"person_id": person_id, "link_source": "LIKENESS"}
        return [await self.face(owner, **{**links, **columns}) for _ in range(number)]

    async def row(self, face_id: Any) -> Any:
        """A face's row."""
        return await self.owner.fetchrow("SELECT * FROM face.faces WHERE face_id = $1", face_id)

    async def state(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of the tables that changes touch, but for what counts on."""
        tables = {}
        for table, counters in COUNTERS.items():
            rows = await self.owner.fetch(f"SELECT * FROM face.{table}")
            kept = [
                tuple((key, repr(value)) for key, value in row.items() if key not in counters)
                for row in rows
            ]
            tables[table] = sorted(kept)
        return tables
