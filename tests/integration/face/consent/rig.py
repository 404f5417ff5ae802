"""What the tests of consent are made with: people, faces, and the service with its jobs at hand."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import asyncpg
import grpc
import numpy as np
import pytest
from kioku.face.v1 import consent_service_pb2 as pb
from kioku.face.v1.consent_service_pb2_grpc import ConsentServiceStub
from kioku_face.consent.consent import ConsentRules
from kioku_face.consent.wiring import ConsentPart
from kioku_face.vectors import Access, Link, VectorOf
from kioku_rt.auth import Acting, DevIssuer, Principal
from kioku_rt.reasons import Reason
from kioku_rt.rpc import channel, error_of

from tests.fakes.face_vectors import FakeFaceVectors

SHA = "a" * 64
BOX = [0.1, 0.1, 0.2, 0.2]
QUICK = ConsentRules(
    wait=timedelta(seconds=20),
    lease=timedelta(seconds=0.2),
    attempt=timedelta(seconds=20),
    again=timedelta(0),
    batch=3,
)
"""A lease that ends soon, so that another may go on soon."""


def principal(subject: str) -> Principal:
    """A user."""
    return Principal(subject, False, frozenset(), "t")


def acting(owner: str) -> Acting:
    """A user acting for themselves."""
    return Acting(owner, principal(owner), on_behalf=False)


def unit(seed: int) -> np.ndarray:
    """A unit vector that depends on `seed` alone."""
    vector = np.random.default_rng(seed).standard_normal(32)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


async def refusal(call: Any) -> Reason | None:
    """The reason with which a call ends."""
    with pytest.raises(grpc.aio.AioRpcError) as failure:
        await call
    said = error_of(failure.value)
    return said.reason if said else None


@dataclass
class Db:
    """A database of this service with both roles' pools."""

    dsn: str
    worker_dsn: str
    owner: asyncpg.Pool
    api: asyncpg.Pool
    worker: asyncpg.Pool

    async def person(
        self, owner: str, *, user_id: str = "", merged_into: uuid.UUID | None = None
    ) -> uuid.UUID:
        """Somebody who was not asked yet."""
        person_id = uuid.uuid4()
        await self.owner.execute(
            "INSERT INTO face.people (owner, person_id, name, user_id, merged_into)"
            " VALUES ($1, $2, 'Ada', $3, $4)",
            owner,
            person_id,
            user_id,
            merged_into,
        )
        return person_id

    async def asset(self, owner: str, sha256: str = SHA) -> uuid.UUID:
        """A picture that was looked at."""
        asset_id = uuid.uuid4()
        await self.owner.execute(
            "INSERT INTO face.assets (owner, asset_id, generation, kind, object_key, sha256, state)"
            " VALUES ($1, $2, 1, 'IMAGE', 'k', $3, 'DONE')",
            owner,
            asset_id,
            sha256,
        )
        return asset_id

    async def face(
        self, owner: str, asset_id: uuid.UUID | None = None, **columns: Any
    ) -> uuid.UUID:
        """A face that was found."""
        face_id: uuid.UUID = uuid.uuid4()
        facts = {
            "owner": owner,
            "face_id": face_id,
            "asset_id": asset_id,
            "generation": 1,
            "box": BOX,
            "landmarks": [0.0] * 10,
            "space_id": "faces@000000000000",
            **dict.fromkeys(("detection_score", "quality", "sharpness"), 0.9),
            **dict.fromkeys(("pixels", "yaw", "pitch", "roll"), 50.0),
            **columns,
        }
        if facts.get("person_id"):
            facts["link_source"] = "PERSON"
        marks = ", ".join(f"${i + 1}" for i in range(len(facts)))
        await self.owner.execute(
            f"INSERT INTO face.faces ({', '.join(facts)}) VALUES ({marks})", *facts.values()
        )
        return face_id

    async def count(self, table: str, where: str = "true") -> int:
        """Rows of a table."""
        found: int = await self.owner.fetchval(f"SELECT count(*) FROM face.{table} WHERE {where}")
        return found

    async def state(self, person_id: uuid.UUID) -> str | None:
        """What holds for somebody."""
        found: str | None = await self.owner.fetchval(
            "SELECT state FROM face.consent_states WHERE person_id = $1", person_id
        )
        return found

    async def actions(self) -> list[str]:
        """What was audited, in order."""
        rows = await self.owner.fetch("SELECT action FROM face.audit_logs ORDER BY id")
        return [row["action"] for row in rows]

    async def events(self, subject: str) -> list[bytes]:
        """What was put into the outbox."""
        rows = await self.owner.fetch(
            "SELECT payload FROM face.outbox WHERE subject = $1 ORDER BY id", subject
        )
        return [row["payload"] for row in rows]


