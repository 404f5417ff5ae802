"""Embedder, search and vlm, each its real server, over one database: everything that themes ask."""

from __future__ import annotations

import asyncio
import hashlib
import io
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import grpc
import numpy as np
from kioku.embedder.v1 import embedder_service_pb2
from kioku.embedder.v1.embedder_service_pb2_grpc import EmbedderServiceStub
from kioku.vlm.v1.theme_service_pb2_grpc import ThemeServiceStub
from kioku_embedder.local_model import local_making, open_model
from kioku_embedder.main import open_server
from kioku_embedder.settings import Settings as EmbedderSettings
from kioku_rt.auth import DevIssuer, TokenVerifier
from kioku_rt.db import Migrations, close_pool, open_pool
from kioku_rt.events import EventBus
from kioku_rt.objects import MemoryObjectStore
from kioku_rt.objects.port import owner_hash
from kioku_rt.rpc import RpcServer, ServerConfig, channel
from kioku_scenes import draw_scene
from kioku_search.building import build as build_search
from kioku_search.embedder_client import EmbedderClient
from kioku_search.servers import Servers as SearchServers
from kioku_search.settings import Settings as SearchSettings
from kioku_vlm.themes.ports import TextModel
from kioku_vlm.themes.wiring import SCOPES, ThemeServers, ThemeSettings, theme_registration

from tests.integration.search.rig import Db as SearchDb

ROLES = ("search_api", "search_worker", "vlm_api", "vlm_worker")
MODEL = Path(__file__).parents[4] / "models" / "kioku-tiny"


async def migrate(dsn: str) -> None:
    """Make both schemas."""
    await Migrations("kioku_search.migrations", "search").apply(dsn)
    await Migrations("kioku_vlm.migrations", "vlm").apply(dsn)


def picture(seed: int) -> bytes:
    """A drawn scene as a file."""
    stream = io.BytesIO()
    draw_scene(seed).image.save(stream, "PNG")
    return stream.getvalue()


class SaidModel:
    """A text model that says what it is told, and keeps what it was asked."""

    model_version = "said@1"

    def __init__(self, answer: Mapping[str, object]) -> None:
        self.answer = answer
        self.prompts: list[str] = []

    async def write(self, prompt: str, schema: Mapping[str, object]) -> Mapping[str, object]:
        assert schema["required"] == ["title", "sentence"]
        self.prompts.append(prompt)
        return self.answer


class House:
    """Opened by the fixture `house`."""

    def __init__(self, stack: AsyncExitStack, folder: Path) -> None:
        self.stack = stack
        self.issuer = DevIssuer(folder)
        self.jwks = str(folder / "jwks.json")
        self.folder = folder
        self.objects = MemoryObjectStore()
        self.owner: asyncpg.Pool
        self.search_db: SearchDb
        self._ports: dict[str, int] = {}
        self._dsns: dict[str, str] = {}
        self._pools: dict[str, asyncpg.Pool] = {}

    async def open(self, dsn: str, dsns: dict[str, str], nats_url: str, model: Path) -> None:
        """Start everything."""
        self._dsns = dsns
        self.owner = await self._pool(dsn)
        self._pools = {role: await self._pool(one) for role, one in dsns.items()}
        self._ports["embedder"] = await self._embedder(model)
        bus = await self.stack.enter_async_context(await EventBus.connect(nats_url, "test"))
        self._ports["search"] = await self._search(bus)
        self.search_db = SearchDb(
            dsn,
            dsns["search_api"],
            dsns["search_worker"],
            api=self._pools["search_api"],
            worker=self._pools["search_worker"],
            owner=self.owner,
        )

    async def themes(
        self, model: TextModel | None = None, said: ThemeSettings | None = None
    ) -> Callable[..., Any]:
        """Start ThemeService; gives what makes a client for a subject."""
        token = self.issuer.mint("vlm", service=True, scopes=list(SCOPES), ttl=300)
        servers = ThemeServers(
            await self._channel("embedder", lambda: token),
            await self._channel("search", lambda: token),
            self._pools["vlm_api"],
            self.objects,
            model=model,
        )
        settings = SearchSettings(jwks=self.jwks)
        server = RpcServer(
            ServerConfig(host="127.0.0.1", port=0),
            [theme_registration(servers, said)],
            verifier=TokenVerifier(settings.auth_config()),
        )
        self._ports["vlm"] = await server.start()
        self.stack.push_async_callback(server.drain)
        return self._client

    async def _client(self, subject: str, **claims: Any) -> Any:
        token = self.issuer.mint(subject, **claims)
        return ThemeServiceStub(await self._channel("vlm", lambda: token))

    async def stored(self, owner: str, data: bytes, **columns: Any) -> UUID:
        """A READY picture of an owner with its real vector."""
        token = self.issuer.mint("test")
        stub = EmbedderServiceStub(await self._channel("embedder", lambda: token))
        seen = await stub.EmbedImage(embedder_service_pb2.EmbedImageRequest(image=data))
        client = EmbedderClient(await self._channel("embedder", lambda: token))
        space = await client.default_space()
        await self.search_db.register(space)
        sha256 = hashlib.sha256(data).hexdigest()
        vector = np.array(seen.embedding, np.float32)
        asset_id = await self.search_db.indexed(owner, space, vector, sha256=sha256, **columns)
        await self.objects.put(
            f"originals/{owner_hash(owner)}/{asset_id}/{sha256}", data, "image/png"
        )
        return asset_id

    async def _embedder(self, model: Path) -> int:
        settings = EmbedderSettings(
            SIGLIP_MODEL_NAME=str(model),
            SIGLIP_DEVICE="cpu",
            jwks=self.jwks,
            embedder_decoders=1,
            embedder_window=4,
            embedder_engine="torch",
            embedder_cache_dir=self.folder,
        )
        opened = await open_model(settings, self.stack)
        making = local_making(settings, opened)
        server = open_server(settings, [making], TokenVerifier(settings.auth_config()))
        port = await server.start()
        self.stack.push_async_callback(server.drain)
        return port

    async def _search(self, bus: EventBus) -> int:
        settings = SearchSettings(
            jwks=self.jwks,
            search_api_dsn=self._dsns["search_api"],
            search_worker_dsn=self._dsns["search_worker"],
        )
        token = self.issuer.mint("search", service=True, scopes=["embed"], ttl=300)
        embedder = EmbedderClient(await self._channel("embedder", lambda: token))
        api, worker = self._pools["search_api"], self._pools["search_worker"]
        running = build_search(settings, SearchServers(api, worker, self.objects, bus, embedder))
        assert running.server is not None
        stop = asyncio.Event()
        tasks = [
            asyncio.create_task(run(stop))
            for run in (*running.consumers.values(), *running.relays.values())
        ]
        server = running.server

        async def end() -> None:
            stop.set()
            await asyncio.wait_for(asyncio.gather(*tasks), 15)
            await server.drain()

        port = await server.start()
        self.stack.push_async_callback(end)
        return port

    async def _pool(self, dsn: str) -> asyncpg.Pool:
        pool = await open_pool(dsn, max_size=8, application_name="test")
        self.stack.push_async_callback(close_pool, pool)
        return pool

    async def _channel(self, to: str, token: Callable[[], str]) -> grpc.aio.Channel:
        opened = channel(f"127.0.0.1:{self._ports[to]}", token=token, default_timeout=100)
        return await self.stack.enter_async_context(opened)


Open = Callable[..., Awaitable[House]]
