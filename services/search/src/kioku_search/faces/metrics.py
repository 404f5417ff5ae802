"""Metrics of the vectors of faces."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Gauge

SCRUB_WAITS: Final = Gauge(
    "kioku_search_scrub_waits_seconds",
    "How long the oldest erasure of faces waits until its bytes are gone from the files; 0: none.",
)
ERASURES_SCRUBBED: Final = Counter(
    "kioku_search_erasures_scrubbed_total", "Erasures of faces whose bytes are gone from the files."
)
