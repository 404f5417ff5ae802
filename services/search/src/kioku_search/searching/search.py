"""Promise: an answer holds the nearest of one owner's assets, all from one embedding space.

The space is chosen first and travels with the query to the embedder, so that a vector of another
space can never be compared.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

import numpy as np
import numpy.typing as npt
from kioku_rt.auth.principal import Acting
from kioku_rt.errors import InvalidInput
from kioku_rt.page_token import PageTokens, scope_of
from kioku_rt.reasons import Reason

from kioku_search.assets.asset import Kind
from kioku_search.assets.label import labels_of
from kioku_search.hybrid.fusion import Part
from kioku_search.hybrid.results import Findings, Seen
from kioku_search.hybrid.sight import Sight
from kioku_search.searching.options import Method
from kioku_search.searching.query import JointQuery, LikeQuery, Query, VectorQuery, identity
from kioku_search.searching.query_vectors import QueryVectors
from kioku_search.searching.route import UNKNOWN, Route, route_of
from kioku_search.spaces.space import IMAGE, TAG, Space, Spaces

# Vectors of tags are hashed, so those of strangers are not quite at right angles: their score is
# about 1 / sqrt(dimension) off zero. What is nearer than this shares a word.
CHANCE = 3.0
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Wanted:
    """Which assets may be found; None and the empty tuple mean any."""

    kind: Kind | None = None
    tags: tuple[str, ...] = ()
    start: datetime | None = None
    end: datetime | None = None
    albums: tuple[str, ...] = ()
    any_tags: tuple[str, ...] = ()
    not_tags: tuple[str, ...] = ()
    people: tuple[str, ...] = ()

    @property
    def facts(self) -> list[object]:
        """Everything it says, for digests; what a later version adds is in it by itself."""
        return [getattr(self, one.name) for one in fields(self)]

    @property
    def labels(self) -> tuple[str, ...]:
        """All that an asset must have, as its vectors' rows have them."""
        return labels_of(self.tags, self.albums, self.people)


@dataclass(frozen=True)
class After:
    """Where the page before ended, and how many results there were up to there."""

    distance: float
    asset_id: UUID
    seen: int
    space_id: str = ""
    """Of a list of vectors, the space it was found in and stays in."""

    @classmethod
    def read(cls, tokens: PageTokens, scope: bytes, token: str) -> After | None:
        """What a token says; None for the first page.  Raises InvalidInput PAGE_TOKEN_INVALID."""
        if not token:
            return None
        distance, asset_id, seen, space_id = tokens.read(scope, token)
        return cls(float.fromhex(distance), UUID(asset_id), seen, space_id)

    @classmethod
    def token(
        cls,
        tokens: PageTokens,
        scope: bytes,
        hits: Sequence[Neighbour],
        before: After | None,
        space_id: str = "",
    ) -> str:
        """The token of what comes after these hits of a page."""
        last = hits[-1]
        seen = len(hits) + (before.seen if before else 0)
        return tokens.sign(scope, [last.distance.hex(), str(last.asset_id), seen, space_id])


@dataclass(frozen=True)
class Probe:
    """One question to the database: a vector, or the asset whose vector it has."""

    space: Space
    vector: Floats | None
    like: UUID | None
    wanted: Wanted
    after: After | None


class Neighbour(NamedTuple):
    """One asset and its cosine distance, 0 to 2; of a video, its nearest frame's."""

    asset_id: UUID
    distance: float
    filename: str
    kind: Kind
    tags: tuple[str, ...]
    taken_at: datetime | None
    strategy: str
    frame_no: int | None = None
    time_ms: int | None = None
    matched: int = 0
    effort: int = 0
    recall: float | None = None

    @property
    def score(self) -> float:
        """1 - distance; higher is nearer."""
        return 1.0 - self.distance


@dataclass(frozen=True)
class Answer:
    """A page, nearest first, and how it came about; `parts` by asset where lists were fused."""

    hits: tuple[Neighbour, ...]
    next_page_token: str
    space_id: str
    strategy: str
    embed_ms: float
    database_ms: float
    cached_vector: bool
    method: Method = Method.VISUAL
    route: Route = UNKNOWN
    parts: Mapping[UUID, tuple[Part, ...]] = field(default_factory=dict)
    seen: Seen | None = None
    findings: Findings = field(default_factory=Findings)
    whole: bool = True
    """Whether every list was asked that should be; else another time may find more."""
    cached_answer: bool = False
    ranking_id: UUID | None = None
    """The kept ranking that the next page is cut from, if there is one."""


