"""The numbers on /metrics say what happened."""

from __future__ import annotations

from kioku.events.v1 import events_pb2
from kioku_rt.db import acquire
from kioku_rt.events import Ack, Dead, OutboxRelay, Retry, enqueue
from kioku_rt.reasons import Reason
from prometheus_client import REGISTRY

CONSUMER = {"consumer": "embedder-uploaded"}


def _value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def _outcome(outcome: str, reason: str = "") -> float:
    return _value("kioku_event_outcomes_total", **CONSUMER, outcome=outcome, reason=reason)


async def test_outcomes_are_counted_by_reason(make_worker, recorder, at_work, publish, until):
    """One acknowledged, one dead, one retried once."""
    before = (_outcome("ack"), _outcome("dead", "IMAGE_EMPTY"), _outcome("retry", "OVERLOADED"))
    runs = _value("kioku_event_handler_seconds_count", **CONSUMER)
    await publish(3)

    def rule(event):
        if event.id == "event-1":
            return Dead(Reason.IMAGE_EMPTY, "empty")
        if event.id == "event-2" and event.attempt == 1:
            return Retry(Reason.OVERLOADED, "busy")
        return Ack()

    handler = recorder(rule)
    async with at_work(make_worker(handler)):
        await until(lambda: len(handler.events) == 4)
        assert _value("kioku_event_seconds_since_fetch", **CONSUMER) < 5
    after = (_outcome("ack"), _outcome("dead", "IMAGE_EMPTY"), _outcome("retry", "OVERLOADED"))
    assert (2, 1, 1) == tuple(new - old for new, old in zip(after, before, strict=True))
    assert 4 == _value("kioku_event_handler_seconds_count", **CONSUMER) - runs
    assert 0 == _value("kioku_events_in_flight", **CONSUMER)


async def test_the_outbox_shows_backlog_and_age(fresh_nats, bus, pool, at_work, until):
    """While NATS is away the backlog and the age of its oldest event can be seen, then they go."""
    published = _value("kioku_outbox_published_total", schema="demo")
    fresh_nats.stop()
    async with acquire(pool) as connection, connection.transaction():
        await enqueue(
            connection,
            schema="demo",
            subject="asset.uploaded",
            message=events_pb2.AssetUploaded(asset_id="a"),
        )
    async with at_work(OutboxRelay(pool, bus, "demo")):
        await until(lambda: _value("kioku_outbox_backlog", schema="demo") == 1)
        await until(lambda: _value("kioku_outbox_oldest_seconds", schema="demo") > 0)
        fresh_nats.start()
        await until(lambda: _value("kioku_outbox_backlog", schema="demo") == 0, 20)
    assert 1 == _value("kioku_outbox_published_total", schema="demo") - published
