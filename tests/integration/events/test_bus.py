"""The bus tells how much is waiting, and a full or emptied log is no lost event."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from kioku.events.v1 import events_pb2
from kioku_rt.db import acquire
from kioku_rt.errors import DependencyDown, KiokuError
from kioku_rt.events import CONSUMERS, STREAMS, Event, EventBus, OutboxRelay, Topology, enqueue
from kioku_rt.reasons import Reason


async def test_unsettled_counts_what_waits_and_what_is_in_hand(
    bus, make_worker, recorder, at_work, publish, until
):
    """Five published: five, whether delivered or not; none once acknowledged."""
    names = ("embedder-uploaded", "search-embeddings")
    await publish(5)
    before = await bus.unsettled(names)
    handler = recorder()
    async with at_work(make_worker(handler)):
        await until(lambda: len(handler.events) == 5)
    assert (5, 0) == (before, await bus.unsettled(names))


async def test_purge_empties_a_stream_and_keeps_it(bus, publish):
    """For a reset: no event, the same stream."""
    await publish(3)
    born = await bus.stream_created()
    await bus.purge("KIOKU")
    assert await bus.stored_after("KIOKU", 1, "asset.>") is None
    assert born == await bus.stream_created()


async def test_an_event_is_erased_where_it_lies_and_nothing_else(bus):
    """Once, and never what took its place in a new store, or what no stream holds."""
    for name in ("one", "two"):
        await bus.publish("asset.uploaded", name.encode(), event_id=name)
    one = Event("one", "asset.uploaded", b"one", 1, {}, 1)
    other = replace(one, payload=b"of before", stream_sequence=2)
    nowhere = replace(one, subject="weather.changed")
    assert [False, False, True, False] == [
        await bus.erase(event) for event in (other, nowhere, one, one)
    ]
    assert await bus.stored("KIOKU", 1) is None
    assert b"two" == (await bus.stored("KIOKU", 2)).payload


async def test_a_payload_above_the_limit_is_refused_not_waited_for(bus):
    """MESSAGE_TOO_LARGE, from us or from the server's own limit."""
    for size in (512 * 1024 + 1, 2_000_000):
        with pytest.raises(KiokuError) as refused:
            await bus.publish("asset.uploaded", b"x" * size, event_id="x")
        assert Reason.MESSAGE_TOO_LARGE == refused.value.reason


async def test_the_largest_payload_fits_with_its_headers(bus):
    """512 KiB exactly."""
    await bus.publish("asset.uploaded", b"x" * 512 * 1024, event_id="x", headers={"h": "v" * 4000})
    assert await bus.stored("KIOKU", 1) is not None


async def test_a_subject_nobody_captures_is_an_error_within_time(bus):
    """No stream answers for it."""
    with pytest.raises(DependencyDown):
        await bus.publish("weather.changed", b"", event_id="x")
    await bus.publish("asset.uploaded", b"", event_id="y")


async def test_a_full_log_refuses_and_the_outbox_keeps(fresh_nats, pool, at_work, until):
    """`discard new`: nothing old is dropped; the relay goes on when there is room again."""
    small = tuple(
        replace(spec, max_bytes=20_000) if spec.name == "KIOKU" else spec for spec in STREAMS
    )
    topology = Topology(small, tuple(CONSUMERS.values()))
    async with await EventBus.connect(fresh_nats.url, "t", topology=topology) as bus:
        async with acquire(pool) as connection, connection.transaction():
            for number in range(100):
                message = events_pb2.AssetUploaded(asset_id=str(number), owner="o" * 500)
                await enqueue(connection, schema="demo", subject="asset.uploaded", message=message)
        async with at_work(OutboxRelay(pool, bus, "demo")):
            await until(lambda: _some_published(pool))
            await asyncio.sleep(1.5)  # the next poll finds it still full
            first = await bus.stored("KIOKU", 1)
            waiting = await _waiting(pool)
            for _ in range(20):
                await bus.purge("KIOKU")
                if await _drained(pool, until):
                    break
        assert first is not None
        assert 0 < waiting < 100
        assert 0 == await _waiting(pool)


async def _some_published(pool) -> bool:
    return await _waiting(pool) < 100


async def _waiting(pool) -> int:
    async with acquire(pool) as connection:
        return await connection.fetchval(
            "SELECT count(*) FROM demo.outbox WHERE published_at IS NULL"
        )


async def _drained(pool, until) -> bool:
    async def empty() -> bool:
        return await _waiting(pool) == 0

    try:
        await until(empty, 1.2)
    except TimeoutError:
        return False
    return True
