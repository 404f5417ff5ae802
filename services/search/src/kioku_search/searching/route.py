"""Promise: an answer says by which way it came, how good that way is, and why it is short."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

EXACT = "exact"
EXHAUSTED = "exhausted"
MIN_SCORE = "min_score"


@dataclass(frozen=True)
class Route:
    """How the database found something.

    Attributes:
        strategy: `exact`, or the index that was asked: `hnsw`, `ivfflat`.
        matched: vectors that match, counted up to a bound; None: not known.
        effort: `ef_search` or `probes`; 0 where every vector was compared.
        recall: of searches by this index of late, 0 to 1; None: not known yet.
        shortfall: why there are fewer results than asked for; empty: there are not.
    """

    strategy: str = EXACT
    matched: int | None = None
    effort: int = 0
    recall: float | None = None
    shortfall: str = ""


UNKNOWN = Route()


class Found(Protocol):
    """A row that knows how it was found."""

    @property
    def strategy(self) -> str:
        """As in `Route`."""

    @property
    def matched(self) -> int:
        """As in `Route`."""

    @property
    def effort(self) -> int:
        """As in `Route`."""

    @property
    def recall(self) -> float | None:
        """As in `Route`."""


def route_of(found: Sequence[Found], *, kept: int, k: int, first_page: bool) -> Route:
    """The way of an answer that keeps `kept` of what was `found`, where `k` were asked for."""
    reason = ""
    if kept < k:
        reason = MIN_SCORE if kept < min(len(found), k) else EXHAUSTED
    if not found:
        return Route(matched=0 if first_page else None, recall=1.0, shortfall=reason)
    one = found[0]
    return Route(one.strategy, one.matched, one.effort, one.recall, reason)


def fused_route(routes: Sequence[Route], *, short: bool) -> Route:
    """The way of lists made one: that of the first, short as the lists are."""
    reasons = {route.shortfall for route in routes}
    reason = (MIN_SCORE if MIN_SCORE in reasons else EXHAUSTED) if short else ""
    return replace(routes[0], shortfall=reason)
