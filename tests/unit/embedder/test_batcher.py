"""The batcher: order, fairness, isolation, cancellation, overload and death."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from kioku_embedder.batcher import Batcher
from kioku_embedder.engine import EngineBroken
from kioku_embedder.waiting import Priority, Tower
from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason

BULK, INTERACTIVE = Priority.BULK, Priority.INTERACTIVE


async def entered(engine: Any) -> None:
    """Returns when the engine has begun a pass."""
    assert await asyncio.to_thread(engine.entered.acquire, True, 5)


async def roomed(batcher: Batcher, payload: Any, tower: Tower, priority: Priority) -> Any:
    """As the use case does it."""
    with batcher.room(tower, priority):
        return await batcher.embed(payload, tower, priority)


def ask(batcher: Batcher, text: str, priority: Priority = BULK) -> asyncio.Task[Any]:
    return asyncio.create_task(roomed(batcher, text, Tower.TEXT, priority))


async def learn(batcher: Batcher, engine: Any) -> None:
    """Lets the batcher find out that passes are cheap; the engine forgets that it happened."""
    for count in (1, 2, 4):
        await asyncio.gather(*(ask(batcher, f"warm{n}") for n in range(count)))
    while engine.entered.acquire(blocking=False):
        pass


async def test_an_idle_engine_gets_a_batch_of_one_at_once(batcher: Batcher) -> None:
    """Nothing waits for company: there is no timer."""
    answer = await batcher.embed("cat", Tower.TEXT, INTERACTIVE)
    assert answer.batch_size == 1
    np.testing.assert_allclose(answer.embedded.vector, [1, 0, 0])


async def test_what_waits_together_goes_together(batcher: Batcher, engine: Any) -> None:
    """While a pass runs the next batch fills, up to the batch size."""
    await learn(batcher, engine)
    engine.passes.clear()
    engine.gate.clear()
    first = ask(batcher, "first")
    await entered(engine)
    rest = [ask(batcher, f"t{n}") for n in range(6)]
    await asyncio.sleep(0.01)
    engine.gate.set()
    answers = await asyncio.gather(first, *rest)
    assert [len(items) for items in engine.passes] == [1, 4, 2]
    assert [answer.batch_size for answer in answers] == [1, 4, 4, 4, 4, 2, 2]


async def test_interactive_goes_before_bulk(batcher: Batcher, engine: Any) -> None:
    """A query that comes last is in the very next pass."""
    await learn(batcher, engine)
    engine.gate.clear()
    running = ask(batcher, "running")
    await entered(engine)
    engine.passes.clear()
    bulk = [ask(batcher, f"bulk{n}") for n in range(5)]
    await asyncio.sleep(0)
    query = ask(batcher, "query", INTERACTIVE)
    await asyncio.sleep(0.01)
    engine.gate.set()
    await asyncio.gather(running, query, *bulk)
    assert engine.passes[0] == ["text query"]


async def test_a_bulk_pass_keeps_to_its_budget(engine: Any) -> None:
    """When one item takes longer than the budget every pass has one item."""
    batcher = Batcher(engine, dimension=3, batch_size=4, pass_seconds=1e-9, limit=8)
    batcher.start()
    await asyncio.gather(*(ask(batcher, f"t{n}") for n in range(6)))
    await batcher.close()
    assert {1} == {len(items) for items in engine.passes}


async def test_pictures_and_texts_never_share_a_pass(
    batcher: Batcher, engine: Any, make_picture: Callable[[int], Any]
) -> None:
    """Each pass runs one tower."""
    await learn(batcher, engine)
    pictures = [batcher.embed(make_picture(n), Tower.IMAGE, BULK) for n in (1, 2)]
    await asyncio.gather(*pictures, ask(batcher, "a"), ask(batcher, "b"))
    towers = [{item.split()[0] for item in items} for items in engine.passes]
    assert all(len(kinds) == 1 for kinds in towers)


async def test_poison_fails_alone(batcher: Batcher, engine: Any) -> None:
    """Whatever shares a batch with a bad item gets its vector."""
    await learn(batcher, engine)
    engine.gate.clear()
    first = ask(batcher, "first")
    await entered(engine)
    rest = [ask(batcher, text) for text in ("good", "poison", "fine", "well")]
    await asyncio.sleep(0.01)
    engine.gate.set()
    await first
    results = await asyncio.gather(*rest, return_exceptions=True)
    failures = [getattr(result, "reason", None) for result in results]
    assert failures == [None, Reason.INTERNAL, None, None]
    assert "token" not in str(results[1])
    assert (await ask(batcher, "later")).batch_size == 1


async def test_a_vector_that_is_not_finite_is_no_answer(
    batcher: Batcher, make_picture: Callable[[int], Any]
) -> None:
    """NaN and zero vectors are MODEL_OUTPUT_INVALID, for their item alone."""
    results = await asyncio.gather(
        ask(batcher, "nan"),
        ask(batcher, "good"),
        batcher.embed(make_picture(0), Tower.IMAGE, BULK),
        return_exceptions=True,
    )
    reasons = [getattr(result, "reason", None) for result in results]
    assert reasons == [Reason.MODEL_OUTPUT_INVALID, None, Reason.MODEL_OUTPUT_INVALID]


async def test_a_batch_too_large_for_memory_is_halved(batcher: Batcher, engine: Any) -> None:
    """Running out of memory costs a second try, not an answer."""
    await learn(batcher, engine)
    engine.most_at_once = 1
    answers = await asyncio.gather(*(ask(batcher, f"t{n}") for n in range(5)))
    assert len(answers) == 5
    engine.most_at_once = 0
    with pytest.raises(KiokuError) as caught:
        await ask(batcher, "big")
    assert caught.value.reason == Reason.ENGINE_OUT_OF_MEMORY


async def test_cancelled_items_are_not_run(batcher: Batcher, engine: Any) -> None:
    """Who has gone costs nothing, and makes room."""
    engine.gate.clear()
    running = ask(batcher, "running")
    await entered(engine)
    gone = [ask(batcher, "gone") for _ in range(8)]
    await asyncio.sleep(0.01)
    for task in gone:
        task.cancel()
    await asyncio.gather(*gone, return_exceptions=True)
    assert batcher.depth(BULK) == 0
    stays = ask(batcher, "stays")
    await asyncio.sleep(0.01)
    engine.gate.set()
    await asyncio.gather(running, stays)
    assert engine.passes == [["text running"], ["text stays"]]


async def test_a_full_queue_refuses_with_a_time_to_come_back(batcher: Batcher, engine: Any) -> None:
    """Each priority has its own room, so bulk work cannot crowd queries out."""
    engine.gate.clear()
    running = ask(batcher, "running")
    await entered(engine)
    waiting = [ask(batcher, "bulk") for _ in range(11)]
    await asyncio.sleep(0.01)
    assert batcher.fullness(BULK) == 1
    with pytest.raises(KiokuError) as caught:
        await ask(batcher, "one too many")
    assert caught.value.reason == Reason.OVERLOADED
    assert 0.1 <= (caught.value.retry_after or 0) <= 30
    query = ask(batcher, "query", INTERACTIVE)
    await asyncio.sleep(0.01)
    engine.gate.set()
    await asyncio.gather(running, query, *waiting)


async def test_a_dead_engine_answers_everybody(batcher: Batcher, engine: Any) -> None:
    """Running, waiting and later items all hear MODEL_UNAVAILABLE; the owner hears of the death."""
    engine.gate.clear()
    running = ask(batcher, "running")
    await entered(engine)
    waiting = [ask(batcher, "waiting") for _ in range(5)]
    await asyncio.sleep(0.01)
    engine.pass_error = EngineBroken("CUDA error: device-side assert")
    engine.gate.set()
    results = await asyncio.gather(running, *waiting, return_exceptions=True)
    assert {Reason.MODEL_UNAVAILABLE} == {result.reason for result in results}
    with pytest.raises(EngineBroken):
        await batcher.death()
    assert not batcher.alive
    with pytest.raises(KiokuError) as caught:
        await ask(batcher, "later")
    assert caught.value.reason == Reason.MODEL_UNAVAILABLE


async def test_weights_that_cannot_be_read_are_a_death(batcher: Batcher, engine: Any) -> None:
    """The first item finds out, and does not hang."""
    engine.load_error = EngineBroken("no such file")
    with pytest.raises(KiokuError) as caught:
        await asyncio.wait_for(ask(batcher, "first"), 5)
    assert caught.value.reason == Reason.MODEL_UNAVAILABLE
    with pytest.raises(EngineBroken):
        await batcher.death()


async def test_an_engine_that_always_fails_is_dead(batcher: Batcher, engine: Any) -> None:
    """Sixteen items in a row without a vector: it is not the items."""
    engine.pass_error = RuntimeError("anything")
    for _ in range(16):
        with pytest.raises(KiokuError):
            await ask(batcher, "item")
    with pytest.raises(EngineBroken):
        await asyncio.wait_for(batcher.death(), 5)


async def test_weights_are_read_once_and_only_when_needed(batcher: Batcher, engine: Any) -> None:
    """Lazily by default."""
    assert not engine.loaded
    await ask(batcher, "first")
    assert engine.loaded


async def test_close_finishes_what_waits(engine: Any) -> None:
    """A drained embedder has answered everything it took in."""
    batcher = Batcher(engine, dimension=3, batch_size=4, pass_seconds=0.1, limit=8)
    batcher.start()
    engine.gate.clear()
    tasks = [ask(batcher, f"t{n}") for n in range(5)]
    await entered(engine)
    closing = asyncio.create_task(batcher.close())
    await asyncio.sleep(0.01)
    engine.gate.set()
    assert len(await asyncio.gather(*tasks)) == 5
    await closing
    await batcher.death()


async def test_bulk_is_not_starved_for_ever(engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under an endless flood of queries one bulk pass goes in between now and then."""
    monkeypatch.setattr("kioku_embedder.batcher._PATIENCE", 0.05)
    batcher = Batcher(engine, dimension=3, batch_size=1, pass_seconds=0.1, limit=50)
    batcher.start()
    flood = True

    async def queries() -> None:
        while flood:
            await asyncio.gather(*(ask(batcher, "q", INTERACTIVE) for _ in range(4)))

    flooding = [asyncio.create_task(queries()) for _ in range(3)]
    await asyncio.sleep(0.02)
    await asyncio.wait_for(ask(batcher, "event"), 5)
    flood = False
    await asyncio.gather(*flooding)
    await batcher.close()
