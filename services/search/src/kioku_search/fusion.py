"""Promise: what stands high in several lists stands high in the fused one, whatever their scores.

Reciprocal rank fusion (Cormack, Clarke and Buettcher, "Reciprocal rank fusion outperforms Condorcet
and individual rank learning methods", 2009): scores of two spaces cannot be compared, places can.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from kioku_search.search import Neighbour

CONSTANT = 60.0
"""The authors' own: how little the first places are preferred to the next ones."""


@unique
class Method(StrEnum):
    """Which vectors a search compares."""

    AUTO = "AUTO"
    VISUAL = "VISUAL"
    TAGS = "TAGS"
    COMBINED = "COMBINED"


@dataclass(frozen=True)
class Part:
    """The place of an asset in one list, from 1, and its score there."""

    method: Method
    rank: int
    score: float


@dataclass(frozen=True)
class Fused:
    """An asset as the first list that has it gave it, and its places in order of the lists."""

    neighbour: Neighbour
    parts: tuple[Part, ...]

    @property
    def weight(self) -> float:
        """The sum of 1 / (60 + rank) over its places."""
        return sum(1.0 / (CONSTANT + part.rank) for part in self.parts)


def fuse(lists: Mapping[Method, Sequence[Neighbour]], limit: int) -> list[Fused]:
    """The `limit` best of all lists, best first.

    Of two that stand equally high in one list each, the one that tags found goes first: a match of
    tags is more than chance, while something is always nearest to a picture. Then by asset id.

    Args:
        lists: each nearest first; an asset at most once in each.
    """
    found: dict[UUID, Fused] = {}
    for method, neighbours in lists.items():
        for rank, neighbour in enumerate(neighbours, 1):
            before = found.get(neighbour.asset_id, Fused(neighbour, ()))
            part = Part(method, rank, neighbour.score)
            found[neighbour.asset_id] = Fused(before.neighbour, (*before.parts, part))
    return sorted(found.values(), key=_order)[:limit]


def _order(one: Fused) -> tuple[float, bool, UUID]:
    tagged = any(part.method is Method.TAGS for part in one.parts)
    return -one.weight, not tagged, one.neighbour.asset_id
