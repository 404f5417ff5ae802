"""Promise: the embedder as a process: settings in, everything wired, nothing else decided."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from functools import partial
from typing import NoReturn

from kioku.embedder.v1.embedder_service_pb2_grpc import add_EmbedderServiceServicer_to_server
from kioku_rt import service
from kioku_rt.auth.verifier import TokenVerifier
from kioku_rt.errors import DependencyDown
from kioku_rt.events import CONSUMERS, AdvisoryFeeder, EventBus, Worker
from kioku_rt.images import DecodePool, ImageLimits
from kioku_rt.objects import S3ObjectStore
from kioku_rt.rpc import Registration, RpcServer

from kioku_embedder.announcements import Announcer
from kioku_embedder.checkpoint import CheckpointUnusable
from kioku_embedder.consumers import AssetConsumer
from kioku_embedder.engines.arithmetic import EngineRefused
from kioku_embedder.frame_consumers import FrameConsumer
from kioku_embedder.hosted.opening import HostedUnusable, open_hosted
from kioku_embedder.local_model import local_making, open_model
from kioku_embedder.making import Making
from kioku_embedder.second_model import open_second
from kioku_embedder.servicer import EmbedderServicer
from kioku_embedder.settings import Settings
from kioku_embedder.spaces import Spaces
from kioku_embedder.tags.backend import TagsBackend
from kioku_embedder.tags.consumer import open_encoder

NAME = "embedder"
SERVICE = "kioku.embedder.v1.EmbedderService"
CONSUMER_NAMES = ("embedder-uploaded", "embedder-requested")
FRAMES = "siglip"
EXIT_UNUSABLE = 78  # BSD sysexits: configuration error


def main() -> NoReturn:
    """Runs the embedder until it is told to stop."""
    settings = Settings()
    try:
        service.main(NAME, settings, partial(open_service, settings))
    except (CheckpointUnusable, EngineRefused, HostedUnusable) as unusable:
        sys.stderr.write(f"{unusable}\n")
        sys.exit(EXIT_UNUSABLE)


async def open_service(settings: Settings, resources: AsyncExitStack) -> service.Running:
    """Opens everything and says what runs."""
    verifier = TokenVerifier(settings.auth_config())
    objects = S3ObjectStore(settings.s3_settings())
    resources.callback(objects.close)
    models = await open_models(settings, resources, objects)
    bus = await EventBus.connect(settings.nats_url, NAME)
    resources.push_async_callback(bus.close)
    handlers = _handlers(settings, objects, models, Announcer(bus))
    ready = partial(_dependencies_answer, objects, bus, models[0])
    workers = {name: _worker(settings, bus, name, by, ready) for name, by in handlers.items()}
    feeder = AdvisoryFeeder(bus, {name: by.on_dead for name, by in handlers.items()})
    workers["exhausted"] = feeder.worker(CONSUMERS["embedder-exhausted"])
    return service.Running(
        server=open_server(settings, models, verifier),
        consumers={name: worker.run for name, worker in workers.items()},
        relays={name: side for model in models for name, side in model.sides.items()},
        pings={**models[0].pings, "token keys": verifier.ping},
        optional_pings={
            **{name: ping for model in models for name, ping in model.optional_pings.items()},
            "event log": bus.health,
            "object store": objects.ping,
        },
    )


async def open_models(
    settings: Settings, resources: AsyncExitStack, objects: S3ObjectStore
) -> Sequence[Making]:
    """Opens the first model, by which the process lives, and the second if there is one.

    Raises:
        CheckpointUnusable, EngineRefused, HostedUnusable: with one sentence for the operator.
    """
    first = await open_making(settings, resources, objects)
    second = settings.second()
    if second is None:
        return [first]
    return [first, await open_second(second, resources, first.backend.space)]


async def open_making(
    settings: Settings, resources: AsyncExitStack, objects: S3ObjectStore
) -> Making:
    """Opens whoever makes the vectors: the model here, or a provider's.

    Raises:
        CheckpointUnusable, EngineRefused, HostedUnusable: with one sentence for the operator.
    """
    if settings.embedder_backend == "local":
        return local_making(settings, await open_model(settings, resources))
    pool = DecodePool(settings.decoders, ImageLimits(max_bytes=settings.embedder_upload_max_bytes))
    resources.callback(pool.close)
    await asyncio.to_thread(pool.start)
    hosted = await open_hosted(
        settings,
        resources,
        objects,
        pool,
        decoders=settings.decoders,
        queue_limit=settings.embedder_queue_limit,
    )
    return hosted.making()


def _handlers(
    settings: Settings, objects: S3ObjectStore, models: Sequence[Making], announcer: Announcer
) -> dict[str, AssetConsumer | FrameConsumer]:
    """Who handles which consumer's events."""
    spaces = Spaces(*(each.backend for each in models))
    pictures = AssetConsumer(
        objects,
        spaces,
        announcer,
        max_bytes=settings.embedder_upload_max_bytes,
        foreign_seconds=settings.embedder_foreign_seconds,
    )
    frames = FrameConsumer(
        objects,
        spaces,
        announcer,
        batch_size=settings.batch_size,
        max_bytes=settings.embedder_upload_max_bytes,
        foreign_seconds=settings.embedder_foreign_seconds,
    )
    return {**dict.fromkeys(CONSUMER_NAMES, pictures), FRAMES: frames}


def _worker(
    settings: Settings,
    bus: EventBus,
    name: str,
    consumer: AssetConsumer | FrameConsumer,
    probe: Callable[[], Awaitable[bool]],
) -> Worker:
    return Worker(
        bus,
        CONSUMERS[name],
        consumer.handle,
        slots=settings.embedder_frame_slots if name == FRAMES else settings.embedder_slots,
        handler_timeout=settings.embedder_handler_seconds,
        on_dead=consumer.on_dead,
        probe=probe,
    )


def open_server(settings: Settings, models: Sequence[Making], verifier: TokenVerifier) -> RpcServer:
    """Makes the gRPC server, not yet started."""
    servicer = EmbedderServicer(
        models,
        window=settings.embedder_window,
        others=(TagsBackend(open_encoder(settings.tags_synonyms)),),
    )
    registration = Registration(
        SERVICE,
        add_EmbedderServiceServicer_to_server,
        servicer,
        long_lived=frozenset({"EmbedImages"}),
    )
    return RpcServer(settings.server_config(), [registration], verifier=verifier)


async def _dependencies_answer(objects: S3ObjectStore, bus: EventBus, making: Making) -> bool:
    """Whether an event that had to wait may be tried again."""
    try:
        await objects.ping()
        await bus.health()
    except DependencyDown:
        return False
    return await making.open_for_bulk()
