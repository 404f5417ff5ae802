"""Promise: a model of this process with what feeds it and watches it."""

from __future__ import annotations

import asyncio
import math
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial

from kioku_rt.errors import DependencyDown
from kioku_rt.images import DecodePool, ImageLimits
from kioku_rt.space import Space

from kioku_embedder.batcher import Batcher
from kioku_embedder.checkpoint import Checkpoint, CheckpointUnusable, open_checkpoint
from kioku_embedder.embedding import Embedder
from kioku_embedder.engine import EngineBroken
from kioku_embedder.engines.choice import Chosen, choose
from kioku_embedder.engines.store import Store
from kioku_embedder.engines.workshop import Workshop
from kioku_embedder.family import VISUAL
from kioku_embedder.making import Making, ModelFacts
from kioku_embedder.metrics import Metrics, watch_engine_of, watch_queue
from kioku_embedder.settings import Settings

_LOOK = 1.0


@dataclass(frozen=True)
class Model:
    """The model with what feeds it."""

    chosen: Chosen
    batcher: Batcher
    pool: DecodePool
    embedder: Embedder

    @property
    def checkpoint(self) -> Checkpoint:
        """Whose vectors these are, in the engine's precision."""
        return self.chosen.checkpoint


async def open_model(
    settings: Settings,
    resources: AsyncExitStack,
    *,
    stall_seconds: float = math.inf,
    beside: Space | None = None,
) -> Model:
    """Opens the checkpoint, its engine and the decoders.

    Args:
        settings: which, and how.
        resources: what is opened is closed there.
        stall_seconds: see `batcher.Batcher`.
        beside: the space of a model that this process has already.

    Raises:
        CheckpointUnusable, EngineRefused: with one sentence for the operator.
    """
    limits = ImageLimits(max_bytes=settings.embedder_upload_max_bytes)
    chosen = await asyncio.to_thread(choose_engine, settings, limits.long_edge)
    checkpoint = chosen.checkpoint
    if checkpoint.space == beside:
        raise CheckpointUnusable(f"{checkpoint.space.space_id} is the space of the first model.")
    rules = checkpoint.preprocessing
    pool = DecodePool(
        settings.decoders, replace(limits, needed_side=rules.needed_side), prepare=rules
    )
    resources.callback(pool.close)
    await asyncio.to_thread(pool.start)
    label = _label(checkpoint.space, beside)
    metrics = Metrics(label)
    batcher = _start_batcher(settings, chosen, metrics, label, stall_seconds)
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
    return Model(chosen, batcher, pool, embedder)


def choose_engine(settings: Settings, long_edge: int) -> Chosen:
    """The checkpoint and the engine that the settings ask for; blocks.

    Raises:
        CheckpointUnusable, EngineRefused: with one sentence for the operator.
    """
    store = Store(settings.cache_dir)
    checkpoint = open_checkpoint(
        settings.siglip_model_name, precision="float32", long_edge=long_edge, cache=store.root
    )
    workshop = Workshop(
        checkpoint,
        store,
        long_edge=long_edge,
        device=settings.siglip_device,
        threads=settings.embedder_threads,
        compiled=settings.embedder_compile,
    )
    return choose(
        workshop,
        engine=settings.embedder_engine,
        precision=settings.embedder_precision,
        least=settings.embedder_min_fidelity,
    )


def local_making(settings: Settings, model: Model) -> Making:
    """The model in this process as the process sees it."""

    async def open_for_bulk() -> bool:
        return model.batcher.alive

    return Making(
        backend=model.embedder,
        facts=partial(facts_of, settings, model),
        open_for_bulk=open_for_bulk,
        pings={"engine": partial(ping_model, model)},
        sides={"engine": partial(watch_engine, model.batcher, settings.embedder_stuck_seconds)},
    )


def facts_of(settings: Settings, model: Model) -> ModelFacts:
    """What ListModels says of a model, as it is now."""
    return ModelFacts(
        model.checkpoint.name,
        settings.siglip_device,
        model.chosen.name,
        model.chosen.fidelity,
        model.batcher.memory_bytes,
    )


def _label(space: Space, beside: Space | None) -> str:
    """The value of the metrics' label `model`: the short name where that is one model's alone."""
    return space.space_id if beside is not None and beside.model == space.model else space.model


def _start_batcher(
    settings: Settings, chosen: Chosen, metrics: Metrics, label: str, stall_seconds: float
) -> Batcher:
    space = chosen.checkpoint.space
    batcher = Batcher(
        chosen.engine,
        dimension=space.dimension,
        batch_size=settings.batch_size,
        pass_seconds=settings.embedder_pass_seconds,
        limit=settings.embedder_queue_limit,
        idle_seconds=settings.embedder_idle_seconds,
        stall_seconds=stall_seconds,
        on_pass=metrics.passed,
    )
    watch_queue(batcher, label)
    watch_engine_of(batcher, label, space, chosen.name, chosen.fidelity)
    batcher.start(load=settings.embedder_preload)
    return batcher


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


async def ping_model(model: Model) -> None:
    """Raises DependencyDown when nothing can be embedded by it."""
    if not model.batcher.works:
        raise DependencyDown("engine")
    await model.pool.ping()
