"""Promise: an asset is found as soon as anything about it is searchable, best once all of it is.

Which lists a search asks: what is seen, what tags say, or both. Left to itself (AUTO) it looks at
what is seen, and at tags as well while some assets have nothing else, or alone while words cannot
be turned into a vector of what is seen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, replace
from typing import Protocol

from kioku_rt.auth.principal import Acting
from kioku_rt.errors import InvalidInput, KiokuError
from kioku_rt.reasons import Reason

from kioku_search.fusion import Method, fuse
from kioku_search.query import ImageQuery, Query, VectorQuery
from kioku_search.route import fused_route
from kioku_search.search import Answer, Search, Wanted
from kioku_search.space import IMAGE, TAG, Spaces

_KINDS = {Method.VISUAL: IMAGE, Method.TAGS: TAG}
# A fused list looks at least so deep into each: an asset that is tenth in both may be the best.
DEPTH = 20
# One of two lists may lack the asset that is asked about, everything, or whoever makes its vectors.
_NOT_THERE = frozenset({Reason.ASSET_NOT_READY, Reason.NO_ACTIVE_SPACE, Reason.SPACE_NOT_SERVED})
# What is seen cannot be asked for now, or not by words.
_VISUAL_AWAY = _NOT_THERE | {
    Reason.EMBEDDER_UNAVAILABLE,
    Reason.MODEL_UNAVAILABLE,
    Reason.TEXT_NOT_SUPPORTED,
}


class Coverage(Protocol):
    """What of an owner's assets is searchable in which way."""

    async def some_by_tags_only(
        self, acting: Acting, tags_space_id: str, visual_space_id: str
    ) -> bool:
        """Whether assets whose work is not finished have a vector of tags and no visual one."""


class SearchByMethod:
    """The Search rpc."""

    def __init__(self, search: Search, spaces: Spaces, coverage: Coverage) -> None:
        self._search = search
        self._spaces = spaces
        self._coverage = coverage

    async def search(
        self,
        acting: Acting,
        query: Query,
        wanted: Wanted,
        *,
        k: int,
        page_token: str = "",
        min_score: float | None = None,
        method: Method = Method.AUTO,
    ) -> Answer:
        """The `k` best assets by a method; fused lists have one page only.

        Raises:
            InvalidInput: a bad vector or picture; PAGE_TOKEN_INVALID.
            KiokuError: NO_ACTIVE_SPACE, SPACE_UNKNOWN, ASSET_NOT_FOUND, ASSET_NOT_READY,
                TEXT_NOT_SUPPORTED.
            DependencyDown: the database, or (text, picture) the embedder, does not answer.
        """
        ask = _Ask(self._search, acting, query, wanted, min_score)
        if isinstance(query, ImageQuery | VectorQuery):
            return await ask.one(Method.VISUAL, k, page_token)
        match method:
            case Method.VISUAL | Method.TAGS:
                return await ask.one(method, k, page_token)
            case Method.COMBINED:
                return await ask.both(k, page_token)
            case Method.AUTO:
                return await self._auto(acting, ask, k, page_token)

    async def _auto(self, acting: Acting, ask: _Ask, k: int, page_token: str) -> Answer:
        tags = await self._spaces.find_active(TAG)
        if tags is None:
            return await ask.one(Method.VISUAL, k, page_token)
        if page_token:
            return await ask.next_page(k, page_token)
        visual = await self._spaces.find_active(IMAGE)
        if visual is None:
            return await ask.one(Method.TAGS, k, "")
        both = await self._coverage.some_by_tags_only(acting, tags.space_id, visual.space_id)
        try:
            return await (ask.both(k, "") if both else ask.one(Method.VISUAL, k, ""))
        except KiokuError as error:
            if error.reason not in _VISUAL_AWAY:
                raise
        return replace(await ask.one(Method.TAGS, k, ""), whole=False)


@dataclass(frozen=True)
class _Ask:
    """One question, to be put to one list or to both."""

    search: Search
    acting: Acting
    query: Query
    wanted: Wanted
    min_score: float | None

    async def one(self, method: Method, k: int, page_token: str) -> Answer:
        """One list's page."""
        return await self.search.search(
            self.acting,
            self.query,
            self.wanted,
            k=k,
            page_token=page_token,
            min_score=self.min_score,
            kind=_KINDS[method],
        )

    async def next_page(self, k: int, page_token: str) -> Answer:
        """The page after one of either list; a token is good for one of them only."""
        try:
            return await self.one(Method.VISUAL, k, page_token)
        except InvalidInput as error:
            if error.reason is not Reason.PAGE_TOKEN_INVALID:
                raise
        return await self.one(Method.TAGS, k, page_token)

    async def both(self, k: int, page_token: str) -> Answer:
        """The best of both lists; of one, where the other has nothing to say."""
        if page_token:
            raise InvalidInput(Reason.PAGE_TOKEN_INVALID, field="page_token")
        depth = max(k, DEPTH)
        answers = await asyncio.gather(*(_found(self.one(one, depth, "")) for one in _KINDS))
        there = [answer for answer in answers if isinstance(answer, Answer)]
        if not there:
            missing = next(answer for answer in answers if isinstance(answer, KiokuError))
            raise missing
        return _fused(there, k)


async def _found(asking: Awaitable[Answer]) -> Answer | KiokuError:
    try:
        return await asking
    except KiokuError as error:
        if error.reason not in _NOT_THERE:
            raise
        return error


def _fused(answers: list[Answer], k: int) -> Answer:
    best = fuse({answer.method: answer.hits for answer in answers}, k)
    first = answers[0]
    return Answer(
        hits=tuple(one.neighbour for one in best),
        next_page_token="",
        space_id=first.space_id,
        strategy=first.strategy,
        embed_ms=sum(answer.embed_ms for answer in answers),
        database_ms=sum(answer.database_ms for answer in answers),
        cached_vector=all(answer.cached_vector for answer in answers),
        method=Method.COMBINED if len(answers) > 1 else first.method,
        route=fused_route([answer.route for answer in answers], short=len(best) < k),
        parts={one.neighbour.asset_id: one.parts for one in best},
        whole=len(answers) == len(_KINDS),
    )
