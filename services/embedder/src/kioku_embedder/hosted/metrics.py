"""Promise: the metrics of a hosted model are declared here, and nowhere else."""

from __future__ import annotations

from prometheus_client import Gauge

from kioku_embedder.hosted.hosted_embedder import HostedEmbedder
from kioku_embedder.hosted.ledger import Ledger
from kioku_embedder.hosted.throttle import Throttle

SPENT = Gauge(
    "kioku_embedder_hosted_spent_usd",
    "US dollars that may have been spent on the hosted model, by the ledger.",
    ["model"],
)
BUDGET = Gauge(
    "kioku_embedder_hosted_budget_usd", "US dollars approved for the hosted model.", ["model"]
)
HELD = Gauge(
    "kioku_embedder_hosted_held_seconds", "How long the provider asked us to wait.", ["model"]
)
WORKING = Gauge(
    "kioku_embedder_hosted_working",
    "0 while the provider refuses our credentials or model.",
    ["model"],
)


def watch_hosted(
    model: str, embedder: HostedEmbedder, ledger: Ledger, throttle: Throttle, budget_usd: float
) -> None:
    """Makes the gauges read what they are about whenever Prometheus asks."""
    SPENT.labels(model).set_function(lambda: ledger.spent_usd)
    BUDGET.labels(model).set(budget_usd)
    HELD.labels(model).set_function(lambda: throttle.held_seconds)
    WORKING.labels(model).set_function(lambda: float(embedder.working))
