"""Both who implement `FaceVectors`: the one in memory, and `search` over gRPC and PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
import pytest_asyncio
from kioku_face.vector_client import FaceVectorClient
from kioku_face.vectors import FaceVectors
from kioku_rt.auth import Principal
from kioku_rt.rpc import RpcServer, ServerConfig, channel
from kioku_search.faces.scrubber import ErasureStore
from kioku_search.faces.wiring import face_part
from kioku_search.settings import Settings
from kioku_search.spaces.space import Spaces
from kioku_search.spaces.space_store import SpaceStore

from tests.fakes.face_vectors import FakeFaceVectors
from tests.integration.search.conftest import db, open_db
from tests.integration.search.face_rig import SPACE, put
from tests.integration.search.rig import Db

__all__ = ["db", "open_db"]


@dataclass
class Kept:
    """A `FaceVectors`, and what events and jobs would do to it.

    Attributes:
        asset: makes an asset of an owner.
        put: stores a vector: owner, face, vector, asset.
        scrub: finishes erasures.
    """

    vectors: FaceVectors
    space_id: str
    asset: Callable[[str], Awaitable[UUID]]
    put: Callable[..., Awaitable[bool]]
    scrub: Callable[[], Awaitable[None]]


class Face:
    """Every token is that of `face`."""

    async def verify(self, token: str) -> Principal:
        return Principal("face", True, frozenset({"faces.vectors"}), token)


def in_memory() -> Kept:
    """The fake."""
    fake = FakeFaceVectors(SPACE.space_id)

    async def asset(_owner: str) -> UUID:
        return UUID(bytes=np.random.default_rng().bytes(16), version=4)

    async def store(owner: str, face_id: UUID, vector: np.ndarray, asset_id: Any = None) -> bool:
        return fake.put(owner, face_id, vector, asset_id=asset_id)

    async def scrub() -> None:
        fake.scrub()

    return Kept(fake, SPACE.space_id, asset, store, scrub)


async def over_grpc(db: Db, port: int, opened: list[Any]) -> Kept:
    """`search`."""

    async def store(owner: str, face_id: UUID, vector: np.ndarray, asset_id: Any = None) -> bool:
        effect = await put(db, {face_id: vector}, owner=owner, asset_id=asset_id)
        return effect.value == "done"

    async def scrub() -> None:
        erasures = ErasureStore(db.worker)
        await erasures.close(await erasures.open())

    await db.register(SPACE)
    one = channel(f"127.0.0.1:{port}", token=lambda: "t", retry_unavailable=False)
    opened.append(one)
    return Kept(FaceVectorClient(one), SPACE.space_id, db.stored_asset, store, scrub)


@pytest_asyncio.fixture
async def search(db: Db) -> AsyncIterator[Kept]:
    """`search` in this process over a real database."""
    settings = Settings(search_api_dsn=db.api_dsn, search_worker_dsn=db.worker_dsn)
    spaces = Spaces(SpaceStore(db.worker), None)  # type: ignore[arg-type]
    part = face_part(settings, db.api, db.worker, spaces, None)  # type: ignore[arg-type]
    server = RpcServer(ServerConfig(grace=0.2), [part.registration], verifier=Face())
    opened: list[Any] = []
    yield await over_grpc(db, await server.start(), opened)
    for one in opened:
        await one.close()
    await server.drain()


@pytest_asyncio.fixture
async def fake() -> Kept:
    """The one in memory."""
    return in_memory()


@pytest_asyncio.fixture(params=["fake", "search"])
async def kept(request: Any, fake: Kept, search: Kept) -> Kept:
    """Each in turn."""
    return {"fake": fake, "search": search}[request.param]
