"""A trace that starts at a request goes on through the outbox, the event log and the handler."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry.trace import SpanKind

from kioku_rt.events.outcome import Event
from kioku_rt.telemetry import extract, inject, span

TRACEPARENT = "traceparent"


def with_trace(headers: Mapping[str, str] | None = None) -> dict[str, str]:
    """`headers`, and the current trace context unless they carry one already."""
    carrier = dict(headers or {})
    if TRACEPARENT not in carrier:
        inject(carrier)
    return carrier


@contextmanager
def handling(event: Event, consumer: str) -> Iterator[None]:
    """Run the block as a span that continues the trace of the event's publisher."""
    with span(
        f"process {event.subject}",
        parent=extract(event.headers),
        kind=SpanKind.CONSUMER,
        attributes={
            "messaging.system": "nats",
            "messaging.destination.name": event.subject,
            "messaging.consumer.group.name": consumer,
            "messaging.message.id": event.id,
            "kioku.attempt": event.attempt,
        },
    ):
        yield
