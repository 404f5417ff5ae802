"""A ranking as it was when its first page was given: what later pages are cut from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from kioku_rt.auth.principal import Acting

from kioku_search.fusion import Method, Part
from kioku_search.route import Route
from kioku_search.search import Neighbour

Parts = tuple[Part, ...]


@dataclass(frozen=True)
class Ranking:
    """The best of an owner's assets for one question, in their order.

    `complete`: nothing was found beyond. `continuation`: where the database goes on, once the
    ranking is as long as it may be.
    """

    ranking_id: UUID
    digest: bytes
    like: UUID | None
    space_id: str
    method: Method
    route: Route
    complete: bool
    continuation: str
    hits: tuple[Neighbour, ...]
    parts: Mapping[UUID, Parts]


@dataclass(frozen=True)
class Standing:
    """What is known of a kept ranking without its assets; `length` counts deleted ones too."""

    ranking_id: UUID
    digest: bytes
    space_id: str
    method: Method
    route: Route
    complete: bool
    continuation: str
    length: int


@dataclass(frozen=True)
class Placed:
    """An asset that is still there, as it is now, at its place in a ranking, from 1."""

    place: int
    neighbour: Neighbour
    parts: Parts


@dataclass(frozen=True)
class Cut:
    """A piece of a ranking."""

    standing: Standing
    placed: tuple[Placed, ...]


class Rankings(Protocol):
    """Where rankings are kept for a while, each call in the name of one owner."""

    async def keep(self, acting: Acting, ranking: Ranking, request_id: UUID | None) -> bool:
        """Keep it; False where the request id has made another one meanwhile."""

    async def find_request(self, acting: Acting, request_id: UUID) -> Standing | None:
        """The ranking that a request id made, while it is kept."""

    async def cut(self, acting: Acting, ranking_id: UUID, after: int, limit: int) -> Cut | None:
        """At most `limit` assets that are still there, after a place; None: it is not kept."""

    async def lengthen(self, acting: Acting, standing: Standing, more: Ranking) -> None:
        """Add those of `more` that it does not hold, unless it was lengthened meanwhile."""

    async def holding(
        self, acting: Acting, ranking_id: UUID, asset_ids: list[UUID]
    ) -> frozenset[UUID] | None:
        """Which of these assets a ranking holds; None: it is not kept."""
