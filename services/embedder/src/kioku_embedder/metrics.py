"""Promise: every metric of the embedder is declared here, and nowhere else."""

from __future__ import annotations

from functools import partial

from kioku_rt.reasons import Reason
from kioku_rt.space import Space
from kioku_rt.telemetry import FAST_BUCKETS
from prometheus_client import Counter, Gauge, Histogram

from kioku_embedder.batcher import Batcher
from kioku_embedder.waiting import Pass, Priority, Tower

BATCH_SIZE = Histogram(
    "kioku_embedder_batch_size",
    "Items of one pass of a tower.",
    ["model", "tower", "priority"],
    buckets=(1, 2, 4, 8, 16, 32, 64),
)
INFERENCE_SECONDS = Histogram(
    "kioku_embedder_inference_seconds",
    "Time of one pass of a tower.",
    ["model", "tower"],
    buckets=FAST_BUCKETS,
)
DECODE_SECONDS = Histogram(
    "kioku_embedder_decode_seconds",
    "Time from bytes to the model's pixels, waiting for a decoder included.",
    ["priority"],
    buckets=FAST_BUCKETS,
)
OUTCOMES = Counter(
    "kioku_embedder_items",
    "Items that got an answer, by tower and reason; OK for a vector.",
    ["model", "tower", "reason"],
)
QUEUE_DEPTH = Gauge(
    "kioku_embedder_queue_depth", "Items that wait for the engine.", ["model", "priority"]
)
OVERLOAD = Gauge(
    "kioku_embedder_overload_ratio",
    "Items in hand by the limit; at 1 new ones are refused.",
    ["model", "priority"],
)
MODEL_LOADED = Gauge("kioku_embedder_model_loaded", "1 while the weights are in memory.", ["model"])
MODEL_WORKS = Gauge(
    "kioku_embedder_model_works", "1 while the engine lives and is not stuck.", ["model"]
)
MODEL_MEMORY = Gauge(
    "kioku_embedder_model_memory_bytes", "Bytes that the weights and their buffers hold.", ["model"]
)
FIDELITY = Gauge(
    "kioku_embedder_fidelity",
    "Lowest cosine to the float32 reference over the drawn probes.",
    ["model", "engine", "precision"],
)


class Metrics:
    """Books what the batcher and the use case tell; the metrics' `model` label is set here."""

    def __init__(self, model: str) -> None:
        self._model = model

    def passed(self, done: Pass) -> None:
        """A pass of a tower has ended."""
        tower, priority = done.tower.value, done.priority.name.lower()
        BATCH_SIZE.labels(self._model, tower, priority).observe(len(done.outcomes))
        INFERENCE_SECONDS.labels(self._model, tower).observe(done.seconds)

    def decoded(self, priority: Priority, seconds: float) -> None:
        """A picture has been decoded."""
        DECODE_SECONDS.labels(priority.name.lower()).observe(seconds)

    def answered(self, tower: Tower, reason: Reason | None) -> None:
        """An item got its vector, or a reason why not."""
        OUTCOMES.labels(self._model, tower.value, reason.value if reason else "OK").inc()


def watch_queue(batcher: Batcher, model: str) -> None:
    """Makes the gauges read the batcher whenever Prometheus asks."""
    for priority in Priority:
        name = priority.name.lower()
        QUEUE_DEPTH.labels(model, name).set_function(partial(batcher.depth, priority))
        OVERLOAD.labels(model, name).set_function(partial(batcher.fullness, priority))
    MODEL_LOADED.labels(model).set_function(lambda: float(batcher.loaded))
    MODEL_WORKS.labels(model).set_function(lambda: float(batcher.works))


def watch_engine_of(
    batcher: Batcher, model: str, space: Space, engine: str, fidelity: float | None
) -> None:
    """Makes the gauges of the engine tell what it holds and how close it comes to float32."""
    MODEL_MEMORY.labels(model).set_function(lambda: float(batcher.memory_bytes))
    if fidelity is not None:
        FIDELITY.labels(model, engine, space.precision).set(fidelity)
