"""Promise: a question is put to each list in its own way, and what several say is one answer.

A list is what is seen, what tags mean, or which words are written. One that lacks the asset that is
asked about, or has nothing at all, leaves the others their say.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from kioku_rt.auth.principal import Acting
from kioku_rt.errors import InvalidInput, KiokuError
from kioku_rt.reasons import Reason

from kioku_search.hybrid.fusion import fuse
from kioku_search.lexicon.words import SearchByWords
from kioku_search.searching.options import LISTS, Fusion, Method, Options
from kioku_search.searching.query import Query, TextQuery
from kioku_search.searching.route import fused_route
from kioku_search.searching.search import Answer, Search, Wanted
from kioku_search.spaces.space import IMAGE, TAG

_T = TypeVar("_T")
_KINDS = {Method.VISUAL: IMAGE, Method.TAGS: TAG}
DEPTH = 20
"""A fused list looks at least so deep into each: what is tenth in both may be the best."""
POOL = 100
"""Results among which a page is chosen at least, where look-alikes or variety are asked for."""
MOST = 1000
SURE = 0.6
"""The score of words that are written for sure: two of three in a file name."""
NOT_THERE = frozenset({Reason.ASSET_NOT_READY, Reason.NO_ACTIVE_SPACE, Reason.SPACE_NOT_SERVED})
"""A list lacks the asset that is asked about, everything, or whoever makes its vectors."""
AWAY = NOT_THERE | {
    Reason.EMBEDDER_UNAVAILABLE,
    Reason.MODEL_UNAVAILABLE,
    Reason.TEXT_NOT_SUPPORTED,
}
"""What is seen cannot be asked for now, or not by words."""


@dataclass(frozen=True)
class Ask:
    """One question, to be put to one list or to several."""

    search: Search
    words: SearchByWords
    acting: Acting
    query: Query
    wanted: Wanted
    options: Options
    sight: Query | None = None
    """What is looked for by sight, where that is not the query."""
    space_id: str = ""
    """The space that was searched in before, if this is to go on."""
    sure: bool = False
    """Whether words count only where most of them are written, without a slip."""

    @property
    def text(self) -> str | None:
        """The words that are asked for, beside a picture or without one."""
        also = self.options.also_text
        if also is not None:
            return also.text
        return self.query.text if isinstance(self.query, TextQuery) else None

    @property
    def limit(self) -> int:
        """Results that a list must give: more than a page where it is chosen among them."""
        k = self.options.k
        return min(MOST, max(POOL, 2 * k)) if self.options.rearranged else k

    def surely(self) -> Ask:
        """The same, where chance likeness of words must not go before what is seen."""
        return replace(self, sure=True)

    def by_sight(self, query: Query) -> Ask:
        """The same, with this looked for by sight."""
        return replace(self, sight=query)

    def late(self, share: float) -> Ask:
        """The same, where words and picture are weighed when lists are fused."""
        visual, tags, words = self.options.fusion.weights
        weights = ((1.0 - share) * visual, share * tags, share * words)
        fusion = Fusion(self.options.fusion.kind, weights)
        return replace(self, options=replace(self.options, fusion=fusion))

    async def one(self, method: Method, page_token: str = "", limit: int = 0) -> Answer:
        """One list's page."""
        limit, least = limit or self.limit, self.options.min_score
        if method is Method.WORDS:
            if self.sure:
                least = max(SURE, least or SURE)
            return await self.words.search(
                self.acting,
                self.text or "",
                self.wanted,
                k=limit,
                page_token=page_token,
                min_score=least,
            )
        query = self.query
        if method is Method.VISUAL:
            query = self.sight or query
        elif self.text is not None:
            query = TextQuery(self.text)
        return await self.search.search(
            self.acting,
            query,
            self.wanted,
            k=limit,
            page_token=page_token,
            min_score=least,
            kind=_KINDS[method],
            space_id=self.space_id,
        )

    async def seen_and_said(self) -> Answer:
        """What is seen; fused with words where file names or tags have them."""
        if self.text is None or not self._weighs(Method.WORDS):
            return await self.one(Method.VISUAL)
        if not self._weighs(Method.VISUAL):
            return await self.several(LISTS)
        depth = max(self.limit, DEPTH)
        seen, said = await _all(self.one(Method.VISUAL), self.one(Method.WORDS, limit=depth))
        if not said.hits:
            return seen
        if depth > self.limit and len(seen.hits) == self.limit:
            seen = await self.one(Method.VISUAL, limit=depth)
        return self._fused([seen, said])

    async def several(
        self, methods: Sequence[Method], *, forgiving: Collection[Reason] = NOT_THERE
    ) -> Answer:
        """The best of all lists that count; of one, where the others have nothing to say.

        Args:
            methods: which.
            forgiving: reasons why a list may be missing, as long as another finds something.
        """
        asked = [one for one in methods if self._weighs(one)]
        asked = [one for one in asked if one is not Method.WORDS or self.text is not None]
        if not asked:
            raise InvalidInput(
                Reason.FIELD_INVALID, "No list that can be asked has a weight.", field="fusion"
            )
        depth = max(self.limit, DEPTH)
        answers = await _all(*(_found(self.one(one, limit=depth), forgiving) for one in asked))
        there = [answer for answer in answers if isinstance(answer, Answer)]
        missing = [answer for answer in answers if isinstance(answer, KiokuError)]
        silent = not any(answer.hits for answer in there)
        if missing and silent and (not there or missing[0].reason not in NOT_THERE):
            raise missing[0]
        # Words that nobody has written are no list.
        spoken = [one for one in there if one.hits or one.method is not Method.WORDS]
        return replace(self._fused(spoken or there), whole=not missing)

    def _weighs(self, method: Method) -> bool:
        return self.options.fusion.weight(method) > 0

    def _fused(self, answers: list[Answer]) -> Answer:
        """One answer of several, which has all that any list has: what is cut is cut later."""
        lists = {answer.method: answer.hits for answer in answers}
        best = fuse(lists, sum(map(len, lists.values())), self.options.fusion)
        first, several = answers[0], len(answers) > 1
        with_vector = [answer for answer in answers if answer.method is not Method.WORDS]
        fusion = self.options.fusion.kind if several else None
        return Answer(
            hits=tuple(one.neighbour for one in best),
            next_page_token="",
            space_id=next((answer.space_id for answer in answers if answer.space_id), ""),
            strategy=first.strategy,
            embed_ms=sum(answer.embed_ms for answer in answers),
            database_ms=sum(answer.database_ms for answer in answers),
            cached_vector=bool(with_vector) and all(one.cached_vector for one in with_vector),
            method=Method.COMBINED if several else first.method,
            route=fused_route(
                [answer.route for answer in answers], short=len(best) < self.options.k
            ),
            parts={one.neighbour.asset_id: one.parts for one in best},
            seen=next((answer.seen for answer in answers if answer.seen), None),
            findings=replace(first.findings, fusion=fusion),
        )


async def _found(asking: Awaitable[Answer], forgiving: Collection[Reason]) -> Answer | KiokuError:
    try:
        return await asking
    except KiokuError as error:
        if error.reason not in forgiving:
            raise
        return error


async def _all(*asking: Awaitable[_T]) -> list[_T]:
    """What all of them give; when one fails, only after the others are over too."""
    tasks = [asyncio.ensure_future(one) for one in asking]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        await asyncio.wait(tasks)
