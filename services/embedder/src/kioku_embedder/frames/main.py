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
from kioku_embedder.tags.consumer import CONSUMER_NAMES as TAGS
from kioku_embedder.tags.consumer import tags_consumer

NAME = "frames"
CUTTING = ("default", "frames-requested")
_TAGS_SLOTS = 16
_TAGS_SECONDS = 30.0


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
    tags = tags_consumer(bus, settings.tags_synonyms)
    probe = partial(_dependencies_answer, objects, bus)
    cuts = partial(
        Worker, bus, slots=settings.slots, handler_timeout=settings.handler_seconds, probe=probe
    )
    words = partial(Worker, bus, slots=_TAGS_SLOTS, handler_timeout=_TAGS_SECONDS, probe=probe)
    workers = {
        name: cuts(CONSUMERS[name], videos.handle, on_dead=videos.on_dead) for name in CUTTING
    } | {name: words(CONSUMERS[name], tags.handle, on_dead=tags.on_dead) for name in TAGS}
    on_dead = dict.fromkeys(CUTTING, videos.on_dead) | dict.fromkeys(TAGS, tags.on_dead)
    feeder = AdvisoryFeeder(bus, on_dead)
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
