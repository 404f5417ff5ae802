"""A second model that dies or hangs is told of, and nobody waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from kioku_embedder.batcher import Batcher
from kioku_embedder.engine import EngineBroken
from kioku_embedder.metrics import watch_engine_of, watch_queue
from kioku_embedder.second_model import watch_second
from kioku_embedder.waiting import Priority, Tower
from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason
from kioku_rt.space import Space
from prometheus_client import REGISTRY


@pytest.fixture
async def second(engine: Any, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Batcher]:
    """A batcher that is taken for stuck after a tenth of a second, under watch."""
    monkeypatch.setattr("kioku_embedder.second_model._LOOK", 0.02)
    made = Batcher(engine, dimension=3, batch_size=4, pass_seconds=10, limit=12, stall_seconds=0.1)
    made.start()
    stop = asyncio.Event()
    watch = asyncio.create_task(watch_second(made, stop))
    yield made
    assert not watch.done()
    stop.set()
    await asyncio.wait_for(watch, 5)
    engine.gate.set()
    await made.close()


def ask(batcher: Batcher, text: str) -> asyncio.Task[Any]:
    return asyncio.create_task(batcher.embed(text, Tower.TEXT, Priority.BULK))


async def reason(task: asyncio.Task[Any]) -> Reason:
    with pytest.raises(KiokuError) as caught:
        await asyncio.wait_for(task, 10)
    return caught.value.reason


async def until(fact: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not fact():
            await asyncio.sleep(0.01)


async def test_a_stuck_pass_sends_everybody_away_until_it_ends(
    second: Batcher, engine: Any
) -> None:
    """Who is in the pass, who waits and who comes; afterwards it serves as if nothing had been."""
    engine.gate.clear()
    in_hand = ask(second, "in the pass")
    assert await asyncio.to_thread(engine.entered.acquire, True, 5)
    waiting = ask(second, "in the line")
    assert Reason.MODEL_UNAVAILABLE is await reason(in_hand)
    assert Reason.MODEL_UNAVAILABLE is await reason(waiting)
    assert (True, False) == (second.alive, second.works)
    assert Reason.MODEL_UNAVAILABLE is await reason(ask(second, "new"))
    assert 0 == second.depth(Priority.BULK)
    engine.gate.set()
    await until(lambda: second.works)
    assert 1 == (await ask(second, "later")).batch_size
    assert [["text in the pass"], ["text later"]] == engine.passes


async def test_a_loading_without_end_counts_as_stuck(
    second: Batcher, engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Weights on a file system that hangs; nothing has been run then."""
    loading = engine.load

    def hang() -> None:
        assert engine.gate.wait(10)
        loading()

    monkeypatch.setattr(engine, "load", hang)
    engine.gate.clear()
    assert Reason.MODEL_UNAVAILABLE is await reason(ask(second, "x"))
    assert ([], False) == (engine.passes, second.works)


async def test_a_death_leaves_the_watch_alive(second: Batcher, engine: Any) -> None:
    """The process does not live by it: everybody is refused, nothing else ends."""
    engine.load_error = EngineBroken("gone")
    assert Reason.MODEL_UNAVAILABLE is await reason(ask(second, "x"))
    await until(lambda: not second.works)
    assert Reason.MODEL_UNAVAILABLE is await reason(ask(second, "y"))


async def test_each_model_has_gauges_of_its_own(engine: Any) -> None:
    """Memory, work and waiting are told by model; one never hides the other."""
    engines = {"one": engine, "two": type(engine)()}
    batchers = {
        name: Batcher(made, dimension=3, batch_size=4, pass_seconds=10, limit=12, stall_seconds=9)
        for name, made in engines.items()
    }
    for name, batcher in batchers.items():
        batcher.start()
        watch_queue(batcher, name)
        watch_engine_of(batcher, name, Space(name, "r1", 3, "p1", "float32"), "torch", 1.0)
    await ask(batchers["two"], "x")
    engines["one"].load_error = EngineBroken("gone")
    assert Reason.MODEL_UNAVAILABLE is await reason(ask(batchers["one"], "x"))
    await until(lambda: not batchers["one"].works)

    def told(metric: str, **labels: str) -> list[float | None]:
        full = f"kioku_embedder_{metric}"
        return [REGISTRY.get_sample_value(full, {"model": name, **labels}) for name in engines]

    assert [0, 1000] == told("model_memory_bytes")
    assert [0, 1] == told("model_loaded")
    assert [0, 1] == told("model_works")
    assert [0, 0] == told("queue_depth", priority="bulk")
    for batcher in batchers.values():
        await batcher.close()


async def test_a_stuck_engine_does_not_hold_up_the_end(engine: Any) -> None:
    """Closing leaves the hanging thread to the end of the process."""
    batcher = Batcher(
        engine, dimension=3, batch_size=4, pass_seconds=10, limit=12, stall_seconds=0.05
    )
    batcher.start()
    engine.gate.clear()
    hanging = ask(batcher, "x")
    await until(lambda: not batcher.works)
    await asyncio.wait_for(batcher.close(), 5)
    assert Reason.MODEL_UNAVAILABLE is await reason(hanging)
