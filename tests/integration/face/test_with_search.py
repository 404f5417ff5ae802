"""Both services over real servers: from bytes to vectors and links, and nothing left at the end."""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import asyncpg
from kioku.assets.v1 import asset_pb2
from kioku.assets.v1 import asset_service_pb2 as messages
from kioku.assets.v1.asset_service_pb2_grpc import AssetServiceStub
from kioku.events.v1 import events_pb2
from kioku_face import building
from kioku_face.settings import Settings as FaceSettings
from kioku_face.vector_client import FaceVectorClient
from kioku_rt.auth import DevIssuer
from kioku_rt.db import Migrations, close_pool, open_pool
from kioku_rt.events import EventBus
from kioku_rt.objects import MemoryObjectStore
from kioku_rt.rpc import channel
from kioku_rt.service import Running
from kioku_search.building import build
from kioku_search.servers import Servers
from kioku_search.settings import Settings as SearchSettings

from tests.integration.face.conftest import PlainDecoder
from tests.integration.face.rig import BLUE, RED, MarkFinder, draw, until
from tests.integration.search.rig import FakeEmbedder, space

ROLES = ("search_api", "search_worker", "face_api", "face_worker")
PICTURE = draw((RED, (20, 20, 80, 80)), (BLUE, (120, 30, 170, 80)))


async def migrate(dsn: str) -> None:
    """Make both schemas."""
    await Migrations("kioku_search.migrations", "search").apply(dsn)
    await Migrations("kioku_face.migrations", "face").apply(dsn)


class House:
    """Search and face, both running, over one database and one event log."""

    def __init__(self, stack: AsyncExitStack, folder: Path, nats_url: str) -> None:
        self.stack, self.folder, self.nats_url = stack, folder, nats_url
        self.issuer = DevIssuer(folder)
        self.objects = MemoryObjectStore()
        self.owner: asyncpg.Pool
        self.bus: EventBus
        self.search_port = 0

    async def pool(self, dsn: str) -> asyncpg.Pool:
        pool = await open_pool(dsn, max_size=8, application_name="test")
        self.stack.push_async_callback(close_pool, pool)
        return pool

    async def open(self, dsn: str, dsns: dict[str, str]) -> None:
        self.owner = await self.pool(dsn)
        pools = {role: await self.pool(one) for role, one in dsns.items()}
        jwks = str(self.folder / "jwks.json")
        searching = SearchSettings(
            jwks=jwks,
            deletion_participants="search,face",
            search_api_dsn=dsns["search_api"],
            search_worker_dsn=dsns["search_worker"],
        )
        bus = await self._bus()
        embedder = FakeEmbedder(space())
        servers = Servers(
            pools["search_api"],
            pools["search_worker"],
            self.objects,
            bus,
            embedder,  # type: ignore[arg-type]
        )
        self.search_port = await self._run(build(searching, servers))
        self.bus = await self._bus()
        finding = FaceSettings(jwks=jwks, face_tell_seconds=0.1, face_empty_seconds=0.1)
        token = lambda: self.issuer.mint("face", service=True, scopes=["faces.vectors"])  # noqa: E731
        vectors = FaceVectorClient(await self._channel(token))
        face = building.Servers(
            pools["face_api"], pools["face_worker"], self.objects, self.bus, MarkFinder(),
            PlainDecoder(), vectors,
        )  # fmt: skip
        await self._run(building.build(finding, face))

    async def assets(self, subject: str) -> Any:
        return AssetServiceStub(await self._channel(lambda: self.issuer.mint(subject)))

    async def _bus(self) -> EventBus:
        bus = await EventBus.connect(self.nats_url, "test")
        return await self.stack.enter_async_context(bus)

    async def _channel(self, token: Any) -> Any:
        one = channel(f"127.0.0.1:{self.search_port}", token=token, default_timeout=20)
        return await self.stack.enter_async_context(one)

    async def _run(self, running: Running) -> int:
        assert running.server is not None
        stop = asyncio.Event()
        tasks = [
            asyncio.create_task(run(stop))
            for run in (*running.consumers.values(), *running.relays.values())
        ]

        async def end() -> None:
            alive = not any(task.done() for task in tasks)
            stop.set()
            await asyncio.wait_for(asyncio.gather(*tasks), 15)
            await running.server.drain()  # type: ignore[union-attr]
            assert alive

        port = await running.server.start()
        self.stack.push_async_callback(end)
        return port

    async def upload(self, owner: str, data: bytes) -> uuid.UUID:
        asset_id, sha256 = uuid.uuid4(), hashlib.sha256(data).hexdigest()
        key = f"originals/x/{asset_id}/{sha256}"
        await self.objects.put(key, data, "image/png")
        await self.owner.execute(
            "INSERT INTO search.assets (owner, asset_id, kind, state, filename, content_type,"
            " size_bytes, object_key, sha256, upload_until) VALUES ($1, $2, 'IMAGE', 'PROCESSING',"
            " 'a.png', 'image/png', 4, $3, $4, now() + interval '1 day')",
            owner, asset_id, key, sha256,
        )  # fmt: skip
        message = events_pb2.AssetUploaded(
            asset_id=str(asset_id), owner=owner, kind=asset_pb2.ASSET_KIND_IMAGE, generation=1,
            object_key=key, sha256=sha256,
        )  # fmt: skip
        await self.bus.publish(
            "asset.uploaded", message.SerializeToString(), event_id=str(uuid.uuid4())
        )
        return asset_id

    async def becomes(self, sql: str) -> None:
        """Wait until a query's one value is true."""

        async def value() -> Any:
            return await self.owner.fetchval(sql)

        await until(value)


async def test_a_face_from_its_picture_to_its_end(
    database: Any, postgres_server: Any, fresh_nats: Any, tmp_path: Path
) -> None:
    """Vectors come under the ids of the faces, links follow, a deletion ends all rows."""
    dsn = await database(migrate, "search and face")
    name = dsn.rsplit("/", 1)[1]
    async with AsyncExitStack() as stack:
        house = House(stack, tmp_path / "issuer", fresh_nats.url)
        await house.open(dsn, {role: postgres_server.dsn(name, role) for role in ROLES})
        asset_id = await house.upload("ann", PICTURE)
        await house.becomes("SELECT count(*) = 2 FROM search.face_embeddings")
        known = await house.owner.fetch("SELECT face_id FROM face.faces ORDER BY 1")
        kept = await house.owner.fetch("SELECT face_id FROM search.face_embeddings ORDER BY 1")
        assert known == kept
        await house.becomes("SELECT bool_and(payload = '') FROM face.outbox")
        person = uuid.uuid4()
        await house.owner.execute(
            "INSERT INTO face.people (owner, person_id) VALUES ('ann', $1)", person
        )
        await house.owner.execute(
            "INSERT INTO face.consent_states (owner, person_id, version, state)"
            " VALUES ('ann', $1, 1, 'GRANTED')",
            person,
        )
        await house.owner.execute(
            "UPDATE face.faces SET person_id = $1, link_source = 'PERSON', link_version = 1"
            " WHERE face_id = $2",
            person,
            known[0]["face_id"],
        )
        await house.becomes(
            "SELECT count(*) = 1 FROM search.face_embeddings WHERE person_id IS NOT NULL"
        )
        ann = await house.assets("ann")
        await ann.DeleteAsset(messages.DeleteAssetRequest(asset_id=str(asset_id)))
        await house.becomes("SELECT completed_at IS NOT NULL FROM search.deletions")
        for table in ("face.faces", "face.assets", "search.face_embeddings"):
            assert 0 == await house.owner.fetchval(f"SELECT count(*) FROM {table}")
