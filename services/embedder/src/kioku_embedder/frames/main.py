"""Promise: the frames worker as a process: settings in, everything wired, nothing else decided."""

from __future__ import annotations

from contextlib import AsyncExitStack
from functools import partial
from typing import NoReturn

from kioku_rt import service
from kioku_rt.errors import DependencyDown
from kioku_rt.events import CONSUMERS, AdvisoryFeeder, EventBus, Worker
from kioku_rt.objects import S3ObjectStore

from kioku_embedder.frames.consumers import VideoConsumer
from kioku_embedder.frames.cutter import Cutter
from kioku_embedder.frames.extraction import FrameExtraction
from kioku_embedder.frames.metrics import Metrics
from kioku_embedder.frames.settings import Settings

NAME = "frames"
CUTTING = ("default", "frames-requested")


def main() -> NoReturn:
    """Runs the frames worker until it is told to stop."""
    settings = Settings()
    service.main(NAME, settings, partial(open_service, settings))


async def open_service(settings: Settings, resources: AsyncExitStack) -> service.Running:
    """Opens everything and says what runs."""
    objects = S3ObjectStore(settings.s3_settings())
    resources.callback(objects.close)
    bus = await EventBus.connect(settings.nats_url, NAME)
    resources.push_async_callback(bus.close)
    metrics = Metrics()
    extraction = FrameExtraction(
        objects,
        bus,
        Cutter(settings.plan(), settings.limits()),
        max_bytes=settings.frames_max_bytes,
        observer=metrics,
    )
    videos = VideoConsumer(extraction, metrics)
    probe = partial(_dependencies_answer, objects, bus)
    workers = {
        name: Worker(
            bus,
            CONSUMERS[name],
            videos.handle,
            slots=settings.slots,
            handler_timeout=settings.handler_seconds,
            on_dead=videos.on_dead,
            probe=probe,
        )
        for name in CUTTING
    }
    feeder = AdvisoryFeeder(bus, dict.fromkeys(CUTTING, videos.on_dead))
    workers["exhausted"] = feeder.worker(CONSUMERS["frames-exhausted"])
    return service.Running(
        consumers={name: worker.run for name, worker in workers.items()},
        pings={"event log": bus.health, "object store": objects.ping},
    )


async def _dependencies_answer(objects: S3ObjectStore, bus: EventBus) -> bool:
    """Whether an event that had to wait may be tried again."""
    try:
        await objects.ping()
        await bus.health()
    except DependencyDown:
        return False
    return True
