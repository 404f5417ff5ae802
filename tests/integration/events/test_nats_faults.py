"""NATS is killed, wiped, frozen, cut off or emptied under a running worker: nothing is lost."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from functools import partial

import nats.errors
import pytest
from kioku_rt.errors import DependencyDown
from kioku_rt.events import CONSUMERS, Ack, EventBus
from kioku_rt.events.jetstream import Pull

THREE_SECONDS = 3.0


async def test_kill_9_during_consumption_loses_nothing(
    fresh_nats, bus, make_worker, at_work, publish, until, consumer_info
):
    """Two kills in the middle of 200 events: every one is handled, the worker needs no help."""
    ids = set(await publish(200))
    handled: list[str] = []

    async def handler(event):
        await asyncio.sleep(0.02)
        handled.append(event.id)
        return Ack()

    async with at_work(make_worker(handler, slots=4)):
        for share in (50, 100):
            await until(lambda share=share: len(handled) >= share)
            fresh_nats.kill()
            await asyncio.sleep(0.3)
            await asyncio.to_thread(fresh_nats.start)
        await until(lambda: ids == set(handled), 30)
        await until(_settled(consumer_info))
    assert ids == set(handled)


def _settled(consumer_info):
    async def check():
        try:
            info = await consumer_info()
        except (nats.errors.Error, TimeoutError):
            return False
        return info.num_ack_pending == 0 and info.num_pending == 0

    return check


async def test_acknowledgements_survive_an_outage(
    fresh_nats, make_worker, at_work, publish, until, consumer_info
):
    """Events finished while NATS is down are acknowledged when it is back, not run again."""
    await publish(3, "embedding.requested")
    consumer = CONSUMERS["embedder-requested"]  # its ack_wait is longer than the outage
    runs: list[tuple[str, int]] = []
    go = asyncio.Event()

    async def handler(event):
        runs.append((event.id, event.attempt))
        await go.wait()
        return Ack()

    async with at_work(make_worker(handler, consumer=consumer)):
        await until(lambda: len(runs) == 3)
        fresh_nats.stop()
        go.set()
        await asyncio.sleep(0.3)
        await asyncio.to_thread(fresh_nats.start)
        await until(_settled(partial(consumer_info, consumer.durable)))
    assert 3 == len(runs)


async def test_a_wiped_store_comes_back_with_its_topology(
    fresh_nats, bus, make_worker, recorder, at_work, publish, until
):
    """Stopped, wiped, started: streams and consumers are declared anew and the worker goes on."""
    handler = recorder()
    before = await bus.stream_created()
    async with at_work(make_worker(handler)):
        await publish(3)
        await until(lambda: len(handler.events) == 3)
        fresh_nats.stop()
        fresh_nats.wipe()
        await asyncio.to_thread(fresh_nats.start)
        await until(lambda: _published(publish, 3, 10))
        await until(lambda: len(set(handler.ids)) == 6)
    assert await bus.stream_created() > before


async def _published(publish, count: int, start: int) -> bool:
    try:
        await publish(count, start=start)
    except DependencyDown:
        return False
    return True


async def test_an_acknowledgement_for_a_lost_store_touches_nothing(
    fresh_nats, bus, topology, publish, until
):
    """A late ack of event 1 of the old store must not swallow event 1 of the new one."""
    await publish(1)
    pull = await Pull.open(bus, topology.consumers[0])
    old = await pull.next(1)
    await pull.close()
    fresh_nats.stop()
    fresh_nats.wipe()
    await asyncio.to_thread(fresh_nats.start)
    await until(lambda: _published(publish, 1, 100))
    pull = await Pull.open(bus, topology.consumers[0])
    new = await pull.next(1)
    await old.ack()
    await old.in_progress()
    await asyncio.sleep(1.2)  # ack_wait: the new one comes back, so it was not acknowledged
    again = await pull.next(1)
    await pull.close()
    assert ("event-100", "event-100", 2) == (new.event.id, again.event.id, again.event.attempt)
    assert old.event.stream_sequence == new.event.stream_sequence


@pytest.mark.parametrize("what", ["stream", "consumer"])
async def test_a_deleted_stream_or_consumer_is_made_again(
    bus, make_worker, recorder, at_work, publish, until, what
):
    """Deleted under the running worker: it notices, declares, binds, and gets the next events."""
    handler = recorder()
    async with at_work(make_worker(handler)):
        await publish(2)
        await until(lambda: len(handler.events) == 2)
        js = bus.client.jetstream()
        if what == "stream":
            await js.delete_stream("KIOKU")
        else:
            await js.delete_consumer("KIOKU", "embedder-uploaded")
        await until(lambda: _published(publish, 2, 50))
        await until(lambda: {"event-50", "event-51"} <= set(handler.ids))


async def test_a_deleted_stream_is_noticed_without_a_worker(bus):
    """`health`, which readiness asks every second, makes the bus look again."""
    before = await bus.stream_created()
    await bus.client.jetstream().delete_stream("KIOKU")
    with pytest.raises(DependencyDown):
        await bus.health()
    await bus.health()
    assert await bus.stream_created() > before


async def test_a_frozen_server_holds_nobody_up(
    fresh_nats, bus, make_worker, recorder, at_work, publish, until
):
    """SIGSTOP: publish and health end within about 2 s; SIGCONT: everything goes on."""
    handler = recorder()
    async with at_work(make_worker(handler)):
        await publish(1)
        await until(lambda: handler.events)
        os.kill(fresh_nats.process.pid, signal.SIGSTOP)
        await asyncio.sleep(0.2)  # until every thread of it has stopped
        try:
            for call in (lambda: publish(1, start=9), bus.health):
                started = time.monotonic()
                with pytest.raises(DependencyDown):
                    await call()
                assert time.monotonic() - started < THREE_SECONDS
        finally:
            os.kill(fresh_nats.process.pid, signal.SIGCONT)
        await until(lambda: _published(publish, 1, 20))
        await until(lambda: "event-20" in handler.ids)


async def test_a_black_hole_is_left_within_seconds(
    fresh_nats, topology, make_worker, recorder, at_work, until, black_hole
):
    """Packets vanish without a reset: calls end in time, and the worker is back after healing."""
    async with await EventBus.connect(
        black_hole.url(fresh_nats.port), "t", topology=topology
    ) as bus:
        handler = recorder()
        async with at_work(make_worker(handler, bus=bus)):
            await bus.publish("asset.uploaded", b"", event_id="before")
            await until(lambda: "before" in handler.ids)
            black_hole.swallow = True
            started = time.monotonic()
            with pytest.raises(DependencyDown):
                await bus.publish("asset.uploaded", b"", event_id="during")
            assert time.monotonic() - started < THREE_SECONDS
            black_hole.heal()
            await until(lambda: _one(bus, "after"), 30)
            await until(lambda: "after" in handler.ids, 30)


async def _one(bus: EventBus, event_id: str) -> bool:
    try:
        await bus.publish("asset.uploaded", b"", event_id=event_id)
    except DependencyDown:
        return False
    return True


async def test_a_bus_may_start_before_its_server(fresh_nats, topology, until):
    """Without a server calls refuse at once; when it comes they work, without a new bus."""
    fresh_nats.stop()
    async with await EventBus.connect(
        fresh_nats.url, "early", topology=topology, patience=0.2
    ) as bus:
        started = time.monotonic()
        with pytest.raises(DependencyDown):
            await bus.publish("asset.uploaded", b"", event_id="x")
        assert time.monotonic() - started < 0.5
        await asyncio.to_thread(fresh_nats.start)
        await until(lambda: _one(bus, "x"))


async def test_a_bus_that_never_connected_closes(fresh_nats, topology):
    """Close does not wait for a server that does not come."""
    fresh_nats.stop()
    bus = await EventBus.connect(fresh_nats.url, "never", topology=topology, patience=0.1)
    started = time.monotonic()
    await bus.close()
    assert time.monotonic() - started < THREE_SECONDS


async def test_a_stopped_server_does_not_hold_up_the_stop(
    fresh_nats, make_worker, recorder, at_work, publish, until
):
    """SIGTERM while NATS is down: the worker still ends within seconds."""
    handler = recorder()
    async with at_work(make_worker(handler)) as stop:
        await publish(1)
        await until(lambda: handler.events)
        fresh_nats.kill()
        await asyncio.sleep(0.2)
        started = time.monotonic()
        stop.set()
    assert time.monotonic() - started < 5.0