class Neighbours(Protocol):
    """Finds what is near."""

    async def nearest(self, acting: Acting, probe: Probe, limit: int) -> list[Neighbour]:
        """At most `limit` neighbours, nearest first, ties by asset id."""

    async def check_searchable(self, acting: Acting, asset_id: UUID, space_id: str) -> None:
        """Say why an asset has no neighbours.  Raises KiokuError if there is a reason."""

    async def mean_vector(self, acting: Acting, asset_id: UUID, space_id: str) -> Floats | None:
        """The vector of an asset, of a video the mean of its frames; None if it has none."""


class Search:
    """One list: the nearest in one space."""

    def __init__(
        self, neighbours: Neighbours, spaces: Spaces, vectors: QueryVectors, tokens: PageTokens
    ) -> None:
        self._neighbours = neighbours
        self._spaces = spaces
        self._sight = Sight(vectors, neighbours)
        self._tokens = tokens

    async def search(
        self,
        acting: Acting,
        query: Query,
        wanted: Wanted,
        *,
        k: int,
        page_token: str = "",
        min_score: float | None = None,
        kind: str = IMAGE,
        space_id: str = "",
    ) -> Answer:
        """The `k` nearest assets after the page before, in the owner's space of a kind.

        A page stays in the space that the first one was found in, whatever becomes active. With
        `space_id` of that kind the first one is of that space.

        Raises:
            InvalidInput: a bad vector or picture; PAGE_TOKEN_INVALID.
            KiokuError: NO_ACTIVE_SPACE, SPACE_UNKNOWN, ASSET_NOT_FOUND, ASSET_NOT_READY.
            DependencyDown: the database, or (text, picture) the embedder, does not answer.
        """
        scope = scope_of("search", acting.owner, kind, identity(query), wanted.facts, min_score)
        after = After.read(self._tokens, scope, page_token)
        space = await self._space_of(acting, query, kind, after.space_id if after else space_id)
        started = time.perf_counter()
        seen, cached = await self._sight.of(acting, query, space)
        embedded = time.perf_counter()
        like = query.asset_id if isinstance(query, LikeQuery) else None
        probe = Probe(space, seen.vector, like, wanted, after)
        found = await self._nearest(acting, query, probe, k + 1)
        if not found:
            await self._spaces.recheck(space.space_id)
        if not found and like is not None:
            await self._neighbours.check_searchable(acting, like, space.space_id)
        done = time.perf_counter()
        least = _least_score(space, min_score)
        hits = [hit for hit in found[:k] if hit.score >= least]
        more = len(found) > k and len(hits) == k
        route = route_of(found, kept=len(hits), k=k, first_page=after is None)
        return Answer(
            hits=tuple(hits),
            next_page_token=After.token(self._tokens, scope, hits, after, space.space_id)
            if more
            else "",
            space_id=space.space_id,
            strategy=route.strategy,
            embed_ms=0.0 if cached else (embedded - started) * 1e3,
            database_ms=(done - embedded) * 1e3,
            cached_vector=cached,
            method=Method.TAGS if space.kind == TAG else Method.VISUAL,
            route=route,
            seen=seen if space.kind == IMAGE else None,
        )

    async def _space_of(self, acting: Acting, query: Query, kind: str, begun_in: str) -> Space:
        base = query.base if isinstance(query, JointQuery) else query
        if isinstance(base, VectorQuery):
            return await self._spaces.searchable(base.space_id)
        if begun_in:
            begun = await self._spaces.searchable(begun_in)
            if begun.kind == kind:
                return begun
        return await self._spaces.serving(kind, acting.owner)

    async def _nearest(
        self, acting: Acting, query: Query, probe: Probe, limit: int
    ) -> list[Neighbour]:
        """The neighbours of the query; an asset that is part of it is not among them."""
        if not (isinstance(query, JointQuery) and isinstance(query.base, LikeQuery)):
            return await self._neighbours.nearest(acting, probe, limit)
        found = await self._neighbours.nearest(acting, probe, limit + 1)
        return [one for one in found if one.asset_id != query.base.asset_id][:limit]


def _least_score(space: Space, asked: float | None) -> float:
    """What a result must score; in a space of tags at least what chance does not give."""
    chance = CHANCE / math.sqrt(space.dimension) if space.kind == TAG else -math.inf
    return chance if asked is None else max(asked, chance)


def checked_min_score(value: float | None) -> float | None:
    """A score threshold, -1 to 1.  Raises InvalidInput FIELD_INVALID, for NaN as well."""
    if value is None or -1.0 <= value <= 1.0:
        return value
    raise InvalidInput(
        Reason.FIELD_INVALID, "min_score must be between -1 and 1.", field="min_score"
    )
