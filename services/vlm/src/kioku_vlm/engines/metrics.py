"""Metrics of models, declared here and nowhere else."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

from kioku_vlm.engines.breaker import Breaker, State

MODEL_SECONDS = Histogram(
    "kioku_vlm_model_seconds",
    "From a question to its answer, by task and by how it ended: answered, or a reason.",
    ("task", "outcome"),
    buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320),
)
MODEL_TOKENS = Counter("kioku_vlm_model_tokens_total", "Tokens of models' answers.", ("task",))
FELL_BACK = Counter(
    "kioku_vlm_model_fell_back_total",
    "Pictures that the model did not read, by reason; rules read them, or they wait.",
    ("reason",),
)
BREAKER_OPEN = Gauge(
    "kioku_vlm_model_breaker_open", "1 while the model is not asked because it failed.", ("model",)
)


class PrometheusObserver:
    """See `observer.Observer`."""

    def answered(self, task: str, outcome: str, seconds: float, tokens: int) -> None:
        """See the port."""
        MODEL_SECONDS.labels(task, outcome).observe(seconds)
        MODEL_TOKENS.labels(task).inc(tokens)


def fell_back(reason: str) -> None:
    """Counts a picture that the model did not read."""
    FELL_BACK.labels(reason).inc()


def watch_breaker(model: str, breaker: Breaker) -> None:
    """Makes the gauge look at the breaker whenever Prometheus asks."""
    BREAKER_OPEN.labels(model).set_function(lambda: float(breaker.state is not State.CLOSED))
