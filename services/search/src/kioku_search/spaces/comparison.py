"""Promise: what a new space would answer is known before anybody is served from it.

Both spaces are asked the same: the neighbours of some assets, and questions whose right answers
are known. The overlap at k says how much answers will change; recall says which space is right.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar
from uuid import UUID

import numpy as np
import numpy.typing as npt
from kioku_rt.auth.principal import Acting, Principal
from kioku_rt.errors import InvalidInput, KiokuError
from kioku_rt.reasons import Reason

from kioku_search.searching.query_vectors import QueryVectors
from kioku_search.searching.search import Neighbours, Probe, Wanted
from kioku_search.spaces.space import KnownSpace, Space, Spaces

MAX_K = 100
MAX_SAMPLES = 500
MAX_LABELLED = 500
_TOGETHER = 4
_T = TypeVar("_T")


@dataclass(frozen=True)
class Labelled:
    """A question of one owner, by words or by an asset, and the assets that answer it."""

    owner: str
    text: str
    asset_id: UUID | None
    relevant: frozenset[UUID]


@dataclass(frozen=True)
class Wish:
    """What is compared, and how deep; an empty base is the active space."""

    space_id: str
    base_id: str
    k: int
    samples: int
    owner: str
    labelled: Sequence[Labelled]


@dataclass(frozen=True)
class Comparison:
    """What was found; overlaps are shares of the k nearest, recalls shares of what is relevant."""

    space_id: str
    base_id: str
    k: int
    samples: int
    mean_overlap: float
    low_overlap: float
    labelled: int
    recall: float | None
    base_recall: float | None


class SampleStore(Protocol):
    """Assets to ask about."""

    async def draw(
        self, space_id: str, base_id: str, owner: str, limit: int, actor: str
    ) -> list[tuple[str, UUID]]:
        """Owner and id of READY assets with a vector in both spaces, at random; audited."""


class Comparisons:
    """The CompareSpaces rpc."""

    def __init__(
        self, store: SampleStore, neighbours: Neighbours, vectors: QueryVectors, spaces: Spaces
    ) -> None:
        self._store = store
        self._neighbours = neighbours
        self._vectors = vectors
        self._spaces = spaces

    async def compare(self, wish: Wish, *, actor: Principal) -> Comparison:
        """Ask both spaces.

        Raises:
            InvalidInput: FIELD_INVALID.
            KiokuError: SPACE_NOT_FOUND, SPACE_STATE_WRONG, NO_ACTIVE_SPACE.
            DependencyDown: the database or, for words, the embedder does not answer.
        """
        space = (await self._known(wish.space_id)).space
        base = await self._base(wish, space)
        samples = await self._store.draw(
            space.space_id, base.space_id, wish.owner, wish.samples, actor.subject
        )
        ask = _Ask(self._neighbours, self._vectors, actor, wish.k)
        overlaps = await _some_at_once(ask.overlap(space, base, *one) for one in samples)
        recalls = await _some_at_once(ask.recalls((space, base), one) for one in wish.labelled)
        of_space, of_base = zip(*recalls, strict=True) if recalls else ((), ())
        return Comparison(
            space_id=space.space_id,
            base_id=base.space_id,
            k=wish.k,
            samples=len(overlaps),
            mean_overlap=float(np.mean(overlaps)) if overlaps else 0.0,
            low_overlap=float(np.percentile(overlaps, 5)) if overlaps else 0.0,
            labelled=len(recalls),
            recall=float(np.mean(of_space)) if of_space else None,
            base_recall=float(np.mean(of_base)) if of_base else None,
        )

    async def _base(self, wish: Wish, space: Space) -> Space:
        known = await self._spaces.known()
        base_id = wish.base_id or next(
            (
                one.space.space_id
                for one in known.values()
                if one.state == "active" and one.space.kind == space.kind
            ),
            "",
        )
        if not base_id:
            raise KiokuError(Reason.NO_ACTIVE_SPACE)
        base = (await self._known(base_id)).space
        if base.kind != space.kind or base == space:
            raise InvalidInput(
                Reason.FIELD_INVALID,
                "Two different spaces of one kind can be compared.",
                field="base_space_id",
            )
        return base

    async def _known(self, space_id: str) -> KnownSpace:
        known = (await self._spaces.known()).get(space_id)
        if known is None:
            raise KiokuError(Reason.SPACE_NOT_FOUND, metadata={"space_id": space_id[:128]})
        if known.state == "retired":
            raise KiokuError(Reason.SPACE_STATE_WRONG, "The space is retired.")
        return known


@dataclass(frozen=True)
class _Ask:
    """Questions to either space; the whole comparison was audited, so no single one is."""

    neighbours: Neighbours
    vectors: QueryVectors
    actor: Principal
    k: int

    async def overlap(self, space: Space, base: Space, owner: str, asset_id: UUID) -> float:
        """Share of the k nearest of an asset that both spaces name; 1 where there are none."""
        ours = await self._nearest(space, owner, like=asset_id)
        theirs = await self._nearest(base, owner, like=asset_id)
        return len(ours & theirs) / max(1, len(theirs)) if theirs else 1.0

    async def recalls(self, spaces: tuple[Space, Space], one: Labelled) -> tuple[float, float]:
        """Share of the relevant assets among the first k, in each space."""
        first, second = [await self._recall(space, one) for space in spaces]
        return first, second

    async def _recall(self, space: Space, one: Labelled) -> float:
        vector = None
        if one.asset_id is None:
            vector, _ = await self.vectors.of_text(one.text, space)
        found = await self._nearest(space, one.owner, vector=vector, like=one.asset_id)
        return len(found & one.relevant) / min(self.k, len(one.relevant))

    async def _nearest(
        self,
        space: Space,
        owner: str,
        *,
        vector: npt.NDArray[np.float32] | None = None,
        like: UUID | None = None,
    ) -> set[UUID]:
        acting = Acting(owner, self.actor, on_behalf=False)
        probe = Probe(space, vector, like, Wanted(), None)
        return {one.asset_id for one in await self.neighbours.nearest(acting, probe, self.k)}


async def _some_at_once(work: Iterable[Awaitable[_T]]) -> list[_T]:
    """Every result, a few at a time, so that callers' searches go on beside."""
    room = asyncio.Semaphore(_TOGETHER)

    async def one(step: Awaitable[_T]) -> _T:
        async with room:
            return await step

    return list(await asyncio.gather(*(one(step) for step in work)))
