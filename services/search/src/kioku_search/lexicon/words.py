"""Promise: an asset whose name or tag has the words is found by them, without model or vector.

Words are written with the asset they belong to; what was there before, and what other code changed,
is written by a job that any number of processes may run.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Protocol
from uuid import UUID

from kioku_rt.auth.principal import Acting
from kioku_rt.page_token import PageTokens, scope_of

from kioku_search.searching.options import Method
from kioku_search.searching.route import route_of
from kioku_search.searching.search import After, Answer, Neighbour, Wanted

STRATEGY = "words"
LEAST = 0.5
"""The share of the words that an asset must have."""
_BATCH = 200
Rest = Callable[[float], Awaitable[None]]
_FIRST = ("", UUID(int=0))


class WordIndex(Protocol):
    """Finds assets by words."""

    async def matching(
        self,
        acting: Acting,
        text: str,
        wanted: Wanted,
        *,
        after: After | None,
        limit: int,
        least: float,
    ) -> list[Neighbour]:
        """At most `limit` assets that have `least` of the words, best first, ties by asset id.

        The score is the share of the words that an asset has, see `search.words_of_owner`.
        """


class StaleWords(Protocol):
    """Assets whose words were made by older rules, or not yet."""

    async def adopt(self, after: tuple[str, UUID], limit: int) -> tuple[str, UUID] | None:
        """Let the next `limit` assets have words to be made; the last key, None at the end."""

    async def make(self, limit: int) -> int:
        """Make the words of at most `limit` assets; how many there were."""


class SearchByWords:
    """One list: the best by words."""

    def __init__(self, index: WordIndex, tokens: PageTokens) -> None:
        self._index = index
        self._tokens = tokens

    async def search(
        self,
        acting: Acting,
        text: str,
        wanted: Wanted,
        *,
        k: int,
        page_token: str = "",
        min_score: float | None = None,
    ) -> Answer:
        """The `k` best assets after the page before.

        Raises:
            InvalidInput: PAGE_TOKEN_INVALID.
            DependencyDown: the database does not answer.
        """
        scope = scope_of("words", acting.owner, text, wanted.facts, min_score)
        after = After.read(self._tokens, scope, page_token)
        started = time.perf_counter()
        least = max(LEAST, min_score or LEAST)
        found = await self._index.matching(
            acting, text, wanted, after=after, limit=k + 1, least=least
        )
        took = time.perf_counter() - started
        hits = [hit for hit in found[:k] if min_score is None or hit.score >= min_score]
        more = len(found) > k and len(hits) == k
        route = route_of(found, kept=len(hits), k=k, first_page=after is None)
        token = After.token(self._tokens, scope, hits, after) if more else ""
        return Answer(
            hits=tuple(hits),
            next_page_token=token,
            space_id="",
            strategy=STRATEGY,
            embed_ms=0.0,
            database_ms=took * 1e3,
            cached_vector=False,
            method=Method.WORDS,
            route=replace(route, strategy=STRATEGY, matched=None, recall=1.0),
        )


class WordKeeping:
    """Writes the words that are missing or old; searches find the database free half the time.

    Args:
        rest: seconds to wait, asked for after each batch.
    """

    def __init__(self, stale: StaleWords, rest: Rest = asyncio.sleep) -> None:
        self._stale = stale
        self._rest = rest
        self._adopted: tuple[str, UUID] | None = _FIRST

    async def run_once(self) -> int:
        """Look once at every asset since the start, then write all that is stale; how many."""
        while self._adopted is not None:
            began = time.perf_counter()
            self._adopted = await self._stale.adopt(self._adopted, _BATCH)
            await self._rest(time.perf_counter() - began)
        made = 0
        while True:
            began = time.perf_counter()
            if not (batch := await self._stale.make(_BATCH)):
                return made
            made += batch
            await self._rest(time.perf_counter() - began)
