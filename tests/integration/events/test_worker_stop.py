"""Stopping a worker loses nothing and keeps nothing waiting."""

from __future__ import annotations

import asyncio
import time

from kioku_rt.events import Ack, Retry, Wait
from kioku_rt.events.jetstream import Pull
from kioku_rt.events.settle import Settler
from kioku_rt.reasons import Reason


async def test_stop_finishes_what_has_begun(make_worker, at_work, publish, until, consumer_info):
    """Two events are in hand at the stop; both are acknowledged, the rest never begins."""
    await publish(10)
    begun: list[str] = []
    finished: list[str] = []

    async def handler(event):
        begun.append(event.id)
        await asyncio.sleep(0.5)
        finished.append(event.id)
        return Ack()

    async with at_work(make_worker(handler, slots=2)) as stop:
        await until(lambda: len(begun) == 2)
        stop.set()
    info = await consumer_info()
    assert 2 == len(finished)
    assert begun == finished
    assert (0, 8) == (info.num_ack_pending, info.num_pending)


async def test_an_idle_worker_stops_at_once(make_worker, recorder, at_work, until):
    """The open request does not have to run out."""
    async with at_work(make_worker(recorder())) as stop:
        await asyncio.sleep(0.3)
        started = time.monotonic()
        stop.set()
    assert time.monotonic() - started < 1.0


async def test_nothing_is_sent_into_the_void_after_a_stop(
    make_worker, recorder, at_work, publish, until
):
    """An event published after one worker's stop reaches the next at once, as a first attempt."""
    async with at_work(make_worker(recorder())):
        await asyncio.sleep(0.3)
    handler = recorder()
    async with at_work(make_worker(handler)):
        await publish(1)
        await until(lambda: handler.events, 0.8)
    assert [1] == handler.attempts


async def test_a_cancelled_worker_gives_back_at_once(
    make_worker, recorder, at_work, publish, until
):
    """Cancelled in the middle, its events are with another worker before ack_wait is over."""
    ids = await publish(3)
    began = asyncio.Event()

    async def hang(_):
        began.set()
        await asyncio.sleep(60)

    task = asyncio.create_task(make_worker(hang).run(asyncio.Event()))
    async with asyncio.timeout(5):
        await began.wait()
    await asyncio.sleep(0.1)
    started = time.monotonic()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    handler = recorder()
    async with at_work(make_worker(handler)):
        await until(lambda: set(handler.ids) == set(ids), 0.8)
    assert time.monotonic() - started < 1.0
    assert {2} == set(handler.attempts)


async def test_stop_during_an_outage_gives_back_at_once(
    make_worker, recorder, at_work, publish, until
):
    """A worker that waits for a dependency does not wait any longer when it is to stop."""
    await publish(1)
    waiting = recorder(lambda _: Wait("object store"))
    async with at_work(make_worker(waiting, probe=_never)) as stop:
        await until(lambda: waiting.events)
        started = time.monotonic()
        stop.set()
    assert time.monotonic() - started < 1.0
    handler = recorder()
    async with at_work(make_worker(handler)):
        await until(lambda: handler.events, 0.8)


async def _never() -> bool:
    return False


async def test_the_last_attempt_is_given_back_as_a_copy(
    bus, topology, make_worker, recorder, at_work, publish, until
):
    """Nobody tried it the sixth time, so it starts anew, under its id, for this consumer alone."""
    await publish(1)
    handler = recorder(lambda _: Retry(Reason.OVERLOADED, "busy"))
    async with at_work(make_worker(handler)):
        await until(lambda: len(handler.events) == 5)
    pull = await Pull.open(bus, topology.consumers[0])
    delivery = await pull.next(1)
    await Settler(bus, topology.consumers[0], None, (1,)).give_back(delivery)
    await pull.close()
    again = recorder()
    async with at_work(make_worker(again)):
        await until(lambda: again.events)
    assert 6 == delivery.event.attempt
    assert [("event-0", 1, b"event-0")] == [(e.id, e.attempt, e.payload) for e in again.events]


async def test_two_workers_share_and_one_may_leave(
    make_worker, recorder, at_work, publish, until, consumer_info
):
    """Sixty events, two workers, one stopped in the middle: each event handled exactly once."""
    handled: list[str] = []

    async def handler(event):
        await asyncio.sleep(0.02)
        handled.append(event.id)
        return Ack()

    async def other(event):
        await asyncio.sleep(0.02)
        handled.append(event.id)
        others.append(event.id)
        return Ack()

    others: list[str] = []
    async with at_work(make_worker(handler, slots=2)):
        async with at_work(make_worker(other, slots=2)):
            ids = await publish(60)
            await until(lambda: len(others) >= 10)
        await until(lambda: len(set(handled)) == 60)
    assert sorted(ids) == sorted(handled)
    assert 0 < len(others) < 60
    assert 0 == (await consumer_info()).num_ack_pending


async def test_a_cancelled_fetch_loses_no_event(bus, topology, publish):
    """What arrives around the cancellation is handed back by `close`."""
    pull = await Pull.open(bus, topology.consumers[0])
    fetch = asyncio.create_task(pull.next(5))
    await asyncio.sleep(0.1)
    await publish(3)
    fetch.cancel()
    await asyncio.gather(fetch, return_exceptions=True)
    await asyncio.sleep(0.1)
    taken = [] if fetch.cancelled() else [fetch.result()]
    left = await pull.close()
    assert 3 == len(taken) + len(left)
    for delivery in left:
        await delivery.nak()
    other = await Pull.open(bus, topology.consumers[0])
    assert await other.next(1) is not None
    await other.close()
