"""Promise: a second model serves those who name its space, and never harms the first.

Whatever becomes of it is told by an optional ping and by its gauges; the process goes on. Broken,
it stays out until the process is started anew; stuck, it takes nothing new until it moves again,
and who waited for it is sent away.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from functools import partial

import structlog
from kioku_rt.space import Space

from kioku_embedder.batcher import Batcher
from kioku_embedder.checkpoint import CheckpointUnusable
from kioku_embedder.engines.arithmetic import EngineRefused
from kioku_embedder.local_model import facts_of, open_model, ping_model
from kioku_embedder.making import Making
from kioku_embedder.settings import Settings

SETTING = "KIOKU_EMBEDDER_SECOND_MODEL"
_LOOK = 1.0
_log = structlog.get_logger()


async def open_second(settings: Settings, resources: AsyncExitStack, first: Space) -> Making:
    """Opens the second model.

    Args:
        settings: as the second model reads them, see `Settings.second`.
        resources: what is opened is closed there.
        first: the space of the first model.

    Raises:
        CheckpointUnusable, EngineRefused: with one sentence for the operator.
    """
    try:
        model = await open_model(
            settings,
            resources,
            stall_seconds=settings.embedder_second_stuck_seconds,
            beside=first,
        )
    except (CheckpointUnusable, EngineRefused) as unusable:
        raise CheckpointUnusable(f"{SETTING}: {unusable}") from unusable

    async def open_for_bulk() -> bool:
        return model.batcher.works

    return Making(
        backend=model.embedder,
        facts=partial(facts_of, settings, model),
        open_for_bulk=open_for_bulk,
        pings={},
        optional_pings={"second model": partial(ping_model, model)},
        sides={"second model": partial(watch_second, model.batcher)},
    )


async def watch_second(batcher: Batcher, stop: asyncio.Event) -> None:
    """Sends away who waits for an engine that is stuck, and says so once; ends with `stop` only."""
    worked = True
    while not stop.is_set():
        if not batcher.works:
            if worked:
                _log.error("second_model_down", stuck=batcher.alive)
            batcher.shed()
        elif not worked:
            _log.info("second_model_works_again")
        worked = batcher.works
        await _pause(stop)


async def _pause(stop: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(_LOOK):
            await stop.wait()
    except TimeoutError:
        return
