"""Promise: the effort of searches is what a declared recall needs, no less for long and no more.

Recall of a search is the share of the true k nearest that its answer is as near as: a hit as near
as the true k-th counts, whatever its id, for near-duplicates make ties (the definition of
ann-benchmarks, with 1e-6 for rounding).
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

TIE = 1e-6
_UP, _DOWN = 1.5, 0.9
_FEW, _SOME, _MANY = 8, 30, 200
_Z95 = 1.96


@dataclass(frozen=True)
class Recall:
    """Recall of some searches; `low` and `high` are the 95 % interval of the mean."""

    count: int
    mean: float
    p5: float
    low: float
    high: float


@dataclass(frozen=True)
class Sample:
    """One search that was run a second time, exactly: numbers, nothing of what was asked."""

    space_id: str
    effort: int
    k: int
    filtered: bool
    recall: float
    answered_at: datetime


@dataclass(frozen=True)
class Effort:
    """What searches of a space use now, within what limits, and what was seen to be too little."""

    now: int
    least: int
    most: int
    missed: int


def tied_recall(found: Sequence[float], true: Sequence[float], k: int) -> float:
    """Recall@k of one answer.

    Args:
        found, true: distances of the answer and of the exact one, nearest first.
        k: how many count; fewer where there are fewer.
    """
    nearest = true[:k]
    if not nearest:
        return 1.0
    near = sum(distance <= nearest[-1] + TIE for distance in found[:k])
    return min(1.0, near / len(nearest))


def recall_of(values: Sequence[float]) -> Recall | None:
    """Statistics of at least one recall; the interval is the normal one, inside 0 to 1."""
    if not values:
        return None
    mean = statistics.fmean(values)
    spread = statistics.stdev(values) if len(values) > 1 else 0.5
    error = _Z95 * spread / math.sqrt(len(values))
    p5 = sorted(values)[int(0.05 * len(values))]
    return Recall(len(values), mean, p5, max(0.0, mean - error), min(1.0, mean + error))


def next_effort(effort: Effort, recall: Recall | None, target: float) -> Effort:
    """The effort for the searches to come, after those of this effort had `recall`.

    Up fast: half as much again as soon as a few searches say that the target is missed. Down
    slowly: a tenth less after many that say it is surely passed, and never to what was too little.
    """
    if recall is None or target <= 0:
        return effort
    if _misses(recall, target):
        up = min(effort.most, math.ceil(effort.now * _UP))
        return Effort(up, effort.least, effort.most, max(effort.missed, effort.now))
    down = max(effort.least, math.floor(effort.now * _DOWN))
    if recall.count >= _MANY and recall.low > target and effort.missed < down < effort.now:
        return Effort(down, effort.least, effort.most, effort.missed)
    return effort


def _misses(recall: Recall, target: float) -> bool:
    surely = recall.count >= _FEW and recall.high < target
    return surely or (recall.count >= _SOME and recall.mean < target)
