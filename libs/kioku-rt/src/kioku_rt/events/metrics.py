"""The numbers of the event machinery, for Prometheus; one process-wide set, labelled."""

from __future__ import annotations

import time

from prometheus_client import Counter, Gauge, Histogram

DELIVERIES = Counter(
    "kioku_event_deliveries_total", "Events delivered to a worker.", ["consumer", "redelivered"]
)
OUTCOMES = Counter(
    "kioku_event_outcomes_total",
    "What became of deliveries: ack, retry, dead, wait, returned, elsewhere.",
    ["consumer", "outcome", "reason"],
)
IN_FLIGHT = Gauge("kioku_events_in_flight", "Events being handled.", ["consumer"])
HANDLER_SECONDS = Histogram(
    "kioku_event_handler_seconds",
    "Time of one handler run.",
    ["consumer"],
    buckets=(0.005, 0.02, 0.05, 0.1, 0.3, 1, 3, 10, 30, 100),
)
SINCE_FETCH = Gauge(
    "kioku_event_seconds_since_fetch", "Time since a worker last asked for events.", ["consumer"]
)
OUTBOX_BACKLOG = Gauge("kioku_outbox_backlog", "Events that wait to be published.", ["schema"])
OUTBOX_AGE = Gauge("kioku_outbox_oldest_seconds", "Age of the oldest waiting event.", ["schema"])
OUTBOX_PUBLISHED = Counter("kioku_outbox_published_total", "Events published.", ["schema"])
OUTBOX_REPUBLISHED = Counter(
    "kioku_outbox_republished_total", "Events given to a new store again.", ["schema"]
)


class FetchClock:
    """Seconds since a consumer's worker last asked for events, read when scraped."""

    def __init__(self, consumer: str) -> None:
        self._last = time.monotonic()
        SINCE_FETCH.labels(consumer).set_function(lambda: time.monotonic() - self._last)

    def tick(self) -> None:
        """It has just asked."""
        self._last = time.monotonic()
