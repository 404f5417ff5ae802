"""Promise: what stands high in several lists stands high in the fused one.

By rank: reciprocal rank fusion (Cormack, Clarke and Buettcher, "Reciprocal rank fusion outperforms
Condorcet and individual rank learning methods", 2009): scores of two spaces cannot be compared,
places can. By score: the weighted sum (CombSUM; Fox and Shaw, "Combination of multiple searches",
1994) of scores that were brought to 0 to 1 within each list. An asset that a list lacks gets
nothing from it, and loses nothing else.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kioku_search.searching.options import Fusion, FusionKind, Method

if TYPE_CHECKING:
    from uuid import UUID

    from kioku_search.searching.search import Neighbour

CONSTANT = 60.0
"""The authors' own: how little the first places are preferred to the next ones."""
_DEVIATIONS = 3.0


@dataclass(frozen=True)
class Part:
    """The place of an asset in one list, from 1, its score there, and what the place adds."""

    method: Method
    rank: int
    score: float
    weight: float = 1.0
    contribution: float = 0.0
    relevance: float | None = None


@dataclass(frozen=True)
class Fused:
    """An asset as the first list that has it gave it, and its places in order of the lists."""

    neighbour: Neighbour
    parts: tuple[Part, ...]

    @property
    def weight(self) -> float:
        """What its places add up to."""
        return sum(part.contribution for part in self.parts)


def fuse(
    lists: Mapping[Method, Sequence[Neighbour]], limit: int, how: Fusion | None = None
) -> list[Fused]:
    """The `limit` best of all lists, best first.

    Of two that add up to the same, the one that words or tags found goes first: a match of words is
    more than chance, while something is always nearest to a picture. Then by asset id.

    Args:
        lists: each best first; an asset at most once in each.
        how: RRF with equal weights unless given.
    """
    how = how or Fusion()
    found: dict[UUID, Fused] = {}
    for method, neighbours in lists.items():
        for part, neighbour in zip(_parts(method, neighbours, how), neighbours, strict=True):
            before = found.get(neighbour.asset_id, Fused(neighbour, ()))
            found[neighbour.asset_id] = Fused(before.neighbour, (*before.parts, part))
    return sorted(found.values(), key=_order)[:limit]


def _parts(method: Method, neighbours: Sequence[Neighbour], how: Fusion) -> list[Part]:
    weight = how.weight(method)
    scores = [neighbour.score for neighbour in neighbours]
    return [
        Part(method, rank, score, weight, weight * value)
        for rank, (score, value) in enumerate(
            zip(scores, _values(scores, how.kind), strict=True), 1
        )
    ]


def _values(scores: list[float], kind: FusionKind) -> list[float]:
    """What each place of a list is worth before it is weighed."""
    match kind:
        case FusionKind.RRF:
            return [1.0 / (CONSTANT + rank) for rank in range(1, len(scores) + 1)]
        case FusionKind.MIN_MAX:
            return _scaled(scores, min(scores, default=0.0), max(scores, default=0.0))
        case FusionKind.Z_SCORE:
            mean = statistics.fmean(scores) if scores else 0.0
            reach = _DEVIATIONS * statistics.pstdev(scores) if scores else 0.0
            return _scaled(scores, mean - reach, mean + reach)


def _scaled(scores: list[float], low: float, high: float) -> list[float]:
    """0 at `low`, 1 at `high`, nothing beyond; scores that are all the same are all the best."""
    if high <= low:
        return [1.0] * len(scores)
    return [min(1.0, max(0.0, (score - low) / (high - low))) for score in scores]


def _order(one: Fused) -> tuple[float, bool, UUID]:
    said = any(part.method is not Method.VISUAL for part in one.parts)
    return -one.weight, not said, one.neighbour.asset_id
