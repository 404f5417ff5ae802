"""Promise: the embedder as a process: settings in, everything wired, nothing else decided."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
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
from kioku_embedder.batcher import Batcher
from kioku_embedder.checkpoint import Checkpoint, CheckpointUnusable, open_checkpoint
from kioku_embedder.consumers import AssetConsumer
from kioku_embedder.embedding import Embedder
from kioku_embedder.engine import Engine, EngineBroken
from kioku_embedder.engines.torch_engine import TorchEngine
from kioku_embedder.engines.visual_engine import VisualEngine
from kioku_embedder.family import VISUAL
from kioku_embedder.frame_consumers import FrameConsumer
from kioku_embedder.hosted.opening import HostedUnusable, open_hosted
from kioku_embedder.making import Making
from kioku_embedder.metrics import Metrics, watch_queue
from kioku_embedder.servicer import EmbedderServicer
from kioku_embedder.settings import Settings
from kioku_embedder.tags.backend import TagsBackend
from kioku_embedder.tags.consumer import open_encoder

NAME = "embedder"
SERVICE = "kioku.embedder.v1.EmbedderService"
CONSUMER_NAMES = ("embedder-uploaded", "embedder-requested")
FRAMES = "siglip"
_LOOK = 1.0
EXIT_UNUSABLE = 78  # BSD sysexits: configuration error


def main() -> NoReturn:
    """Runs the embedder until it is told to stop."""
    settings = Settings()
    try:
        service.main(NAME, settings, partial(open_service, settings))
    except (CheckpointUnusable, HostedUnusable) as unusable:
        sys.stderr.write(f"{unusable}\n")
        sys.exit(EXIT_UNUSABLE)


@dataclass(frozen=True)
class Model:
    """The model with what feeds it."""

    checkpoint: Checkpoint
    batcher: Batcher
    pool: DecodePool
    embedder: Embedder


async def open_model(settings: Settings, resources: AsyncExitStack) -> Model:
    """Opens the checkpoint, its engine and the decoders.

    Raises:
        CheckpointUnusable: with one sentence for the operator.
    """
    limits = ImageLimits(max_bytes=settings.embedder_upload_max_bytes)
    checkpoint = await asyncio.to_thread(
        open_checkpoint,
        settings.siglip_model_name,
        precision=settings.embedder_precision,
        long_edge=limits.long_edge,
    )
    rules = checkpoint.preprocessing
    pool = DecodePool(
        settings.decoders, replace(limits, needed_side=rules.needed_side), prepare=rules
    )
    resources.callback(pool.close)
    await asyncio.to_thread(pool.start)
    metrics = Metrics(checkpoint.space.model)
    batcher = _start_batcher(settings, checkpoint, metrics)
    resources.push_async_callback(batcher.close)
    embedder = Embedder(
        checkpoint.space,
        pool,
        batcher,
        decoders=settings.decoders,
        observer=metrics,
        words=checkpoint.family is not VISUAL,
        weight_limit=settings.embedder_weight_limit,
    )
    return Model(checkpoint, batcher, pool, embedder)


async def open_service(settings: Settings, resources: AsyncExitStack) -> service.Running:
    """Opens everything and says what runs."""
    verifier = TokenVerifier(settings.auth_config())
    objects = S3ObjectStore(settings.s3_settings())
    resources.callback(objects.close)
    making = await open_making(settings, resources, objects)
    bus = await EventBus.connect(settings.nats_url, NAME)
    resources.push_async_callback(bus.close)
    consumer = AssetConsumer(
        objects, making.backend, Announcer(bus), max_bytes=settings.embedder_upload_max_bytes
    )
    ready = partial(_dependencies_answer, objects, bus, making)
    frames = FrameConsumer(
        objects,
        making.backend,
        Announcer(bus),
        batch_size=settings.batch_size,
        max_bytes=settings.embedder_upload_max_bytes,
    )
    handlers: dict[str, AssetConsumer | FrameConsumer] = dict.fromkeys(CONSUMER_NAMES, consumer)
    handlers[FRAMES] = frames
    workers = {name: _worker(settings, bus, name, by, ready) for name, by in handlers.items()}
    feeder = AdvisoryFeeder(bus, {name: by.on_dead for name, by in handlers.items()})
    workers["exhausted"] = feeder.worker(CONSUMERS["embedder-exhausted"])
    return service.Running(
        server=open_server(settings, making, verifier),
        consumers={name: worker.run for name, worker in workers.items()},
        relays=making.sides,
        pings={**making.pings, "token keys": verifier.ping},
        optional_pings={
            **making.optional_pings,
            "event log": bus.health,
            "object store": objects.ping,
        },
    )


async def open_making(
    settings: Settings, resources: AsyncExitStack, objects: S3ObjectStore
) -> Making:
    """Opens whoever makes the vectors: the model here, or a provider's.

    Raises:
        CheckpointUnusable, HostedUnusable: with one sentence for the operator.
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


