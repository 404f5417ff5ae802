"""Opens what the service talks to, and runs it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, NoReturn

from kioku_rt import service
from kioku_rt.auth import ServiceToken
from kioku_rt.db import close_pool, open_pool
from kioku_rt.events import EventBus
from kioku_rt.images import DecodePool, ImageLimits
from kioku_rt.objects import S3ObjectStore
from kioku_rt.rpc import channel

from kioku_face.building import Servers, build
from kioku_face.joining import joined
from kioku_face.matching.wiring import calibrating
from kioku_face.packs.licences import PackUnusable
from kioku_face.packs.opening import FinderOptions, open_finder
from kioku_face.settings import Settings
from kioku_face.vector_client import FaceVectorClient

if TYPE_CHECKING:
    import asyncpg
    import grpc
    from kioku_rt.service import Running
    from pydantic import SecretStr

    from kioku_face.matching.calibrating import Calibrating

SERVICE = "face"
_SEALERS = 2
EXIT_UNUSABLE = 78  # BSD sysexits: configuration error


def serve() -> NoReturn:
    """Run the service until it is told to stop; without a usable pack, say why and end."""
    settings = Settings()
    try:
        service.main(SERVICE, settings, partial(open_service, settings))
    except PackUnusable as unusable:
        sys.stderr.write(f"{unusable}\n")
        sys.exit(EXIT_UNUSABLE)


async def open_service(settings: Settings, resources: AsyncExitStack) -> Running:
    """Open what the service needs and say what runs; the models first, for they may be refused.

    Raises:
        PackUnusable: with one sentence for the operator.
        DependencyDown: a server does not answer.
    """
    finder = await open_finder(_finder_options(settings), resources)
    api = await _pool(settings.face_api_dsn, settings.api_connections, resources)
    worker = await _pool(settings.face_worker_dsn, settings.worker_connections, resources)
    objects = S3ObjectStore(settings.s3_settings())
    resources.callback(objects.close)
    decoder = await _crop_decoder(settings, resources)
    bus = await resources.enter_async_context(await EventBus.connect(settings.nats_url, SERVICE))
    search = await resources.enter_async_context(_search_channel(settings))
    vectors = FaceVectorClient(search, seconds=settings.search_seconds)
    sealer = await _pool(settings.face_sealer_dsn, _SEALERS, resources)
    servers = Servers(api, worker, objects, bus, finder, decoder, vectors)
    return build(settings, servers, joined(settings, servers, sealer))


@asynccontextmanager
async def opened() -> AsyncIterator[Calibrating]:
    """What the command `calibrate` needs of the service: its engine and its database.

    Raises:
        PackUnusable: with one sentence for the operator.
        DependencyDown: the database does not answer.
    """
    settings = Settings()
    async with AsyncExitStack() as resources:
        finder = await open_finder(_finder_options(settings), resources)
        worker = await _pool(settings.face_worker_dsn, settings.worker_connections, resources)
        yield calibrating(worker, finder)


def sealer_dsn() -> str:
    """Where the command `verify-audit` looks."""
    return Settings().face_sealer_dsn.get_secret_value()


def _finder_options(settings: Settings) -> FinderOptions:
    return FinderOptions(
        folder=settings.face_pack,
        accepted=frozenset(settings.face_accept_licences),
        processes=settings.face_processes,
        upload_max_bytes=settings.face_upload_max_bytes,
    )


async def _pool(dsn: SecretStr, size: int, resources: AsyncExitStack) -> asyncpg.Pool:
    pool = await open_pool(
        dsn.get_secret_value(), max_size=size, application_name=f"kioku-{SERVICE}"
    )
    resources.push_async_callback(close_pool, pool)
    return pool


async def _crop_decoder(settings: Settings, resources: AsyncExitStack) -> DecodePool:
    """A child of its own: whoever looks at a face does not wait behind a library's pictures."""
    limits = ImageLimits(
        max_bytes=settings.face_upload_max_bytes, long_edge=settings.face_crop_pixels
    )
    decoder = DecodePool(1, limits)
    resources.callback(decoder.close)
    await asyncio.to_thread(decoder.start)
    return decoder


def _search_channel(settings: Settings) -> grpc.aio.Channel:
    token = ServiceToken(settings.service_token_file) if settings.service_token_file else None
    return channel(
        settings.search_target,
        token=token.current if token else None,
        default_timeout=settings.search_seconds,
    )
