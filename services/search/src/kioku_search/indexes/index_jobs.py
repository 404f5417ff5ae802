"""Promise: an index is changed beside the one that serves, tried, and only then takes its place.

Orders are rows; whichever process gets the lock does the oldest open one, step by step, each step
able to begin again where a dead process left it. Searches go on all the while.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

import structlog
from kioku_rt.errors import DependencyDown, KiokuError
from kioku_rt.events.delays import sleep_unless
from kioku_rt.reasons import Reason

from kioku_search.indexes.index import IndexMethod, Parameters, SpaceIndex, build_bytes

BUILD, REBUILD = "BUILD", "REBUILD"
LEAST_RECALL = 0.8
_LOOK_SECONDS = 1.0
log = structlog.get_logger(__name__)
Told = Callable[[str, int, int], Awaitable[None]]


@dataclass(frozen=True)
class IndexJob:
    """Something to do to a space's index; `done` of `total` are blocks or tuples of its phase."""

    job_id: UUID
    space_id: str
    kind: str
    parameters: Parameters | None
    state: str
    phase: str
    done: int
    total: int
    reason: str
    message: str
    created_at: datetime
    updated_at: datetime


class JobStore(Protocol):
    """Orders, the same for all processes."""

    async def order(self, space_id: str, kind: str, parameters: Parameters | None) -> None:
        """Add one.  Raises KiokuError INDEX_BUSY while another is open."""

    async def open(self) -> IndexJob | None:
        """The oldest that is not done."""

    async def begin(self, job_id: UUID) -> None:
        """It is RUNNING."""

    async def progress(self, job_id: UUID, phase: str, done: int, total: int) -> None:
        """How far it is."""

    async def end(self, job_id: UUID, reason: Reason | None, message: str) -> None:
        """DONE, or FAILED with a reason."""

    async def last(self, space_id: str) -> IndexJob | None:
        """The newest of a space, whatever its state."""


class Builder(Protocol):
    """Somebody with the right to make and drop indexes, under the lock of the jobs."""

    async def create(self, index: SpaceIndex, name: str, wanted: Parameters, told: Told) -> None:
        """Build `name` beside what is there; a whole one of that name stays, a torn one goes."""

    async def probe(self, index: SpaceIndex, name: str, wanted: Parameters) -> float | None:
        """Recall of some queries by the index `name` alone; None in an empty space.

        Raises KiokuError INDEX_PROBE_FAILED if searches would not be served by it.
        """

    async def switch(self, index: SpaceIndex, name: str, wanted: Parameters) -> None:
        """From now on searches use `name`; empty: they compare all."""

    async def drop(self, name: str) -> None:
        """Remove an index, if it is there, without stopping anybody."""

    async def drop_others(self, index: SpaceIndex, name: str) -> None:
        """Remove every index of the space's vectors but `name`."""

    async def rebuild(self, index: SpaceIndex, told: Told) -> None:
        """Make the same index anew in its place."""

    async def tidy(self, index: SpaceIndex) -> None:
        """Vacuum and gather statistics."""


class Indexes(Protocol):
    """What indexes there are."""

    async def find(self, space_id: str) -> SpaceIndex | None:
        """The index of a space that is not retired."""


OpenBuilder = Callable[[], AbstractAsyncContextManager[Builder | None]]


class IndexJobs:
    """Does the orders, one at a time in all processes together.

    Args:
        open_builder: gives a builder while the block lasts, or None while another process has it.
        memory_bytes: what a build may take.
    """

    def __init__(
        self, jobs: JobStore, indexes: Indexes, open_builder: OpenBuilder, memory_bytes: int
    ) -> None:
        self._jobs = jobs
        self._indexes = indexes
        self._open_builder = open_builder
        self._memory_bytes = memory_bytes

    async def run(self, stop: asyncio.Event) -> None:
        """Do what is ordered until `stop` is set; what is under way then is left to others."""
        while await sleep_unless(stop, _LOOK_SECONDS):
            work = asyncio.create_task(self.run_once())
            stopped = asyncio.create_task(stop.wait())
            await asyncio.wait({work, stopped}, return_when=asyncio.FIRST_COMPLETED)
            for task in (work, stopped):
                task.cancel()
            done, _ = await asyncio.gather(work, stopped, return_exceptions=True)
            if isinstance(done, DependencyDown):
                log.warning("index.waits", dependency=done.dependency)
            elif isinstance(done, Exception):
                raise done

    async def run_once(self) -> None:
        """Do the oldest order, if there is one and nobody else is at it."""
        if await self._jobs.open() is None:
            return
        async with self._open_builder() as builder:
            job = await self._jobs.open()
            if builder is None or job is None:
                return
            await self._jobs.begin(job.job_id)
            try:
                await self._do(builder, job)
            except DependencyDown:
                raise
            except KiokuError as error:
                log.warning("index.failed", space=job.space_id, reason=error.reason)
                await self._jobs.end(job.job_id, error.reason, error.message)
            else:
                await self._jobs.end(job.job_id, None, "")

    async def _do(self, builder: Builder, job: IndexJob) -> None:
        index = await self._indexes.find(job.space_id)
        if index is None:
            raise KiokuError(Reason.SPACE_UNKNOWN)
        wanted = job.parameters or index.parameters
        self.check_memory(index, wanted)

        async def told(phase: str, done: int, total: int) -> None:
            await self._jobs.progress(job.job_id, phase, done, total)

        if job.kind == REBUILD:
            await builder.rebuild(index, told)
            _check(await builder.probe(index, index.name, wanted))
        else:
            await self._replace(builder, job, index, wanted, told)
        await told("vacuum", 0, 0)
        await builder.tidy(index)

    async def _replace(
        self, builder: Builder, job: IndexJob, index: SpaceIndex, wanted: Parameters, told: Told
    ) -> None:
        name = ""
        if wanted.method is not IndexMethod.NONE:
            name = f"{index.partition}_{wanted.method}_{job.job_id.hex[:8]}"
            if name != index.name:  # else it was switched to before somebody died
                await builder.create(index, name, wanted, told)
                await self._try(builder, index, name, wanted, told)
        if name != index.name:
            await builder.switch(index, name, wanted)
        await builder.drop_others(index, name)

    async def _try(
        self, builder: Builder, index: SpaceIndex, name: str, wanted: Parameters, told: Told
    ) -> None:
        await told("probe", 0, 0)
        try:
            _check(await builder.probe(index, name, wanted))
        except DependencyDown:
            raise
        except KiokuError:
            await builder.drop(name)
            raise

    def check_memory(self, index: SpaceIndex, wanted: Parameters) -> None:
        """Refuse what would not fit.  Raises KiokuError INDEX_MEMORY_EXCEEDED with the numbers."""
        needed = build_bytes(wanted, index.rows, index.dimension)
        if needed > self._memory_bytes:
            raise KiokuError(
                Reason.INDEX_MEMORY_EXCEEDED,
                f"Building it for {index.rows} vectors takes about {needed} bytes;"
                f" a build may take {self._memory_bytes}.",
                metadata={
                    "bytes": str(needed),
                    "limit": str(self._memory_bytes),
                    "rows": str(index.rows),
                },
            )


def _check(recall: float | None) -> None:
    if recall is not None and recall < LEAST_RECALL:
        raise KiokuError(
            Reason.INDEX_PROBE_FAILED,
            f"The new index finds {recall:.3f} of the true neighbours where {LEAST_RECALL} is the"
            " least; the old one stays.",
            metadata={"recall": f"{recall:.3f}", "least": str(LEAST_RECALL)},
        )
