"""Promise: of what was found, what is kept is relevant, distinct and varied as far as was asked.

In this order: the relevance of each result; what has too little of it is left out; look-alikes are
folded together; the rest is spread; the page is cut; videos tell their moments. Fused sums are
never held against a limit, only the raw scores of the lists are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol
from uuid import UUID

import numpy as np
import numpy.typing as npt
from kioku_rt.auth.principal import Acting

from kioku_search.assets.asset import Kind
from kioku_search.hybrid.calibrating import Calibrations
from kioku_search.hybrid.diversity import cosines, diverse, folded
from kioku_search.hybrid.fusion import Part
from kioku_search.hybrid.relevance import RELEVANT, Background, of_tags
from kioku_search.hybrid.results import Moment
from kioku_search.hybrid.sight import AssetVectors
from kioku_search.searching.options import Method, Options
from kioku_search.searching.route import MIN_SCORE
from kioku_search.searching.search import Answer, Neighbour
from kioku_search.spaces.space import IMAGE, TAG, Spaces

Vectors = Mapping[UUID, npt.NDArray[np.float32]]
MOST = 1000
"""Results that are compared with each other."""
MOST_SIMILAR = 100
"""Ids of look-alikes that are told with a result; their number is told in full."""


class FoundVectors(Protocol):
    """Vectors of assets that were found."""

    async def of_hits(
        self, acting: Acting, space_id: str, hits: Sequence[tuple[UUID, int | None]]
    ) -> Vectors:
        """By asset the vector of the frame that is named, or of the asset; none: left out."""

    async def moments(
        self,
        acting: Acting,
        space_id: str,
        vector: npt.NDArray[np.float32],
        assets: Sequence[UUID],
        most: int,
    ) -> Mapping[UUID, tuple[Moment, ...]]:
        """By video its frames nearest to a vector, nearest first, at most `most` of each."""


@dataclass(frozen=True)
class Backgrounds:
    """How unrelated things score in each list; a list that is not known has no relevance."""

    seen: Background | None
    tags: Background | None

    def relevance(self, method: Method, score: float) -> float | None:
        """Of a raw score of a list; the score of words is their share, and so their relevance."""
        if method is Method.WORDS:
            return score
        one = self.tags if method is Method.TAGS else self.seen
        return None if one is None else one.relevance(score)


class Refinement:
    """What is done with an answer before it is told."""

    def __init__(
        self,
        calibrations: Calibrations,
        spaces: Spaces,
        found: FoundVectors,
        assets: AssetVectors,
    ) -> None:
        self._calibrations = calibrations
        self._spaces = spaces
        self._found = found
        self._assets = assets

    async def refine(self, acting: Acting, answer: Answer, options: Options) -> Answer:
        """The answer that is told, at most `options.k` hits.

        Raises:
            DependencyDown: the database does not answer.
        """
        answer = _weighed(answer, await self._backgrounds(acting, answer), options)
        if options.rearranged and answer.hits:
            answer = await self._rearranged(acting, answer, options)
        answer = replace(answer, hits=answer.hits[: options.k])
        if options.moments:
            answer = await self._with_moments(acting, answer, options.moments)
        return answer

    async def _backgrounds(self, acting: Acting, answer: Answer) -> Backgrounds:
        tags = await self._spaces.find_serving(TAG, acting.owner)
        seen = None
        if answer.seen is not None:
            known = await self._calibrations.of(answer.seen.space.space_id)
            seen = known.background(answer.seen.image_share, answer.seen.text_share)
        return Backgrounds(seen, of_tags(tags.dimension) if tags is not None else None)

    async def _rearranged(self, acting: Acting, answer: Answer, options: Options) -> Answer:
        """Look-alikes folded, the rest spread; one page."""
        answer = replace(answer, hits=answer.hits[:MOST])
        vectors = await self._vectors(acting, answer)
        return await asyncio.to_thread(_arranged, answer, vectors, options)

    async def _vectors(self, acting: Acting, answer: Answer) -> Vectors:
        space = (
            answer.seen.space
            if answer.seen
            else await self._spaces.find_serving(IMAGE, acting.owner)
        )
        if space is None:
            return {}
        hits = [(hit.asset_id, hit.frame_no) for hit in answer.hits]
        return await self._found.of_hits(acting, space.space_id, hits)

    async def _with_moments(self, acting: Acting, answer: Answer, most: int) -> Answer:
        videos = [hit.asset_id for hit in answer.hits if hit.kind is Kind.VIDEO]
        seen = answer.seen
        if seen is None or not videos:
            return answer
        vector, space_id = seen.vector, seen.space.space_id
        if vector is None and seen.like is not None:
            vector = await self._assets.mean_vector(acting, seen.like, space_id)
        if vector is None:
            return answer
        moments = await self._found.moments(acting, space_id, vector, videos, most)
        return replace(answer, findings=replace(answer.findings, moments=moments))


def _weighed(answer: Answer, backgrounds: Backgrounds, options: Options) -> Answer:
    """With the relevance of all hits, and without those that have too little of it."""
    relevance = {hit.asset_id: _relevance(hit, answer, backgrounds) for hit in answer.hits}
    known = {one: value for one, value in relevance.items() if value is not None}
    least = options.min_relevance
    kept = [hit for hit in answer.hits if least is None or known.get(hit.asset_id, 1.0) >= least]
    best = max(known.values(), default=None)
    asked = RELEVANT if least is None else least
    findings = replace(
        answer.findings,
        relevance=known,
        best_relevance=best,
        nothing_relevant=len(known) == len(answer.hits) and (best is None or best < asked),
    )
    short = len(kept) < min(options.k, len(answer.hits))
    return replace(
        answer,
        hits=tuple(kept),
        route=replace(answer.route, shortfall=MIN_SCORE) if short else answer.route,
        next_page_token=answer.next_page_token if len(kept) == len(answer.hits) else "",
        parts={one: _told(parts, backgrounds) for one, parts in answer.parts.items()},
        findings=findings,
    )


def _relevance(hit: Neighbour, answer: Answer, backgrounds: Backgrounds) -> float | None:
    """The best over the lists that have it; None where no list can tell."""
    parts = answer.parts.get(hit.asset_id, ())
    scores = [(part.method, part.score) for part in parts] or [(answer.method, hit.score)]
    values = [backgrounds.relevance(method, score) for method, score in scores]
    return max((value for value in values if value is not None), default=None)


def _told(parts: Sequence[Part], backgrounds: Backgrounds) -> tuple[Part, ...]:
    return tuple(
        replace(part, relevance=backgrounds.relevance(part.method, part.score)) for part in parts
    )


def _arranged(answer: Answer, vectors: Vectors, options: Options) -> Answer:
    ids = [hit.asset_id for hit in answer.hits]
    matrix = cosines(ids, vectors)
    groups = [[place] for place in range(len(ids))]
    if options.collapse is not None:
        groups = folded(matrix, options.collapse)
    if options.diversity:
        firsts = [group[0] for group in groups]
        worth = [_worth(answer, answer.hits[place]) for place in firsts]
        order = diverse(worth, matrix[np.ix_(firsts, firsts)], options.diversity, options.k)
        groups = [groups[place] for place in order]
    similar = {ids[group[0]]: tuple(ids[place] for place in group[1:]) for group in groups}
    return replace(
        answer,
        hits=tuple(answer.hits[group[0]] for group in groups),
        next_page_token="",
        findings=replace(answer.findings, similar={k: v for k, v in similar.items() if v}),
    )


def _worth(answer: Answer, hit: Neighbour) -> float:
    """By what results are ordered: the fused sum, or the score of the one list."""
    parts = answer.parts.get(hit.asset_id, ())
    return sum(part.contribution for part in parts) if parts else hit.score
