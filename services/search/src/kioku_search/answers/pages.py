"""Promise: pages show no asset twice and skip none, whatever is written while they are turned.

The first page keeps the ranking it is cut from, some way beyond its end, and later pages are cut
from that; what was deleted is passed over. A ranking that is used up is lengthened: the question is
ranked again, deeper, and what it does not hold yet is added at its end, until it holds `MOST`.
Beyond that a single list goes on by distance and asset id (keyset), leaving out what it holds.
Results that are folded or spread are chosen among all that were found; of them there is one page.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from uuid import UUID

from kioku_rt.auth.principal import Acting
from kioku_rt.errors import KiokuError
from kioku_rt.page_token import PageTokens, scope_of
from kioku_rt.reasons import Reason
from uuid_utils.compat import uuid7

from kioku_search.answers.ranking import (
    Cut,
    Placed,
    Ranking,
    Rankings,
    Standing,
    Told,
    findings_of,
    general,
)
from kioku_search.searching.question import Question, Ranker
from kioku_search.searching.route import Route
from kioku_search.searching.search import Answer, Neighbour

# One more is asked for than is wanted, and the graph gives at most 2,000.
MOST = 1999
_TAIL = -1
_OVER = frozenset({Reason.SPACE_UNKNOWN, Reason.SPACE_NOT_SERVED, Reason.PAGE_TOKEN_INVALID})


@dataclass(frozen=True)
class _Ask:
    """One call: whose, what, and the scope its tokens are good for."""

    acting: Acting
    question: Question
    k: int

    @property
    def scope(self) -> bytes:
        return scope_of("results", self.acting.owner, *self.question.facts)

    @property
    def digest(self) -> bytes:
        """What a request id stands for: the question and the size of its first page."""
        return scope_of("request", self.scope, self.k)


class Pages:
    """Cuts answers into pages.  Implements `Answering`.

    Args:
        depth: how far beyond its first page a ranking of one list is kept at once.
        fused_depth: the same where lists may be fused: how deep they are looked at decides what
            comes first.
    """

    def __init__(
        self,
        ranker: Ranker,
        rankings: Rankings,
        tokens: PageTokens,
        *,
        depth: int,
        fused_depth: int,
    ) -> None:
        self._ranker = ranker
        self._rankings = rankings
        self._tokens = tokens
        self._depth = depth
        self._fused_depth = fused_depth

    async def answer(
        self,
        acting: Acting,
        question: Question,
        *,
        k: int,
        page_token: str = "",
        request_id: UUID | None = None,
    ) -> Answer:
        """The first page, or the one that a token continues.

        A request id stands for a first page; with a page token it is not looked at, for the token
        says already which page is meant.
        """
        ask = _Ask(acting, question, k)
        started = time.perf_counter()
        if page_token:
            kept = await self._next(ask, page_token)
        else:
            kept = await self._again(ask, request_id) if request_id else None
        if kept is not None:
            return replace(kept, database_ms=(time.perf_counter() - started) * 1e3)
        return await self._first(ask, request_id)

    async def _first(self, ask: _Ask, request_id: UUID | None) -> Answer:
        further = self._fused_depth if ask.question.may_fuse else self._depth
        depth = ask.k if ask.question.one_page else min(ask.k + further, MOST)
        answer = await self._ranker.ranked(ask.acting, ask.question, k=depth)
        complete = ask.question.one_page or len(answer.hits) < depth
        if complete and len(answer.hits) <= ask.k and request_id is None:
            return replace(answer, next_page_token="", route=_told(answer.route, answer.hits, ask))
        ranking = _ranking(answer, ask, complete=complete)
        if not await self._rankings.keep(ask.acting, ranking, request_id) and request_id:
            again = await self._again(ask, request_id)
            if again is not None:
                return again
        more = len(answer.hits) > ask.k or not complete
        shown = answer.hits[: ask.k]
        return replace(
            answer,
            hits=shown,
            route=_told(answer.route, shown, ask),
            parts={one.asset_id: answer.parts.get(one.asset_id, ()) for one in shown},
            findings=findings_of(answer.findings, _placed(answer, shown)),
            next_page_token=self._sign(ask, ranking.ranking_id, ask.k) if more else "",
            ranking_id=ranking.ranking_id,
        )

    async def _again(self, ask: _Ask, request_id: UUID) -> Answer | None:
        """The first page that this request id got before."""
        standing = await self._rankings.find_request(ask.acting, request_id)
        if standing is None:
            return None
        if standing.digest != ask.digest:
            raise KiokuError(Reason.ASSET_ID_REUSED, field="request_id")
        return await self._from(ask, standing.ranking_id, 0)

    async def _next(self, ask: _Ask, page_token: str) -> Answer | None:
        ranking, place, *rest = self._tokens.read(ask.scope, page_token)
        ranking_id = UUID(ranking)
        if place == _TAIL:
            return await self._tail(ask, await self._standing(ask, ranking_id), (), rest[0])
        return await self._from(ask, ranking_id, place)

    async def _from(self, ask: _Ask, ranking_id: UUID, place: int) -> Answer:
        """The page after a place, lengthening the ranking where it ends too soon."""
        length = -1
        while True:
            cut = await self._rankings.cut(ask.acting, ranking_id, place, ask.k + 1)
            if cut is None:
                raise KiokuError(Reason.PAGE_TOKEN_EXPIRED, field="page_token")
            standing = cut.standing
            # One that does not grow is taken as it is, or we would go on for ever.
            if len(cut.placed) > ask.k or standing.complete or standing.length == length:
                return self._page(ask, cut, place)
            if standing.length >= MOST:
                return await self._tail(ask, standing, cut.placed, standing.continuation)
            length = standing.length
            await self._lengthen(ask, standing)

    def _page(self, ask: _Ask, cut: Cut, after: int) -> Answer:
        shown = cut.placed[: ask.k]
        # A page that leads nowhere is the last one: nobody turns pages for ever.
        more = len(cut.placed) > ask.k and shown[-1].place > after
        token = self._sign(ask, cut.standing.ranking_id, shown[-1].place) if more else ""
        return _answer(ask, cut.standing, shown, token)

    async def _lengthen(self, ask: _Ask, standing: Standing) -> None:
        depth = min(2 * standing.length, MOST)
        question = ask.question.by(standing.method)
        with _same_space():
            answer = await self._ranker.ranked(
                ask.acting, question, k=depth, space_id=standing.space_id
            )
        if answer.space_id != standing.space_id:  # other scores, another order: nothing to add to
            raise KiokuError(Reason.PAGE_TOKEN_EXPIRED, field="page_token")
        more = _ranking(answer, ask, complete=len(answer.hits) < depth)
        await self._rankings.lengthen(ask.acting, standing, more)

    async def _tail(
        self, ask: _Ask, standing: Standing, placed: Sequence[Placed], continuation: str
    ) -> Answer:
        """What lies beyond the longest ranking; of fused lists there is nothing more."""
        shown = list(placed)
        passed = set[str]()
        while continuation and continuation not in passed and len(shown) < ask.k:
            passed.add(continuation)
            answer = await self._beyond(ask, standing, continuation, ask.k - len(shown))
            ids = [one.asset_id for one in answer.hits]
            held = await self._rankings.holding(ask.acting, standing.ranking_id, ids)
            if held is None:
                raise KiokuError(Reason.PAGE_TOKEN_EXPIRED, field="page_token")
            fresh = [one for one in answer.hits if one.asset_id not in held]
            shown += _placed(answer, fresh)
            continuation = answer.next_page_token
        continuation = "" if continuation in passed else continuation
        token = self._sign(ask, standing.ranking_id, _TAIL, continuation) if continuation else ""
        return _answer(ask, standing, shown, token)

    async def _beyond(
        self, ask: _Ask, standing: Standing, continuation: str, wanted: int
    ) -> Answer:
        question = ask.question.by(standing.method)
        with _same_space():
            return await self._ranker.ranked(
                ask.acting, question, k=wanted, page_token=continuation
            )

    async def _standing(self, ask: _Ask, ranking_id: UUID) -> Standing:
        cut = await self._rankings.cut(ask.acting, ranking_id, 0, 0)
        if cut is None:
            raise KiokuError(Reason.PAGE_TOKEN_EXPIRED, field="page_token")
        return cut.standing

    def _sign(self, ask: _Ask, ranking_id: UUID, *position: int | str) -> str:
        return self._tokens.sign(ask.scope, [ranking_id.hex, *position])


@contextmanager
def _same_space() -> Iterator[None]:
    """A list goes on in the space it began in; where that cannot be searched any more, it ends."""
    try:
        yield
    except KiokuError as error:
        if error.reason not in _OVER:
            raise
        raise KiokuError(Reason.PAGE_TOKEN_EXPIRED, field="page_token") from error


def _ranking(answer: Answer, ask: _Ask, *, complete: bool) -> Ranking:
    return Ranking(
        ranking_id=uuid7(),
        digest=ask.digest,
        space_id=answer.space_id,
        method=answer.method,
        route=answer.route,
        findings=general(answer.findings),
        complete=complete,
        continuation=answer.next_page_token,
        like=ask.question.like,
        hits=answer.hits,
        told={one.asset_id: Told.of(answer, one.asset_id) for one in answer.hits},
    )


def _placed(answer: Answer, hits: Sequence[Neighbour]) -> list[Placed]:
    """Assets that an answer found, at no place of a kept ranking."""
    return [Placed(0, one, Told.of(answer, one.asset_id)) for one in hits]


def _told(route: Route, shown: Sequence[object], ask: _Ask) -> Route:
    """How a page came about: it is short only if it has fewer than were asked for."""
    return route if len(shown) < ask.k else replace(route, shortfall="")


def _answer(ask: _Ask, standing: Standing, placed: Sequence[Placed], token: str) -> Answer:
    return Answer(
        hits=tuple(one.neighbour for one in placed),
        next_page_token=token,
        space_id=standing.space_id,
        strategy=standing.route.strategy,
        embed_ms=0.0,
        database_ms=0.0,
        cached_vector=ask.question.needs_vector(standing.method),
        method=standing.method,
        route=_told(standing.route, placed, ask),
        parts={one.neighbour.asset_id: one.told.parts for one in placed if one.told.parts},
        findings=findings_of(standing.findings, placed),
        ranking_id=standing.ranking_id,
    )
