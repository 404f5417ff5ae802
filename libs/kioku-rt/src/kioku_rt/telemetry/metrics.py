"""Metrics are declared once per service in one module, on Prometheus' default registry."""

from __future__ import annotations

import asyncio

from prometheus_client import REGISTRY, Gauge
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

# Seconds; fine where a search lives (1-50 ms), wide enough for a slow embedding.
FAST_BUCKETS = (
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.3, 0.6, 1.0, 2.5, 5.0, 15.0, 60.0,
)  # fmt: skip
_LAG = Gauge("kioku_event_loop_lag_seconds", "How late the event loop ran its last timer.")
_LAG_PERIOD_SECONDS = 1.0


def exposition() -> tuple[str, bytes]:
    """Give content type and body of `/metrics`."""
    return CONTENT_TYPE_LATEST, generate_latest(REGISTRY)


async def observe_event_loop(stop: asyncio.Event) -> None:
    """Measure how late timers run: a blocked loop shows here before it shows in latency."""
    loop = asyncio.get_running_loop()
    while not stop.is_set():
        due = loop.time() + _LAG_PERIOD_SECONDS
        try:
            await asyncio.wait_for(stop.wait(), _LAG_PERIOD_SECONDS)
        except TimeoutError:
            _LAG.set(max(0.0, loop.time() - due))
