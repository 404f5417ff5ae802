"""What the tests of `search` are made with: spaces, vectors, a database, a fake embedder."""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import grpc
import numpy as np
from kioku.assets.v1.asset_service_pb2_grpc import AssetServiceStub
from kioku.events.v1 import events_pb2
from kioku.search.v1.index_service_pb2_grpc import IndexServiceStub
from kioku.search.v1.reconcile_service_pb2_grpc import ReconcileServiceStub
from kioku.search.v1.search_service_pb2_grpc import SearchServiceStub
from kioku_rt.auth import Acting, DevIssuer, Principal
from kioku_rt.events import EventBus
from kioku_rt.rpc import channel
from kioku_search.assets.asset import STAGES, Kind
from kioku_search.lexicon.word_store import write_words
from kioku_search.settings import Settings
from kioku_search.spaces.space import Space
from kioku_search.spaces.space_message import space_message
from kioku_search.spaces.space_store import SpaceStore
from kioku_search.vectors.indexing import Effect, Origin
from kioku_search.vectors.vector_store import VectorStore

DIMENSION = 32


def space(model: str = "tiny", dimension: int = DIMENSION, **changes: Any) -> Space:
    """A space whose id follows from its facts."""
    facts: dict[str, Any] = {
        "kind": "IMAGE",
        "model": model,
        "revision": "r1",
        "dimension": dimension,
        "metric": "COSINE",
        "preprocessing": "p1",
        "normalised": True,
        "precision": "float32",
        **changes,
    }
    digest = hashlib.sha256(repr(sorted(facts.items())).encode()).hexdigest()[:12]
    return Space(space_id=f"{model}@{digest}", **facts)


def unit(seed: int | str, dimension: int = DIMENSION) -> np.ndarray:
    """A unit vector that depends on `seed` alone."""
    digest = int.from_bytes(hashlib.sha256(str(seed).encode()).digest()[:8], "big")
    vector = np.random.default_rng(digest).standard_normal(dimension)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def user(owner: str) -> Acting:
    """A user acting for themselves."""
    return Acting(owner, Principal(owner, False, frozenset(), "t"), on_behalf=False)


def ready_message(
    asset: Any, one: Space, vector: np.ndarray, generation: int = 1
) -> events_pb2.EmbeddingReady:
    """What the embedder says when it is done with `asset`."""
    return events_pb2.EmbeddingReady(
        asset_id=asset.asset_id,
        owner=asset.owner,
        space=space_message(one),
        items=[events_pb2.EmbeddedItem(vector=vector.astype("<f4").tobytes())],
        generation=generation,
        attempts=1,
    )


class FakeEmbedder:
    """Deterministic vectors: a text or picture always gets the one that its content seeds."""

    def __init__(self, served: Space) -> None:
        self.space = served
        self.calls: list[tuple[str, object, str]] = []
        self.failure: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()

    async def _answer(self, kind: str, content: str | bytes, space_id: str) -> np.ndarray:
        self.calls.append((kind, content, space_id))
        await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        name = content if isinstance(content, str) else hashlib.sha256(content).hexdigest()
        return unit(name, self.space.dimension)

    async def embed_text(self, text: str, space_id: str) -> np.ndarray:
        return await self._answer("text", text, space_id)

    async def embed_image(self, image: bytes, space_id: str) -> np.ndarray:
        return await self._answer("image", image, space_id)

    async def default_space(self) -> Space:
        self.calls.append(("space", "", ""))
        if self.failure is not None:
            raise self.failure
        return self.space

    async def ping(self) -> None:
        await self.default_space()


@dataclass
class Db:
    """A database of this service with both roles' pools."""

    dsn: str
    api_dsn: str
    worker_dsn: str
    api: asyncpg.Pool
    worker: asyncpg.Pool
    owner: asyncpg.Pool

    async def register(self, one: Space) -> str:
        return await SpaceStore(self.worker).register(one)

    async def partition(self, space_id: str) -> str:
        name: str = await self.owner.fetchval(
            "SELECT partition_name FROM search.spaces WHERE space_id = $1", space_id
        )
        return name

    async def rankings_kept(self, count: int) -> None:
        """Wait until so many are written: first pages do not."""
        async with asyncio.timeout(30):
            while count > await self.owner.fetchval("SELECT count(*) FROM search.result_pages"):
                await asyncio.sleep(0.01)

    async def stored_asset(self, owner: str, **changes: Any) -> uuid.UUID:
        """A PROCESSING asset whose bytes are in place."""
        asset_id: uuid.UUID = changes.pop("asset_id", None) or uuid.uuid4()
        columns = {
            "owner": owner,
            "asset_id": asset_id,
            "kind": "IMAGE",
            "state": "PROCESSING",
            "filename": "a.jpg",
            "content_type": "image/jpeg",
            "size_bytes": 4,
            "object_key": f"originals/x/{asset_id}/y",
            "sha256": "0" * 64,
            **changes,
        }
        marks = ", ".join(f"${i + 1}" for i in range(len(columns)))
        await self.owner.execute(
            f"INSERT INTO search.assets ({', '.join(columns)}, upload_until)"
            f" VALUES ({marks}, now() + interval '1 day')",
            *columns.values(),
        )
        await self.owner.executemany(
            "INSERT INTO search.asset_stages (owner, asset_id, stage, state)"
            " VALUES ($1, $2, $3, 'PENDING')",
            [(owner, asset_id, stage) for stage in STAGES[Kind(columns["kind"])]],
        )
        return asset_id

    async def indexed(
        self, owner: str, one: Space, vector: np.ndarray, **changes: Any
    ) -> uuid.UUID:
        """A READY asset with its words, and its vector stored the way an event stores it."""
        asset_id = await self.stored_asset(owner, **changes)
        async with self.owner.acquire() as connection:
            await write_words(
                connection,
                owner,
                asset_id,
                changes.get("filename", "a.jpg"),
                changes.get("tags", []),
            )
        origin = Origin(str(uuid.uuid4()), owner, asset_id, 1, 1)
        effect = await VectorStore(self.worker).put(origin, one.space_id, vector)
        assert effect is Effect.DONE
        return asset_id


@dataclass
class Service:
    """A whole `search` process inside the test, with tokens for anybody."""

    port: int
    issuer: DevIssuer
    bus: EventBus
    embedder: FakeEmbedder
    settings: Settings
    stops: list[asyncio.Event] = field(default_factory=list)
    channels: list[grpc.aio.Channel] = field(default_factory=list)

    def _channel(self, subject: str, **claims: Any) -> grpc.aio.Channel:

        token = self.issuer.mint(subject, ttl=300.0, **claims)
        one = channel(f"127.0.0.1:{self.port}", token=lambda: token, default_timeout=20)
        self.channels.append(one)
        return one

    def assets(self, subject: str, **claims: Any) -> Any:
        return AssetServiceStub(self._channel(subject, **claims))

    def indexes(self, subject: str, **claims: Any) -> Any:
        return IndexServiceStub(self._channel(subject, **claims))

    def search(self, subject: str, **claims: Any) -> Any:
        return SearchServiceStub(self._channel(subject, **claims))

    def reconcile(self, subject: str, **claims: Any) -> Any:
        return ReconcileServiceStub(self._channel(subject, **claims))
