"""Metrics of webhooks."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

WEBHOOK_CALLS = Counter(
    "kioku_vlm_webhook_calls_total",
    "Webhook calls by what became of the delivery: DELIVERED, PENDING (tried again), FAILED.",
    ("state",),
)
WEBHOOK_OUTSTANDING = Gauge(
    "kioku_vlm_webhook_outstanding",
    "Deliveries that are not confirmed: PENDING, FAILED (given up).",
    ("state",),
)
WEBHOOK_OLDEST = Gauge(
    "kioku_vlm_webhook_oldest_seconds", "Age of the oldest delivery that is still to be confirmed."
)
