"""Promise: an answer holds the nearest of one owner's assets, all from one embedding space.

The space is chosen first and travels with the query to the embedder, so that a vector of another
space can never be compared.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

import numpy as np
import numpy.typing as npt
from kioku_rt.auth.principal import Acting
from kioku_rt.errors import InvalidInput
from kioku_rt.reasons import Reason
from kioku_rt.vectors import unit_vector

from kioku_search.asset import Kind
from kioku_search.fusion import Method, Part
from kioku_search.label import labels_of
from kioku_search.page_token import PageTokens, scope_of
from kioku_search.query import ImageQuery, LikeQuery, Query, TextQuery, VectorQuery, identity
from kioku_search.query_vectors import QueryVectors
from kioku_search.route import UNKNOWN, Route, route_of
from kioku_search.space import IMAGE, TAG, Space, Spaces

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


class Search:
    """One list: the nearest in one space."""

    def __init__(
        self, neighbours: Neighbours, spaces: Spaces, vectors: QueryVectors, tokens: PageTokens
    ) -> None:
        self._neighbours = neighbours
        self._spaces = spaces
        self._vectors = vectors
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
    ) -> Answer:
        """The `k` nearest assets after the page before, in the active space of a kind.

        Raises:
            InvalidInput: a bad vector or picture; PAGE_TOKEN_INVALID.
            KiokuError: NO_ACTIVE_SPACE, SPACE_UNKNOWN, ASSET_NOT_FOUND, ASSET_NOT_READY.
            DependencyDown: the database, or (text, picture) the embedder, does not answer.
        """
        space = await self._space_of(query, kind)
        scope = scope_of(
            "search", acting.owner, space.space_id, identity(query), _facts(wanted), min_score
        )
        after = self._after(scope, page_token)
        started = time.perf_counter()
        vector, cached = await self._vector(query, space)
        embedded = time.perf_counter()
        like = query.asset_id if isinstance(query, LikeQuery) else None
        found = await self._neighbours.nearest(
            acting, Probe(space, vector, like, wanted, after), k + 1
        )
        if not found and like is not None:
            await self._neighbours.check_searchable(acting, like, space.space_id)
        done = time.perf_counter()
        least = _least_score(space, min_score)
        hits = [hit for hit in found[:k] if hit.score >= least]
        more = len(found) > k and len(hits) == k
        route = route_of(found, kept=len(hits), k=k, first_page=after is None)
        return Answer(
            hits=tuple(hits),
            next_page_token=self._next(scope, hits, after) if more else "",
            space_id=space.space_id,
            strategy=route.strategy,
            embed_ms=0.0 if cached else (embedded - started) * 1e3,
            database_ms=(done - embedded) * 1e3,
            cached_vector=cached,
            method=Method.TAGS if space.kind == TAG else Method.VISUAL,
            route=route,
        )

    async def _space_of(self, query: Query, kind: str) -> Space:
        if isinstance(query, VectorQuery):
            return await self._spaces.searchable(query.space_id)
        return await self._spaces.active(kind)

    async def _vector(self, query: Query, space: Space) -> tuple[Floats | None, bool]:
        """The query's vector and whether it came from the cache; None for an asset's."""
        match query:
            case TextQuery(text):
                return await self._vectors.of_text(text, space)
            case ImageQuery(image, sha256):
                return await self._vectors.of_image(image, sha256, space)
            case VectorQuery(_, values):
                return unit_vector(values, space.dimension, field="vector.values"), False
            case LikeQuery():
                return None, False

    def _after(self, scope: bytes, token: str) -> After | None:
        if not token:
            return None
        distance, asset_id, seen = self._tokens.read(scope, token)
        return After(float.fromhex(distance), UUID(asset_id), seen)

    def _next(self, scope: bytes, hits: list[Neighbour], after: After | None) -> str:
        last = hits[-1]
        seen = len(hits) + (after.seen if after else 0)
        return self._tokens.sign(scope, [last.distance.hex(), str(last.asset_id), seen])


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


def _facts(wanted: Wanted) -> list[object]:
    return wanted.facts
