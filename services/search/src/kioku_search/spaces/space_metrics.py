"""Metrics of spaces, their back-fills and of jobs; `Shown` writes what the tables say into them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from kioku_rt.errors import DependencyDown
from kioku_rt.telemetry import FAST_BUCKETS
from prometheus_client import Counter, Gauge, Histogram

STATES = ("registered", "backfilling", "canary", "active", "standby", "retired")
SPACE_STATE = Gauge(
    "kioku_search_space_state", "1 for the state that a space is in.", ("space", "state")
)
SPACE_VECTORS = Gauge("kioku_search_space_vectors", "Vectors in a space.", ("space",))
SPACE_WANTED = Gauge(
    "kioku_search_space_wanted",
    "Vectors that READY assets should have in a space that is kept complete.",
    ("space",),
)
SPACE_MISSING = Gauge(
    "kioku_search_space_missing",
    "Vectors that READY assets should have in such a space and do not, failures included.",
    ("space",),
)
CANARY_PERCENT = Gauge(
    "kioku_search_space_canary_percent", "Percent of the owners served by a canary.", ("space",)
)
BACKFILL_ITEMS = Gauge(
    "kioku_search_backfill_items",
    "Vectors of a back-fill by state: done, failed, in_flight, pending.",
    ("space", "state"),
)
BACKFILL_RATE = Gauge(
    "kioku_search_backfill_rate_per_minute", "Vectors that came a minute, smoothed.", ("space",)
)
BACKFILL_PACE = Gauge(
    "kioku_search_backfill_pace",
    "Share of its rate that a back-fill goes at; below 1 it gives way to searches.",
    ("space",),
)
SEARCHES_SECONDS = Histogram(
    "kioku_search_searches_seconds",
    "Time of a search by the space it was answered from.",
    ("space",),
    buckets=FAST_BUCKETS,
)
JOB_RUNS = Counter("kioku_search_job_runs_total", "Rounds of jobs.", ("job", "outcome"))
_BY_SPACE = (
    SPACE_VECTORS,
    SPACE_WANTED,
    SPACE_MISSING,
    CANARY_PERCENT,
    BACKFILL_RATE,
    BACKFILL_PACE,
)
ITEM_STATES = ("done", "failed", "in_flight", "pending")


@dataclass(frozen=True)
class SpaceFigures:
    """What the tables say of a space; `items` by state, where it has a back-fill."""

    state: str
    canary_percent: int
    vectors: int
    items: Mapping[str, int]
    rate: float
    pace: float = 1.0


class FigureStore(Protocol):
    """Figures of every space."""

    async def figures(self) -> dict[str, SpaceFigures]:
        """By space id."""


class Shown:
    """The gauges of spaces; those of a space that is forgotten go."""

    def __init__(self, store: FigureStore) -> None:
        self._store = store
        self._shown: set[str] = set()

    async def show(self) -> None:
        """Write what the tables say now."""
        figures = await self._store.figures()
        for space_id in self._shown - figures.keys():
            _drop(space_id)
        self._shown = set(figures)
        for space_id, one in figures.items():
            _show(space_id, one)


def counted(job: str, work: Callable[[], Awaitable[object]]) -> Callable[[], Awaitable[object]]:
    """The work of a job with its rounds counted: `ok`, or `waits` for a server that is down."""

    async def run() -> object:
        try:
            result = await work()
        except DependencyDown:
            JOB_RUNS.labels(job, "waits").inc()
            raise
        JOB_RUNS.labels(job, "ok").inc()
        return result

    return run


def _show(space_id: str, one: SpaceFigures) -> None:
    for state in STATES:
        SPACE_STATE.labels(space_id, state).set(state == one.state)
    SPACE_VECTORS.labels(space_id).set(one.vectors)
    CANARY_PERCENT.labels(space_id).set(one.canary_percent)
    BACKFILL_RATE.labels(space_id).set(one.rate)
    BACKFILL_PACE.labels(space_id).set(one.pace)
    for state in ITEM_STATES:
        BACKFILL_ITEMS.labels(space_id, state).set(one.items.get(state, 0))
    wanted = sum(one.items.values())
    SPACE_WANTED.labels(space_id).set(wanted)
    SPACE_MISSING.labels(space_id).set(wanted - one.items.get("done", 0))


def _drop(space_id: str) -> None:
    for gauge in _BY_SPACE:
        gauge.remove(space_id)
    for state in STATES:
        SPACE_STATE.remove(space_id, state)
    for state in ITEM_STATES:
        BACKFILL_ITEMS.remove(space_id, state)
