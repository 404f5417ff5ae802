"""Promise: what a live space lacks is ordered once, at its pace, and never ahead of the queue.

It trusts nothing but the tables: what is pending is the difference between assets and vectors, so
it may be broken off anywhere, by any process, and goes on in any other. Owners who are served from
a space have its holes mended by `repair`; here are those of everybody else.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum, unique
from typing import Protocol
from uuid import UUID

from kioku.events.v1 import events_pb2
from kioku_rt.objects.port import ObjectStore, derived_prefix

from kioku_search.assets.asset import Kind
from kioku_search.reconciling.repair import Queue
from kioku_search.spaces.space import Share, Spaces, share_of
from kioku_search.videos.cutting import MAX_RANGE, CutFrame

_PROTOBUF = "application/x-protobuf"


@dataclass(frozen=True)
class FillRules:
    """How a back-fill works.

    Args:
        in_flight: vectors of one space that are ordered and did not come yet, at most; the event
            log may hold twice as many events before nothing more is ordered.
        grace: how long an asset that became READY since the job began lacks nothing: its vectors
            are on the way.
        patience: how long after its order a vector that did not come, though nothing is under way
            any more, is ordered again.
        most_orders: after so many it failed.
        count_every: seconds between two counts of everything.
    """

    in_flight: int = 256
    grace: timedelta = timedelta(seconds=30)
    patience: timedelta = timedelta(seconds=600)
    most_orders: int = 5
    count_every: timedelta = timedelta(seconds=2)


@unique
class Outcome(StrEnum):
    """How one round of one space ended."""

    ORDERED = "ordered"
    COMPLETE = "complete"  # nothing is missing
    WAITING = "waiting"  # for what was ordered, for its pace, or for its next look
    CLOSED = "closed"  # outside its window
    BUSY = "busy"  # the event log holds enough
    ELSEWHERE = "elsewhere"  # paused, or another process is at it


@dataclass(frozen=True)
class FilmOrder:
    """A video whose frames lack vectors in a space."""

    space_id: str
    owner: str
    asset_id: UUID
    generation: int
    order_id: str


@dataclass(frozen=True)
class FrameRun:
    """Frames that follow each other, and the key of the manifest that lists them."""

    first: int
    count: int
    manifest_key: str


@dataclass(frozen=True)
class Claim:
    """What one round ordered: pictures are on their way, videos still have to be told."""

    outcome: Outcome
    ordered: int = 0
    films: Sequence[FilmOrder] = ()


class FillStore(Protocol):
    """The transactions of filling."""

    async def spaces(self) -> list[str]:
        """Spaces with a job that is not paused."""

    async def claim(self, space_id: str, owners: Share, rules: FillRules, *, again: bool) -> Claim:
        """Order what comes next, of assets of these owners.

        Args:
            again: also what was ordered long ago, for nothing is under way any more.
        """

    async def lacking(self, film: FilmOrder) -> list[CutFrame]:
        """The frames of a video without a vector in the space, in order."""

    async def tell(self, film: FilmOrder, runs: Sequence[FrameRun]) -> None:
        """Announce frames of a video for the space."""

    async def give_way(self, space_id: str) -> None:
        """Halve its pace, unless that was done a moment ago."""

    async def count(self, space_id: str, every: timedelta) -> None:
        """Count everything anew, unless that was done a moment ago."""


class Filling:
    """The job: one round of every back-fill.

    Args:
        slow: whether the searches of this process are.
    """

    def __init__(
        self,
        store: FillStore,
        spaces: Spaces,
        objects: ObjectStore,
        queue: Queue,
        rules: FillRules,
        *,
        slow: Callable[[], bool] = lambda: False,
    ) -> None:
        self._slow = slow
        self._store = store
        self._spaces = spaces
        self._objects = objects
        self._queue = queue
        self._rules = rules

    async def run_once(self) -> dict[str, Outcome]:
        """One round; how it ended for each space.

        Raises:
            DependencyDown: the database, the event log or the object store does not answer.
        """
        return {space_id: await self._round(space_id) for space_id in await self._store.spaces()}

    async def _round(self, space_id: str) -> Outcome:
        known = await self._spaces.known()
        if space_id not in known:
            return Outcome.ELSEWHERE
        share = share_of(space_id, known)
        owners = Share() if share is None else share.rest
        if not owners.canary and share is not None:  # it serves everybody
            outcome = Outcome.COMPLETE
        else:
            outcome = await self._fill(space_id, owners)
        await self._store.count(space_id, self._rules.count_every)
        return outcome

    async def _fill(self, space_id: str, owners: Share) -> Outcome:
        if self._slow():
            await self._store.give_way(space_id)
        waiting = sum([await self._queue.waiting(kind) for kind in Kind])
        if waiting > 2 * self._rules.in_flight:
            return Outcome.BUSY
        claim = await self._store.claim(space_id, owners, self._rules, again=not waiting)
        for film in claim.films:
            await self._tell(film)
        return claim.outcome

    async def _tell(self, film: FilmOrder) -> None:
        """Have the stored frames of a video embedded; nothing is cut again."""
        frames = await self._store.lacking(film)
        runs = [await self._list(film, run) for run in _runs(frames)]
        await self._store.tell(film, runs)

    async def _list(self, film: FilmOrder, frames: Sequence[CutFrame]) -> FrameRun:
        first = frames[0].frame_no
        folder = f"{derived_prefix(film.owner, str(film.asset_id))}frames/{film.generation}/"
        key = f"{folder}order-{film.order_id}-{first:06d}.pb"
        manifest = events_pb2.FrameManifest(
            asset_id=str(film.asset_id),
            generation=film.generation,
            frames=[_frame(frame) for frame in frames],
        )
        await self._objects.put(key, manifest.SerializeToString(deterministic=True), _PROTOBUF)
        return FrameRun(first, len(frames), key)


def new_order() -> str:
    """The id of one order."""
    return str(uuid.uuid4())


def _runs(frames: Sequence[CutFrame]) -> Iterator[list[CutFrame]]:
    """Frames whose numbers follow each other, at most as many as one event may name."""
    run: list[CutFrame] = []
    for frame in frames:
        if run and (len(run) == MAX_RANGE or frame.frame_no != run[-1].frame_no + 1):
            yield run
            run = []
        run.append(frame)
    if run:
        yield run


def _frame(frame: CutFrame) -> events_pb2.Frame:
    return events_pb2.Frame(
        frame_no=frame.frame_no,
        time_ms=frame.time_ms,
        object_key=frame.object_key,
        sha256=frame.sha256,
        width=frame.width,
        height=frame.height,
    )
