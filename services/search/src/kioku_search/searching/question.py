"""What is asked, as one value: everything that decides an answer but whose assets and how many."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Protocol
from uuid import UUID

from kioku_rt.auth.principal import Acting

from kioku_search.hybrid.methods import SearchByMethod
from kioku_search.searching.options import Method, Options
from kioku_search.searching.query import LikeQuery, Query, TextQuery, VectorQuery, identity
from kioku_search.searching.search import Answer, Wanted


@dataclass(frozen=True)
class Question:
    """A search without its page; `options.k` is not looked at, each page says its own."""

    query: Query
    wanted: Wanted
    options: Options = field(default_factory=Options)

    @property
    def facts(self) -> list[object]:
        """What tells two questions apart; `repr` says all of it, in every process the same."""
        space_id = self.query.space_id if isinstance(self.query, VectorQuery) else ""
        return [space_id, identity(self.query), self.wanted.facts, replace(self.options, k=0)]

    @property
    def one_page(self) -> bool:
        """Whether its results are chosen among all that were found, and there are no more."""
        return self.options.rearranged

    @property
    def may_fuse(self) -> bool:
        """Whether several lists may be fused for it; how deep they are looked at then matters."""
        left_to_us = self.options.method is Method.AUTO and isinstance(
            self.query, TextQuery | LikeQuery
        )
        combined = self.options.method is Method.COMBINED
        return left_to_us or combined or self.options.also_text is not None

    @property
    def like(self) -> UUID | None:
        """The asset that is asked about."""
        return self.query.asset_id if isinstance(self.query, LikeQuery) else None

    def needs_vector(self, method: Method) -> bool:
        """Whether the embedder has to make a vector for it, asked by these lists."""
        stored = isinstance(self.query, LikeQuery | VectorQuery)
        return method is not Method.WORDS and (not stored or self.options.also_text is not None)

    def by(self, method: Method) -> Question:
        """The same question put to the lists that answered it the first time.

        Those that AUTO fused are chosen again: it fuses them in its own way.
        """
        left_to_us = self.options.method is Method.AUTO and method is not Method.COMBINED
        if not left_to_us or not isinstance(self.query, TextQuery | LikeQuery):
            return self
        return replace(self, options=replace(self.options, method=method))


class Answering(Protocol):
    """Whoever answers a question, page by page."""

    async def answer(
        self,
        acting: Acting,
        question: Question,
        *,
        k: int,
        page_token: str = "",
        request_id: UUID | None = None,
    ) -> Answer:
        """The next `k` results.

        Args:
            request_id: the same id gets the same first page again, while that is kept.

        Raises:
            InvalidInput: a bad vector or picture; PAGE_TOKEN_INVALID.
            KiokuError: NO_ACTIVE_SPACE, SPACE_UNKNOWN, ASSET_NOT_FOUND, ASSET_NOT_READY,
                TEXT_NOT_SUPPORTED, PAGE_TOKEN_EXPIRED, ASSET_ID_REUSED.
            DependencyDown: the database, or (text, picture) the embedder, does not answer.
        """


class Ranker(Protocol):
    """Whoever ranks an owner's assets anew."""

    async def ranked(
        self,
        acting: Acting,
        question: Question,
        *,
        k: int,
        page_token: str = "",
        space_id: str = "",
    ) -> Answer:
        """The `k` best now, or those after a page token of its own.

        Args:
            space_id: to search in, if it is not what the owner is served from now.
        """


class RankByMethod:
    """The one place that takes a question apart for `SearchByMethod`.  Implements `Ranker`."""

    def __init__(self, search: SearchByMethod) -> None:
        self._search = search

    async def ranked(
        self,
        acting: Acting,
        question: Question,
        *,
        k: int,
        page_token: str = "",
        space_id: str = "",
    ) -> Answer:
        """The `k` best now, or those after a page token of its own."""
        return await self._search.search(
            acting,
            question.query,
            question.wanted,
            replace(question.options, k=k),
            page_token=page_token,
            space_id=space_id,
        )
