"""What is asked, as one value: everything that decides an answer but whose assets and how many."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol
from uuid import UUID

from kioku_rt.auth.principal import Acting

from kioku_search.fusion import Method
from kioku_search.methods import SearchByMethod
from kioku_search.query import LikeQuery, Query, TextQuery, VectorQuery, identity
from kioku_search.search import Answer, Wanted


@dataclass(frozen=True)
class Question:
    """A search without its page."""

    query: Query
    wanted: Wanted
    min_score: float | None = None
    method: Method = Method.AUTO

    @property
    def facts(self) -> list[object]:
        """What tells two questions apart; `repr` says all of it, in every process the same."""
        space_id = self.query.space_id if isinstance(self.query, VectorQuery) else ""
        return [space_id, identity(self.query), self.wanted.facts, self.min_score, self.method]

    @property
    def like(self) -> UUID | None:
        """The asset that is asked about."""
        return self.query.asset_id if isinstance(self.query, LikeQuery) else None

    @property
    def needs_vector(self) -> bool:
        """Whether the embedder has to make a vector for it."""
        return not isinstance(self.query, LikeQuery | VectorQuery)

    def by(self, method: Method) -> Question:
        """The same question put to the lists that answered it the first time."""
        asks_lists = isinstance(self.query, TextQuery | LikeQuery)
        return replace(self, method=method) if asks_lists else self


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
        self, acting: Acting, question: Question, *, k: int, page_token: str = ""
    ) -> Answer:
        """The `k` best now, or those after a page token of its own."""


class RankByMethod:
    """The one place that takes a question apart for `SearchByMethod`.  Implements `Ranker`."""

    def __init__(self, search: SearchByMethod) -> None:
        self._search = search

    async def ranked(
        self, acting: Acting, question: Question, *, k: int, page_token: str = ""
    ) -> Answer:
        """The `k` best now, or those after a page token of its own."""
        return await self._search.search(
            acting,
            question.query,
            question.wanted,
            k=k,
            page_token=page_token,
            min_score=question.min_score,
            method=question.method,
        )
