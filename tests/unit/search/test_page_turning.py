"""Turning pages comes to an end, whatever is wrong below."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest
from kioku_rt.auth import Acting, Principal
from kioku_rt.page_token import PageTokens
from kioku_search.answers.pages import MOST, Pages
from kioku_search.answers.ranking import Cut, Placed, Ranking, Standing, Told
from kioku_search.assets.asset import Kind
from kioku_search.searching.options import Method
from kioku_search.searching.query import TextQuery
from kioku_search.searching.question import Question
from kioku_search.searching.search import Answer, Neighbour, Wanted

WHO = Acting("ann", Principal("ann", False, frozenset(), "t"), on_behalf=False)
QUESTION = Question(TextQuery("x"), Wanted())
LONG = 30


def found(number: int) -> Neighbour:
    return Neighbour(UUID(int=number + 1), number / 100, "f", Kind.IMAGE, (), None, "exact")


class Ranker:
    """Always finds as many as are asked for, and says that there is more after the same place."""

    async def ranked(self, _acting: Acting, _question: Question, *, k: int, **_how: str) -> Answer:
        hits = tuple(found(number) for number in range(k))
        return Answer(hits, "further", "s", "exact", 0.0, 0.0, cached_vector=False)


class Stuck:
    """Keeps a ranking that never grows; where it `stays`, every cut begins at its start."""

    def __init__(self, length: int, *, stays: bool) -> None:
        self.length = length
        self.stays = stays

    async def keep(self, _acting: Acting, ranking: Ranking, _request_id: UUID | None) -> bool:
        self.ranking = ranking
        return True

    async def cut(self, _acting: Acting, ranking_id: UUID, after: int, limit: int) -> Cut:
        await asyncio.sleep(0)  # so that the test can end
        one = self.ranking
        standing = Standing(
            ranking_id, one.digest, "s", Method.VISUAL, one.route, one.findings,
            complete=False, continuation="further", length=self.length,
        )  # fmt: skip
        placed = [Placed(number, hit, Told()) for number, hit in enumerate(one.hits, 1)]
        rest = placed if self.stays else placed[after:]
        return Cut(standing, tuple(rest[:limit]))

    async def lengthen(self, *_nothing: object) -> None:
        return None

    async def holding(self, _acting: Acting, _ranking_id: UUID, ids: list[UUID]) -> frozenset[UUID]:
        return frozenset(ids)


STUCK = {
    "a cut that stays where it is": Stuck(LONG, stays=True),
    "a ranking that does not grow": Stuck(LONG, stays=False),
    "a database that goes in rounds": Stuck(MOST, stays=False),
}


@pytest.mark.parametrize("stuck", STUCK.values(), ids=STUCK)
async def test_a_page_that_leads_nowhere_is_the_last(stuck: Stuck) -> None:
    """Whoever turns pages comes to the end of them."""
    pages = Pages(Ranker(), stuck, PageTokens(b"0" * 16), depth=1, fused_depth=1)
    answer = await pages.answer(WHO, QUESTION, k=5)
    assert answer.next_page_token
    turned = 0
    async with asyncio.timeout(30):
        while answer.next_page_token:
            answer = await pages.answer(WHO, QUESTION, k=5, page_token=answer.next_page_token)
            turned += 1
            assert turned < 5
