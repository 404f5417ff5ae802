"""One trace from the transaction through the outbox and the event log into the handler."""

from __future__ import annotations

import pytest
from kioku.events.v1 import events_pb2
from kioku_rt.db import acquire
from kioku_rt.events import Ack, OutboxRelay, enqueue
from kioku_rt.telemetry import current_trace_id
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> TracerProvider:
    """A tracer provider of this test's own, as the global one."""
    provider = TracerProvider(shutdown_on_exit=False)
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", provider)
    return provider


async def test_the_trace_passes_enqueue_relay_and_handler(
    provider, bus, pool, make_worker, at_work, until
):
    """The handler runs in the trace of the transaction that caused the event."""
    seen: list[str] = []

    async def handler(_):
        seen.append(current_trace_id())
        return Ack()

    with provider.get_tracer("test").start_as_current_span("request"):
        expected = current_trace_id()
        async with acquire(pool) as connection, connection.transaction():
            await enqueue(
                connection,
                schema="demo",
                subject="asset.uploaded",
                message=events_pb2.AssetUploaded(asset_id="a"),
            )
    async with at_work(OutboxRelay(pool, bus, "demo"), make_worker(handler)):
        await until(lambda: seen)
    assert [expected] == seen


async def test_what_a_handler_publishes_stays_in_its_trace(
    provider, bus, make_worker, recorder, at_work, publish, until
):
    """`publish` sends the current trace along."""

    async def handler(_):
        await bus.publish("embedding.ready", b"", event_id="ready")
        return Ack()

    with provider.get_tracer("test").start_as_current_span("request"):
        expected = current_trace_id()
        await publish(1)
    async with at_work(make_worker(handler)):
        await until(lambda: bus.stored("KIOKU", 2))
    ready = await bus.stored("KIOKU", 2)
    assert expected == ready.headers["traceparent"].split("-")[1]
