"""Promise: whoever keeps an index sees all that is known of it, and changes it only as it can hold.

Every call is audited. An order for an index that would not fit into memory, or that nobody here may
build, is refused before anything is done.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import numpy as np
import numpy.typing as npt
from kioku_rt.auth.principal import Principal
from kioku_rt.errors import InvalidInput, KiokuError
from kioku_rt.reasons import Reason
from kioku_rt.vectors import unit_vector

from kioku_search.indexes.evaluation import (
    EffortRecall,
    Evaluation,
    Evaluator,
    Floats,
    Trials,
    reaching,
)
from kioku_search.indexes.index import Parameters, SpaceIndex, build_bytes
from kioku_search.indexes.index_jobs import BUILD, REBUILD, IndexJob, IndexJobs, JobStore
from kioku_search.indexes.recall import Effort, Recall, recall_of
from kioku_search.indexes.recall_watch import Efforts, RecallRules, Samples

K = 20
SAMPLE = 50
MOST_EFFORTS = 20
MOST_QUERIES = 1000


@dataclass(frozen=True)
class IndexFacts:
    """What PostgreSQL knows of an index and of the vectors under it."""

    valid: bool
    size_bytes: int
    table_bytes: int
    dead_rows: int
    vacuumed_at: datetime | None
    analyzed_at: datetime | None
    row_us: float | None
    tuple_us: float | None


@dataclass(frozen=True)
class Described:
    """An index, whole."""

    index: SpaceIndex
    facts: IndexFacts
    effort: int
    recall: Recall | None
    target: float
    build_bytes: int
    build_limit_bytes: int
    job: IndexJob | None


class Facts(Protocol):
    """Looks into the catalogue, and writes down who did what."""

    async def of(self, index: SpaceIndex) -> IndexFacts:
        """What is known of an index."""

    async def audit(self, principal: Principal, action: str, space_id: str, **details: str) -> None:
        """Add an audit row."""


@dataclass(frozen=True)
class Keeping:
    """What an index is kept by.

    Attributes:
        jobs: None where no process has the right to build.
        memory_bytes: what a build may take.
    """

    efforts: Efforts
    samples: Samples
    facts: Facts
    orders: JobStore
    jobs: IndexJobs | None
    open_trials: Callable[[], AbstractAsyncContextManager[Trials]]
    rules: RecallRules
    memory_bytes: int


class IndexAdmin:
    """The rpcs about one index."""

    def __init__(self, keeping: Keeping) -> None:
        self._of = keeping

    async def get(self, principal: Principal, space_id: str) -> Described:
        """Everything that is known of a space's index.  Raises KiokuError SPACE_UNKNOWN."""
        index = await self._begin(principal, "index.get", space_id)
        return await self._described(index)

    async def evaluate(
        self,
        principal: Principal,
        space_id: str,
        *,
        k: int,
        sample: int,
        vectors: Sequence[npt.NDArray[np.float64]],
        efforts: Sequence[int],
    ) -> Evaluation:
        """Recall and latency at several efforts.

        Raises:
            InvalidInput: a bad vector; an effort that the index does not have.
            KiokuError: SPACE_UNKNOWN, INDEX_MISSING.
        """
        index = _there(await self._begin(principal, "index.evaluate", space_id))
        queries = _queries(index, vectors)
        chosen = list(efforts) or index.efforts()
        for effort in chosen:
            _within("efforts", effort, 1, index.most_effort)
        async with self._of.open_trials() as trials:
            evaluator = Evaluator(trials)
            asked = queries or await evaluator.drawn(index, sample)
            return await evaluator.evaluate(index, asked, k, chosen)

    async def tune(
        self,
        principal: Principal,
        space_id: str,
        *,
        target: float,
        sample: int,
        vectors: Sequence[npt.NDArray[np.float64]] = (),
    ) -> tuple[Described, tuple[EffortRecall, ...]]:
        """Find the smallest effort that reaches `target`, and keep it; what was tried.

        Raises:
            InvalidInput: a bad vector.
            KiokuError: SPACE_UNKNOWN, INDEX_MISSING.
        """
        index = _there(await self._begin(principal, "index.tune", space_id))
        async with self._of.open_trials() as trials:
            evaluator = Evaluator(trials)
            queries = _queries(index, vectors) or await evaluator.drawn(index, sample)
            tried = await evaluator.smallest(index, queries, K, target or self._of.rules.target)
        if queries:
            best = reaching(tried, target or self._of.rules.target)
            effort = Effort(best.effort, index.least_effort, index.most_effort, 0)
            await self._of.efforts.set_effort(index, effort)
        return await self._described(await self._find(space_id)), tried

    async def order(
        self, principal: Principal, space_id: str, wanted: Parameters | None
    ) -> Described:
        """Order an index by other parameters, or with None the same one anew.

        Raises:
            InvalidInput: parameters that PostgreSQL would refuse.
            KiokuError: SPACE_UNKNOWN, INDEX_JOBS_OFF, INDEX_MEMORY_EXCEEDED, INDEX_BUSY.
        """
        kind = BUILD if wanted else REBUILD
        index = await self._begin(principal, f"index.{kind.lower()}", space_id)
        if self._of.jobs is None:
            raise KiokuError(Reason.INDEX_JOBS_OFF)
        parameters = (wanted or _there(index).parameters).checked(normalised=index.normalised)
        self._of.jobs.check_memory(index, parameters)
        await self._of.orders.order(space_id, kind, wanted)
        return await self._described(index)

    async def index_of(self, space_id: str) -> SpaceIndex:
        """The index of a space.  Raises KiokuError SPACE_UNKNOWN."""
        return await self._find(space_id)

    async def _begin(self, principal: Principal, action: str, space_id: str) -> SpaceIndex:
        index = await self._find(space_id)
        await self._of.facts.audit(principal, action, space_id)
        return index

    async def _find(self, space_id: str) -> SpaceIndex:
        index = await self._of.efforts.find(space_id)
        if index is None:
            raise KiokuError(Reason.SPACE_UNKNOWN, metadata={"space_id": space_id[:128]})
        return index

    async def _described(self, index: SpaceIndex) -> Described:
        windows = await self._of.samples.windows()
        return Described(
            index=index,
            facts=await self._of.facts.of(index),
            effort=index.effort_or(self._of.rules.ef_search),
            recall=recall_of(windows.get(index.space_id, [])),
            target=self._of.rules.target,
            build_bytes=build_bytes(index.parameters, index.rows, index.dimension),
            build_limit_bytes=self._of.memory_bytes,
            job=await self._of.orders.last(index.space_id),
        )


def _queries(index: SpaceIndex, vectors: Sequence[npt.NDArray[np.float64]]) -> list[Floats]:
    return [
        unit_vector(one, index.dimension, field=f"vectors[{number}]")
        for number, one in enumerate(vectors)
    ]


def _there(index: SpaceIndex) -> SpaceIndex:
    if not index.name:
        raise KiokuError(Reason.INDEX_MISSING)
    return index


def _within(field: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"{value} is not between {least} and {most}.",
            field=field,
            metadata={"value": str(value), "least": str(least), "most": str(most)},
        )
