"""Opens what the service talks to, and runs it."""

from __future__ import annotations

import sys
from contextlib import AsyncExitStack
from functools import partial
from typing import TYPE_CHECKING, NoReturn

from kioku_rt import service
from kioku_rt.auth import ServiceToken
from kioku_rt.db import close_pool, open_pool
from kioku_rt.events import EventBus
from kioku_rt.objects import S3ObjectStore
from kioku_rt.rpc import channel

from kioku_vlm.asking.asset_client import AssetClient
from kioku_vlm.building import Servers, build
from kioku_vlm.engines.failure import EngineUnusable
from kioku_vlm.joining import joined
from kioku_vlm.notifying.receiver import ReceiverUnusable
from kioku_vlm.notifying.signing import SecretMalformed
from kioku_vlm.opening import open_engines
from kioku_vlm.people.face_client import FaceClient
from kioku_vlm.reading import ReaderUnusable
from kioku_vlm.settings import Settings
from kioku_vlm.themes.wiring import ThemeServers

if TYPE_CHECKING:
    import asyncpg
    import grpc
    from kioku_rt.service import Running
    from pydantic import SecretStr

SERVICE = "vlm"
_SEALERS = 2
EXIT_UNUSABLE = 78  # BSD sysexits: configuration error


def serve() -> NoReturn:
    """Run the service until it is told to stop; with unusable settings, say why and end."""
    settings = Settings()
    try:
        service.main(SERVICE, settings, partial(open_service, settings))
    except (EngineUnusable, ReaderUnusable, ReceiverUnusable, SecretMalformed) as unusable:
        sys.stderr.write(f"{unusable}\n")
        sys.exit(EXIT_UNUSABLE)


async def open_service(settings: Settings, resources: AsyncExitStack) -> Running:
    """Open what the service needs and say what runs.

    Raises:
        EngineUnusable, ReaderUnusable, ReceiverUnusable, SecretMalformed: in one sentence.
        DependencyDown: a server does not answer.
    """
    engines = await open_engines(settings, resources)
    api = await _pool(settings.vlm_api_dsn, settings.api_connections, resources)
    worker = await _pool(settings.vlm_worker_dsn, settings.worker_connections, resources)
    objects = S3ObjectStore(settings.s3_settings())
    resources.callback(objects.close)
    bus = await resources.enter_async_context(await EventBus.connect(settings.nats_url, SERVICE))
    search = await _channel(settings, settings.search_target, resources)
    assets = AssetClient(search, seconds=settings.peer_seconds)
    faces = None
    if settings.face_target:
        face = await _channel(settings, settings.face_target, resources)
        faces = FaceClient(face, seconds=settings.peer_seconds)
    sealer = await _pool(settings.vlm_sealer_dsn, _SEALERS, resources)
    servers = Servers(api, worker, objects, bus, engines, assets, faces)
    themes = None
    if settings.embedder_target:
        embedder = await _channel(settings, settings.embedder_target, resources)
        themes = ThemeServers(embedder, search, api, objects, model=engines.writer)
    return build(settings, servers, joined(settings, servers, sealer, resources, themes=themes))


def sealer_dsn() -> str:
    """Where the command `verify-audit` looks."""
    return Settings().vlm_sealer_dsn.get_secret_value()


async def _pool(dsn: SecretStr, size: int, resources: AsyncExitStack) -> asyncpg.Pool:
    pool = await open_pool(
        dsn.get_secret_value(), max_size=size, application_name=f"kioku-{SERVICE}"
    )
    resources.push_async_callback(close_pool, pool)
    return pool


async def _channel(settings: Settings, target: str, resources: AsyncExitStack) -> grpc.aio.Channel:
    token = ServiceToken(settings.service_token_file) if settings.service_token_file else None
    return await resources.enter_async_context(
        channel(
            target,
            token=token.current if token else None,
            default_timeout=settings.peer_seconds,
        )
    )
