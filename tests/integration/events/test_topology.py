"""What runs on the server is what the code declares; drift is red."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from kioku_rt.events import CONSUMERS, STREAMS, EventBus, Topology
from nats.js import api


async def test_streams_are_as_declared(fresh_nats):
    """On disk, refusing new events when full, with the window, age and size we rely on."""
    async with await EventBus.connect(fresh_nats.url, "t") as bus:
        info = await bus.client.jetstream().stream_info("KIOKU")
    config = info.config
    assert (api.StorageType.FILE, api.DiscardPolicy.NEW, api.RetentionPolicy.LIMITS) == (
        config.storage,
        config.discard,
        config.retention,
    )
    assert (600, 7 * 86400, 528 * 1024) == (
        config.duplicate_window,
        config.max_age,
        config.max_msg_size,
    )
    assert (config.max_bytes or 0) > 0


async def test_consumers_are_as_declared(fresh_nats):
    """Durable, pulled, explicit acks, six deliveries, no server-side backoff."""
    async with await EventBus.connect(fresh_nats.url, "t") as bus:
        js = bus.client.jetstream()
        for spec in CONSUMERS.values():
            config = (await js.consumer_info(spec.stream, spec.durable)).config
            assert (spec.durable, api.AckPolicy.EXPLICIT, 30, 6, None, None) == (
                config.durable_name,
                config.ack_policy,
                config.ack_wait,
                config.max_deliver,
                config.backoff,
                config.deliver_subject,
            )
            assert set(spec.subjects) == set(config.filter_subjects or [config.filter_subject])


async def test_many_processes_declare_at_once(fresh_nats):
    """Eight buses on an empty server: all succeed and see the same birth."""
    buses = await asyncio.gather(
        *(EventBus.connect(fresh_nats.url, f"t{number}") for number in range(8))
    )
    births = {await bus.stream_created() for bus in buses}
    for bus in buses:
        await bus.close()
    assert 1 == len(births)


async def test_a_changed_declaration_is_applied(fresh_nats):
    """A new version's limits replace the old ones; events stay."""
    async with await EventBus.connect(fresh_nats.url, "old") as bus:
        await bus.publish("asset.uploaded", b"x", event_id="x")
    streams = tuple(replace(spec, duplicate_window=60) for spec in STREAMS)
    consumers = tuple(replace(spec, ack_wait=45) for spec in CONSUMERS.values())
    async with await EventBus.connect(
        fresh_nats.url, "new", topology=Topology(streams, consumers)
    ) as bus:
        js = bus.client.jetstream()
        stream = await js.stream_info("KIOKU")
        consumer = await js.consumer_info("KIOKU", "embedder-uploaded")
    assert (60, 1) == (stream.config.duplicate_window, stream.state.messages)
    assert 45 == consumer.config.ack_wait