@dataclass
class Service:
    """ConsentService inside the test, with tokens for anybody; jobs run when the test says so."""

    port: int
    issuer: DevIssuer
    db: Db
    part: ConsentPart
    vectors: FakeFaceVectors
    channels: list[grpc.aio.Channel] = field(default_factory=list)

    def calls(self, subject: str, **claims: Any) -> Any:
        """A stub with somebody's token."""
        token = self.issuer.mint(subject, ttl=300.0, **claims)
        one = channel(f"127.0.0.1:{self.port}", token=lambda: token, default_timeout=20)
        self.channels.append(one)
        return ConsentServiceStub(one)

    def admin(self) -> Any:
        """A stub of a service that records consent."""
        return self.calls("backend", service=True, scopes=["consent.admin"])

    async def grant(self, subject: str, person_id: uuid.UUID, **changes: Any) -> pb.Consent:
        """Somebody agrees."""
        request = pb.GrantConsentRequest(person_id=str(person_id), text_version="v1", **changes)
        return (await self.calls(subject).GrantConsent(request)).consent

    async def withdraw(self, subject: str, person_id: uuid.UUID) -> pb.WithdrawConsentResponse:
        """Somebody takes it back."""
        request = pb.WithdrawConsentRequest(person_id=str(person_id), purpose="my wish")
        return await self.calls(subject).WithdrawConsent(request)

    async def known(
        self, owner: str, *, faces: int = 2, user_id: str = "", sha256: str = SHA
    ) -> tuple[uuid.UUID, list[uuid.UUID]]:
        """Somebody who agreed, and their faces, here and in `search`."""
        person_id = await self.db.person(owner, user_id=user_id)
        await self.grant(user_id or owner, person_id)
        ids = []
        for number in range(faces):
            asset_id = await self.db.asset(owner, f"{number:x}{sha256[1:]}")
            ids.append(await self.db.face(owner, asset_id, person_id=person_id))
            await self.stored(owner, ids[-1], person_id, number)
        return person_id, ids

    async def stored(self, owner: str, face_id: uuid.UUID, person_id: uuid.UUID, seed: int) -> bool:
        """Whether `search` took a vector of a face, which it links to somebody."""
        taken = self.vectors.put(owner, face_id, unit(seed))
        links = [Link(face_id, None, person_id, True, 1)]
        await self.vectors.link(_access(owner), links)
        return taken

    async def run(self, *names: str) -> None:
        """One round of jobs; of all by default."""
        for job in self.part.jobs:
            if not names or job.name in names:
                await job.work()

    async def finish(self) -> None:
        """Rounds of jobs until no erasure waits."""
        async with asyncio.timeout(40):
            while await self.db.count("erasures", "state = 'PENDING'"):
                await self.run("consents", "erasures")
                await asyncio.sleep(0.02)

    async def matches(self, owner: str, seed: int) -> list[uuid.UUID]:
        """Whom `search` takes a vector for, as far as it was told, or raises CONSENT_BEHIND."""
        sequence = await self.db.owner.fetchval(
            "SELECT sequence FROM face.consent_sequences WHERE owner = $1", owner
        )
        query = VectorOf(vector=unit(seed), space_id=self.vectors.space_id)
        access = _access(owner, sequence or 0)
        (hits,) = await self.vectors.match(access, [query], most=5, min_score=0.5)
        return [hit.person_id for hit in hits or []]


def _access(owner: str, sequence: int = 0) -> Access:
    return Access(owner, "test", "test", "", sequence)


def ids_of(texts: Sequence[str]) -> list[uuid.UUID]:
    """Ids of a message, in order."""
    return sorted(uuid.UUID(text) for text in texts)
