"""The process ends when its engine does, or when a pass never ends."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from kioku_embedder.batcher import Batcher
from kioku_embedder.engine import EngineBroken
from kioku_embedder.local_model import watch_engine
from kioku_embedder.waiting import Priority, Tower


async def test_a_death_ends_the_watch(batcher: Batcher, engine: Any) -> None:
    """The side task dies with the engine, and the process with the side task."""
    engine.load_error = EngineBroken("gone")
    watch = asyncio.create_task(watch_engine(batcher, 60, asyncio.Event()))
    await asyncio.gather(batcher.embed("x", Tower.TEXT, Priority.BULK), return_exceptions=True)
    with pytest.raises(EngineBroken):
        await asyncio.wait_for(watch, 5)


async def test_a_pass_without_end_ends_the_watch(
    batcher: Batcher, engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hanging device does not die by itself."""
    monkeypatch.setattr("kioku_embedder.local_model._LOOK", 0.02)
    engine.gate.clear()
    hanging = asyncio.create_task(batcher.embed("x", Tower.TEXT, Priority.BULK))
    with pytest.raises(EngineBroken, match="has been running"):
        await asyncio.wait_for(watch_engine(batcher, 0.1, asyncio.Event()), 5)
    engine.gate.set()
    await hanging


async def test_a_stop_ends_the_watch_in_peace(batcher: Batcher) -> None:
    """Told to stop, it returns."""
    stop = asyncio.Event()
    watch = asyncio.create_task(watch_engine(batcher, 60, stop))
    stop.set()
    await asyncio.wait_for(watch, 5)