def local_making(settings: Settings, model: Model) -> Making:
    """The model in this process as the process sees it."""

    async def open_for_bulk() -> bool:
        return model.batcher.alive

    return Making(
        backend=model.embedder,
        checkpoint=model.checkpoint.name,
        device=settings.siglip_device,
        open_for_bulk=open_for_bulk,
        pings={"engine": partial(_ping_model, model)},
        sides={"engine": partial(watch_engine, model.batcher, settings.embedder_stuck_seconds)},
    )


def _start_batcher(settings: Settings, checkpoint: Checkpoint, metrics: Metrics) -> Batcher:
    engine = _engine(settings, checkpoint)
    batcher = Batcher(
        engine,
        dimension=checkpoint.space.dimension,
        batch_size=settings.batch_size,
        pass_seconds=settings.embedder_pass_seconds,
        limit=settings.embedder_queue_limit,
        on_pass=metrics.passed,
    )
    watch_queue(batcher, checkpoint.space.model)
    batcher.start(load=settings.embedder_preload)
    return batcher


def _engine(settings: Settings, checkpoint: Checkpoint) -> Engine:
    threads = settings.embedder_threads
    if checkpoint.family is VISUAL:
        return VisualEngine(checkpoint, threads=threads)
    return TorchEngine(checkpoint, device=settings.siglip_device, threads=threads)


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


def open_server(settings: Settings, making: Making, verifier: TokenVerifier) -> RpcServer:
    """Makes the gRPC server, not yet started."""
    servicer = EmbedderServicer(
        making.backend,
        checkpoint=making.checkpoint,
        device=making.device,
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


async def watch_engine(batcher: Batcher, stuck_seconds: float, stop: asyncio.Event) -> None:
    """Lives as long as the engine works: its death, or a pass without end, ends the process.

    Raises:
        EngineBroken: the engine died, or hangs.
    """
    stopped = asyncio.create_task(stop.wait())
    died = asyncio.create_task(batcher.death())
    while not stopped.done() and not died.done():
        await asyncio.wait({stopped, died}, timeout=_LOOK, return_when=asyncio.FIRST_COMPLETED)
        if batcher.running_seconds > stuck_seconds:
            raise EngineBroken(f"A pass has been running for {batcher.running_seconds:.0f} s.")
    stopped.cancel()
    if died.done():
        died.result()
    died.cancel()


async def _ping_model(model: Model) -> None:
    """Raises when nothing can be embedded."""
    if not model.batcher.alive or not model.pool.alive():
        raise DependencyDown("engine")


async def _dependencies_answer(objects: S3ObjectStore, bus: EventBus, making: Making) -> bool:
    """Whether an event that had to wait may be tried again."""
    try:
        await objects.ping()
        await bus.health()
    except DependencyDown:
        return False
    return await making.open_for_bulk()
