"""Opens what the service talks to, and runs it."""

from __future__ import annotations

from contextlib import AsyncExitStack
from functools import partial
from typing import TYPE_CHECKING

from kioku_rt import service
from kioku_rt.auth import ServiceToken
from kioku_rt.db import close_pool, open_pool
from kioku_rt.events import EventBus
from kioku_rt.objects import S3ObjectStore
from kioku_rt.rpc import channel

from kioku_search.building import build
from kioku_search.embedder_client import EmbedderClient
from kioku_search.indexes.plans import check_plans
from kioku_search.servers import Servers
from kioku_search.settings import Settings

if TYPE_CHECKING:
    import asyncpg
    import grpc
    from kioku_rt.service import Running

SERVICE = "search"


def serve() -> None:
    """Run the service until it is told to stop."""
    settings = Settings()
    service.main(SERVICE, settings, partial(open_service, settings))


async def open_service(settings: Settings, resources: AsyncExitStack) -> Running:
    """Open what the service needs and say what runs."""
    servers = await _open_servers(settings, resources)
    await check_plans(servers.worker)
    return build(settings, servers)


async def _open_servers(settings: Settings, resources: AsyncExitStack) -> Servers:
    api = await open_pool(
        settings.search_api_dsn.get_secret_value(),
        max_size=settings.api_connections,
        reset=False,  # the owner, like all we set, is local to a transaction
        application_name=f"kioku-{SERVICE}",
    )
    resources.push_async_callback(close_pool, api)
    worker = await open_pool(
        settings.search_worker_dsn.get_secret_value(),
        max_size=settings.worker_connections,
        application_name=f"kioku-{SERVICE}",
    )
    resources.push_async_callback(close_pool, worker)
    objects = S3ObjectStore(settings.s3_settings())
    resources.callback(objects.close)
    bus = await resources.enter_async_context(await EventBus.connect(settings.nats_url, SERVICE))
    embedder = await resources.enter_async_context(_embedder_channel(settings))
    sealer = await _open_sealer(settings, resources)
    return Servers(api, worker, objects, bus, EmbedderClient(embedder), sealer)


async def _open_sealer(settings: Settings, resources: AsyncExitStack) -> asyncpg.Pool | None:
    """For the job that seals the audit; without the right this process seals nothing."""
    if settings.search_sealer_dsn is None:
        return None
    dsn = settings.search_sealer_dsn.get_secret_value()
    sealer = await open_pool(dsn, max_size=1, application_name=f"kioku-{SERVICE}-seal")
    resources.push_async_callback(close_pool, sealer)
    return sealer


def _embedder_channel(settings: Settings) -> grpc.aio.Channel:
    token = ServiceToken(settings.service_token_file) if settings.service_token_file else None
    return channel(
        settings.embedder_target,
        token=token.current if token else None,
        default_timeout=settings.embedder_seconds,
    )
