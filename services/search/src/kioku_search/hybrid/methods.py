"""Promise: an asset is found as soon as anything about it is searchable, best once all of it is.

Which lists a search asks: what is seen, what tags mean, which words are written. Left to itself
(AUTO) it looks at what is seen and, where file names or tags have the words, at those; at what tags
mean as well while some assets have nothing else; and at tags and words alone while words cannot be
turned into a vector of what is seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from kioku_rt.auth.principal import Acting
from kioku_rt.errors import InvalidInput, KiokuError
from kioku_rt.reasons import Reason

from kioku_search.hybrid.asking import AWAY, Ask
from kioku_search.hybrid.refinement import Refinement
from kioku_search.hybrid.results import FUSED, JOINED
from kioku_search.lexicon.words import SearchByWords
from kioku_search.searching.options import LISTS, AlsoText, Method, Options
from kioku_search.searching.query import ImageQuery, JointQuery, LikeQuery, Query, VectorQuery
from kioku_search.searching.search import Answer, Search, Wanted
from kioku_search.spaces.space import IMAGE, TAG, Space, Spaces


class Coverage(Protocol):
    """What of an owner's assets is searchable in which way."""

    async def some_by_tags_only(
        self, acting: Acting, tags_space_id: str, visual_space_id: str
    ) -> bool:
        """Whether assets whose work is not finished have a vector of tags and no visual one."""


class SearchByMethod:
    """The Search rpc."""

    def __init__(
        self,
        search: Search,
        words: SearchByWords,
        spaces: Spaces,
        coverage: Coverage,
        refinement: Refinement,
    ) -> None:
        self._search = search
        self._words = words
        self._spaces = spaces
        self._coverage = coverage
        self._refinement = refinement

    async def search(
        self,
        acting: Acting,
        query: Query,
        wanted: Wanted,
        options: Options,
        *,
        page_token: str = "",
        space_id: str = "",
    ) -> Answer:
        """The `options.k` best assets.

        A page token is of this method alone and of one list; there is none of lists that are fused,
        nor of results that are folded or spread. Pages of any answer are made by `Pages`, which
        names the space it began in.

        Raises:
            InvalidInput: a bad vector or picture; words where there must be none, or none where
                there must be some; PAGE_TOKEN_INVALID.
            KiokuError: NO_ACTIVE_SPACE, SPACE_UNKNOWN, ASSET_NOT_FOUND, ASSET_NOT_READY,
                TEXT_NOT_SUPPORTED.
            DependencyDown: the database, or (text, picture) the embedder, does not answer.
        """
        if options.rearranged:
            _check_first(page_token)
        ask = Ask(self._search, self._words, acting, query, wanted, options, space_id=space_id)
        answer = await self._answer(ask, page_token)
        return await self._refinement.refine(acting, answer, options)

    async def _answer(self, ask: Ask, page_token: str) -> Answer:
        also = ask.options.also_text
        if also is not None:
            return await self._both(ask, also, page_token)
        match ask.options.method, ask.query:
            case _, ImageQuery() | VectorQuery():
                return await ask.one(Method.VISUAL, page_token)
            case Method.WORDS, LikeQuery():
                raise InvalidInput(
                    Reason.FIELD_INVALID, "An asset cannot be looked for by words.", field="method"
                )
            case Method.COMBINED, _:
                _check_first(page_token)
                return await ask.several(LISTS)
            case Method.AUTO, _:
                return await self._auto(ask, page_token)
            case method, _:
                return await ask.one(method, page_token)

    async def _both(self, ask: Ask, also: AlsoText, page_token: str) -> Answer:
        """A picture and words: one vector, or two lists where the model has no words."""
        if not isinstance(ask.query, ImageQuery | LikeQuery | VectorQuery):
            raise InvalidInput(
                Reason.FIELD_INVALID, "Words beside words are one text.", field="also_text"
            )
        combined = ask.options.method is Method.COMBINED
        if combined:
            _check_first(page_token)
        joint = ask.by_sight(JointQuery(ask.query, also.text, also.weight))
        try:
            answer = await (
                joint.several(LISTS) if combined else joint.one(Method.VISUAL, page_token)
            )
            return _also(answer, JOINED)
        except KiokuError as error:
            if error.reason is not Reason.TEXT_NOT_SUPPORTED:
                raise
        _check_first(page_token)
        return _also(await ask.late(also.weight).several(LISTS), FUSED)

    async def _auto(self, ask: Ask, page_token: str) -> Answer:
        _check_first(page_token)
        tags, visual = [
            await self._spaces.find_serving(kind, ask.acting.owner) for kind in (TAG, IMAGE)
        ]
        said = [Method.TAGS] * (tags is not None) + [Method.WORDS] * (ask.text is not None)
        try:
            return await self._seen(ask.surely(), tags, visual)
        except KiokuError as error:
            if error.reason not in AWAY or not said:
                raise
            away = error
        return await self._said(ask, said, away)

    async def _seen(self, ask: Ask, tags: Space | None, visual: Space | None) -> Answer:
        """What is seen and what is written; what tags mean while some assets have nothing else."""
        if visual is None:
            raise KiokuError(Reason.NO_ACTIVE_SPACE)
        both = tags is not None and await self._coverage.some_by_tags_only(
            ask.acting, tags.space_id, visual.space_id
        )
        return await (ask.several(LISTS) if both else ask.seen_and_said())

    async def _said(self, ask: Ask, said: Sequence[Method], away: KiokuError) -> Answer:
        """Tags and words alone; where they say nothing, nobody knows what would have been seen."""
        answer = await ask.several(said, forgiving=AWAY)
        if not answer.hits and Method.TAGS not in said:
            raise away
        return replace(answer, whole=False)


def _check_first(page_token: str) -> None:
    """Of lists that are fused, or chosen anew each time, there is no next page."""
    if page_token:
        raise InvalidInput(Reason.PAGE_TOKEN_INVALID, field="page_token")


def _also(answer: Answer, how: str) -> Answer:
    return replace(answer, findings=replace(answer.findings, also_text=how))
