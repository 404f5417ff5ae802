"""Promise: an answer that was given before is given again only while it is still right.

Each answer is kept with a stamp: the owner's epoch, which goes up in the transaction of whatever
can change one of the owner's answers, and that of the spaces. Both are read before an answer is
made and again, in one round trip, before it is given again; the spaces that the owner is served
from, as they are after that, belong to the stamp as well. What was committed before a search
began is therefore in its answer, whoever wrote it and in whichever process the answer is kept.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol
from uuid import UUID

from kioku_rt.auth.principal import Acting

from kioku_search.answers.cache import Cache, Found
from kioku_search.searching.query import VectorQuery
from kioku_search.searching.question import Answering, Question
from kioku_search.searching.search import Answer
from kioku_search.spaces.space import IMAGE, TAG, Space, Spaces

Trail = list[tuple[str, str]]
# Roughly what an answer and a hit take in memory, without their texts, and each of a hit's parts,
# look-alikes and moments.
_ANSWER_BYTES = 1200
_HIT_BYTES = 700
_TOLD_BYTES = 200


class Stamp(NamedTuple):
    """What an answer depends on; `ranking_kept`: its next page can still be had for a while."""

    owner_epoch: int
    spaces_epoch: int
    ranking_kept: bool


class Stamps(Protocol):
    """Tells whether answers of before are still right."""

    async def read(self, acting: Acting, ranking_id: UUID | None) -> Stamp:
        """The stamp of this moment.  Raises DependencyDown."""

    async def audit(self, acting: Acting, trail: Trail) -> None:
        """Record a search on somebody's behalf as it was recorded when its answer was made."""

    def recording(self) -> Trail:
        """From now on, in this task, what is recorded is noted in the list that this gives."""


@dataclass(frozen=True)
class Kept:
    """An answer, and what was recorded when it was made on somebody's behalf."""

    answer: Answer
    trail: Trail

    @property
    def weight(self) -> int:
        """About how many bytes it takes."""
        texts = sum(len(hit.filename) + sum(map(len, hit.tags)) for hit in self.answer.hits)
        findings = self.answer.findings
        told = [*self.answer.parts.values(), *findings.similar.values(), *findings.moments.values()]
        return (
            _ANSWER_BYTES
            + _HIT_BYTES * len(self.answer.hits)
            + _TOLD_BYTES * sum(map(len, told))
            + 2 * texts
        )


class CachedAnswers:
    """Answers of before.  Implements `Answering`.

    Args:
        inner: makes answers.
        cache: keeps them.
        spaces: where a vector's space is looked up.
        look_again: called when the stamp says that spaces, or what is known of them, changed.
        noted: told how each answer was come by, and whether an outdated one was dropped.
        unwritten: whether a ranking is kept, though the database does not know it yet.
    """

    def __init__(
        self,
        inner: Answering,
        stamps: Stamps,
        spaces: Spaces,
        cache: Cache[bytes, Kept],
        *,
        noted: Callable[[Found, bool], None],
        look_again: Callable[[], None],
        unwritten: Callable[[UUID], bool] = lambda _: False,
    ) -> None:
        self._unwritten = unwritten
        self._inner = inner
        self._stamps = stamps
        self._spaces = spaces
        self._cache = cache
        self._noted = noted
        self._look_again = look_again
        self._spaces_epoch: int | None = None

    async def answer(
        self,
        acting: Acting,
        question: Question,
        *,
        k: int,
        page_token: str = "",
        request_id: UUID | None = None,
    ) -> Answer:
        """The next `k` results, made or kept.

        With a request id the answer is not looked for here: it is to be the same again even when
        it is outdated, and `Pages` remembers it.
        """
        if request_id is not None:
            return await self._inner.answer(
                acting, question, k=k, page_token=page_token, request_id=request_id
            )
        started = time.perf_counter()
        key = _key(acting, question, k, page_token)
        stamp = await self._stamp(acting, key)
        served = [await self._spaces.find_serving(kind, acting.owner) for kind in (IMAGE, TAG)]
        if not _may_keep(question, served[0]):
            return await self._inner.answer(acting, question, k=k, page_token=page_token)

        async def make() -> Kept:
            trail = self._stamps.recording()
            return Kept(
                await self._inner.answer(acting, question, k=k, page_token=page_token), trail
            )

        outdated = self._cache.outdated
        kept, found = await self._cache.get(key, make, (*stamp[:2], *served))
        self._noted(found, self._cache.outdated > outdated)
        if found is Found.MADE:
            return kept.answer
        await self._stamps.audit(acting, kept.trail)
        return _again(kept.answer, question, started)

    def forget_old(self, seconds: float) -> None:
        """Drop what was made longer ago: what was deleted since must not stay in memory either."""
        self._cache.drop_older(seconds)

    async def _stamp(self, acting: Acting, key: bytes) -> Stamp:
        kept = self._cache.peek(key)
        stamp = await self._stamps.read(acting, self._written_ranking(kept))
        if not stamp.ranking_kept:
            self._cache.drop(key)
        if stamp.spaces_epoch != self._spaces_epoch:
            self._look_again()
            self._spaces_epoch = stamp.spaces_epoch
        return stamp

    def _written_ranking(self, kept: Kept | None) -> UUID | None:
        """The ranking of a kept answer, if the database should have it."""
        ranking_id = kept.answer.ranking_id if kept else None
        return None if ranking_id and self._unwritten(ranking_id) else ranking_id


def _may_keep(question: Question, served: Space | None) -> bool:
    """Not of a space that a vector names and that is not served: its writes touch no epoch."""
    if not isinstance(question.query, VectorQuery):
        return True
    return served is not None and served.space_id == question.query.space_id


def _key(acting: Acting, question: Question, k: int, page_token: str) -> bytes:
    """An owner's answers are their own; those on somebody's behalf have a trail and are apart."""
    facts = (acting.owner, acting.on_behalf, question.facts, k, page_token)
    return hashlib.sha256(repr(facts).encode()).digest()


def _again(answer: Answer, question: Question, started: float) -> Answer:
    return replace(
        answer,
        cached_answer=True,
        cached_vector=question.needs_vector(answer.method),
        embed_ms=0.0,
        database_ms=(time.perf_counter() - started) * 1e3,
    )
