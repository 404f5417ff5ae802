"""Promise: an index is judged by what comparing every vector gives, on queries it has not stored.

Queries are drawn from the space and displaced a little: a stored vector finds itself too easily.
The smallest effort that reaches a target is looked for on a ladder, then between its last steps.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from kioku_search.indexes.index import SpaceIndex
from kioku_search.indexes.recall import recall_of, tied_recall

Floats = npt.NDArray[np.float32]
_DISPLACED = 0.3
_CLOSE = 1.1


@dataclass(frozen=True)
class EffortRecall:
    """What one effort gave: recall, and milliseconds in the database."""

    effort: int
    mean: float
    p5: float
    p50_ms: float
    p95_ms: float


@dataclass(frozen=True)
class Evaluation:
    """How good an index is; `exact_p50_ms` is what comparing every vector took."""

    efforts: tuple[EffortRecall, ...]
    queries: int
    exact_p50_ms: float


class Trials(Protocol):
    """A space's vectors, asked past owners and routes: for measuring an index alone."""

    async def sample(self, space_id: str, count: int) -> list[Floats]:
        """Some vectors of the space, drawn from all over it."""

    async def ask(
        self, space_id: str, query: Floats, k: int, effort: int | None
    ) -> tuple[list[float], float]:
        """Distances of the k nearest by the index, or exactly with None; and milliseconds."""


class Evaluator:
    """Measures indexes."""

    def __init__(self, trials: Trials) -> None:
        self._trials = trials

    async def evaluate(
        self, index: SpaceIndex, queries: Sequence[Floats], k: int, efforts: Sequence[int]
    ) -> Evaluation:
        """Recall and latency at each effort."""
        trial = await self._trial(index, queries, k)
        tried = [await trial.at(effort) for effort in sorted(set(efforts))]
        return Evaluation(tuple(tried), len(queries), trial.exact_p50_ms)

    async def smallest(
        self, index: SpaceIndex, queries: Sequence[Floats], k: int, target: float
    ) -> tuple[EffortRecall, ...]:
        """What was tried, smallest effort first, until the mean reached `target` within a tenth.

        The smallest that reaches it is among them; if none does, the largest there is.
        """
        trial = await self._trial(index, queries, k)
        tried: list[EffortRecall] = []
        for effort in [one for one in index.efforts() if one >= index.least_effort]:
            tried.append(await trial.at(effort))
            if tried[-1].mean >= target:
                break
        if len(tried) > 1 and tried[-1].mean >= target:
            low, high = tried[-2].effort, tried[-1].effort
            while high > low + 1 and high > low * _CLOSE:
                tried.append(await trial.at((low + high) // 2))
                reached = tried[-1].mean >= target
                low, high = (low, tried[-1].effort) if reached else (tried[-1].effort, high)
        return tuple(sorted(tried, key=lambda one: one.effort))

    async def drawn(self, index: SpaceIndex, count: int) -> list[Floats]:
        """Queries for a space, none if it is empty."""
        return displaced(await self._trials.sample(index.space_id, count))

    async def _trial(self, index: SpaceIndex, queries: Sequence[Floats], k: int) -> _Trial:
        answers = [await self._trials.ask(index.space_id, query, k, None) for query in queries]
        return _Trial(self._trials, index.space_id, queries, k, answers)


@dataclass(frozen=True)
class _Trial:
    trials: Trials
    space_id: str
    queries: Sequence[Floats]
    k: int
    exact: Sequence[tuple[list[float], float]]

    @property
    def exact_p50_ms(self) -> float:
        return statistics.median(one for _, one in self.exact) if self.exact else 0.0

    async def at(self, effort: int) -> EffortRecall:
        recalls, times = [], []
        for query, (true, _) in zip(self.queries, self.exact, strict=True):
            found, took = await self.trials.ask(self.space_id, query, self.k, effort)
            recalls.append(tied_recall(found, true, self.k))
            times.append(took)
        recall = recall_of(recalls)
        if recall is None:
            return EffortRecall(effort, 1.0, 1.0, 0.0, 0.0)
        p50, p95 = np.percentile(times, [50, 95])
        return EffortRecall(effort, recall.mean, recall.p5, float(p50), float(p95))


def reaching(tried: Sequence[EffortRecall], target: float) -> EffortRecall:
    """The smallest effort that reaches `target`; the one with the best recall if none does."""
    good = [one for one in tried if one.mean >= target]
    return min(good, key=lambda one: one.effort) if good else max(tried, key=lambda one: one.mean)


def displaced(vectors: Sequence[npt.NDArray[np.floating]], seed: int = 1) -> list[Floats]:
    """Each vector moved by 0.3 of its length in a direction of its own."""
    draw = np.random.default_rng(seed)
    moved: list[Floats] = []
    for vector in vectors:
        stored = np.asarray(vector, np.float32)
        noise = draw.standard_normal(len(stored)).astype(np.float32)
        length = np.linalg.norm(stored) / np.linalg.norm(noise)
        moved.append((stored + _DISPLACED * length * noise).astype(np.float32))
    return moved
