"""A ranking as it was when its first page was given: what later pages are cut from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol
from uuid import UUID

from kioku_rt.auth.principal import Acting

from kioku_search.hybrid.fusion import Part
from kioku_search.hybrid.results import Findings, Moment
from kioku_search.searching.options import Method
from kioku_search.searching.route import Route
from kioku_search.searching.search import Answer, Neighbour


@dataclass(frozen=True)
class Told:
    """What is told of an asset besides its place and distance."""

    parts: tuple[Part, ...] = ()
    relevance: float | None = None
    similar: tuple[UUID, ...] = ()
    moments: tuple[Moment, ...] = ()

    @classmethod
    def of(cls, answer: Answer, asset_id: UUID) -> Told:
        """What an answer tells of it."""
        findings = answer.findings
        return cls(
            answer.parts.get(asset_id, ()),
            findings.relevance.get(asset_id),
            findings.similar.get(asset_id, ()),
            findings.moments.get(asset_id, ()),
        )


@dataclass(frozen=True)
class Ranking:
    """The best of an owner's assets for one question, in their order.

    `findings`: those that are about no single asset. `complete`: nothing was found beyond.
    `continuation`: where the database goes on, once the ranking is as long as it may be.
    """

    ranking_id: UUID
    digest: bytes
    space_id: str
    method: Method
    route: Route
    findings: Findings
    complete: bool
    continuation: str
    like: UUID | None
    hits: tuple[Neighbour, ...]
    told: Mapping[UUID, Told]

    @property
    def about(self) -> frozenset[UUID]:
        """Assets it names that are none of its own: what was asked about, what was folded."""
        similar = (one for told in self.told.values() for one in told.similar)
        return frozenset(similar).union([self.like] if self.like else [])


@dataclass(frozen=True)
class Standing:
    """What is known of a kept ranking without its assets; `length` counts deleted ones too."""

    ranking_id: UUID
    digest: bytes
    space_id: str
    method: Method
    route: Route
    findings: Findings
    complete: bool
    continuation: str
    length: int


@dataclass(frozen=True)
class Placed:
    """An asset that is still there, as it is now, at its place in a ranking, from 1."""

    place: int
    neighbour: Neighbour
    told: Told


def general(findings: Findings) -> Findings:
    """Of an answer's findings those that are about no single asset."""
    return replace(findings, relevance={}, similar={}, moments={})


def findings_of(common: Findings, placed: Iterable[Placed]) -> Findings:
    """The findings of a page."""
    told = {one.neighbour.asset_id: one.told for one in placed}
    return replace(
        common,
        relevance={one: of.relevance for one, of in told.items() if of.relevance is not None},
        similar={one: of.similar for one, of in told.items() if of.similar},
        moments={one: of.moments for one, of in told.items() if of.moments},
    )


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
