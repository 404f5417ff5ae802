"""A change of the model under questions that never stop: what each moment of it costs.

Run: `.venv/bin/python -m bench.space_change [--rows 20000] [--owners 100] [--rate 3000]`

Two `search` processes on one database and one event log; the bench itself plays the embedder. Two
clients, one at each process, ask every 10 ms for the 20 nearest of a picture, whether or not the
question before was answered. Meanwhile the new space is filled, serves 20 % of the owners, then
all, then none again, then all. Every answer is checked against the vectors of the space that it
names: it is *mixed* if a score is not that of this space, *short* if one of the true nearest is
missing (an owner has few enough pictures that all are compared), an *error* if there is none.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import time
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import grpc
import numpy as np
import structlog
from kioku.events.v1 import events_pb2
from kioku.search.v1 import search_service_pb2
from kioku.search.v1 import space_service_pb2 as pb
from kioku.search.v1.search_service_pb2_grpc import SearchServiceStub
from kioku.search.v1.space_service_pb2_grpc import SpaceServiceStub
from kioku_rt.events import CONSUMERS, Ack, Event, EventBus, Worker, new_event_id
from kioku_search.spaces.space import Space
from kioku_search.spaces.space_message import space_message

from bench.clustered_vectors import Clusters
from bench.search_stage import (
    DIMENSION,
    SPACE,
    Served,
    Stage,
    Vectors,
    fill,
    quantiles,
    servers,
    service,
)

DATABASE = "space_change"
K = 20
EVERY = 0.010
NEW = replace(SPACE, space_id="bench-new@0123456789ab", model="bench-new", dimension=512)
ENVIRONMENT = {
    "KIOKU_BACKFILL_GRACE_SECONDS": "0",
}
_TOLERANCE = 0.004  # vectors are kept in half precision


@dataclass
class Library:
    """The pictures of all owners, row by row, in both spaces."""

    vectors: dict[str, Vectors]
    owners: list[str]

    def __post_init__(self) -> None:
        self.rows = defaultdict(list)
        for row, owner in enumerate(self.owners):
            self.rows[owner].append(row)

    def fault(self, answer: search_service_pb2.SearchResponse, row: int) -> str:
        """What is wrong with the answer to a question about one picture: `mixed`, `short`, ``."""
        vectors = self.vectors[answer.space_id]
        mine = [other for other in self.rows[self.owners[row]] if other != row]
        scores = dict(zip(mine, vectors[mine] @ vectors[row], strict=True))
        hits = {uuid.UUID(hit.asset_id).int - 1: hit.score for hit in answer.hits}
        if any(abs(scores[one] - score) > _TOLERANCE for one, score in hits.items()):
            return "mixed"
        least = sorted(scores.values(), reverse=True)[:K][-1]
        whole = len(hits) == min(K, len(mine)) and min(hits.values()) >= least - _TOLERANCE
        return "" if whole else "short"


@dataclass
class Phase:
    """What was asked in one part of the run."""

    name: str
    milliseconds: list[float] = field(default_factory=list)
    spaces: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    faults: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    begun: list[tuple[float, str]] = field(default_factory=list)
    """When each question began, and which space answered it."""


@dataclass
class Client:
    """Asks its process every 10 ms."""

    served: Served
    library: Library
    phases: list[Phase]
    seed: int

    async def run(self, stop: asyncio.Event) -> None:
        """Until told to stop; then until every answer has come."""
        random = np.random.default_rng(self.seed)
        tokens = {owner: self.served.metadata(owner) for owner in self.library.rows}
        due = time.perf_counter()
        async with self.served.channel() as wire, asyncio.TaskGroup() as group:
            stub = SearchServiceStub(wire)
            while not stop.is_set():
                row = int(random.integers(len(self.library.owners)))
                group.create_task(self._ask(stub, row, tokens[self.library.owners[row]]))
                due += EVERY
                await asyncio.sleep(max(0.0, due - time.perf_counter()))

    async def _ask(self, stub: Any, row: int, metadata: Any) -> None:
        phase, started = self.phases[-1], time.perf_counter()
        request = search_service_pb2.SearchRequest(
            asset_id=str(uuid.UUID(int=row + 1)),
            k=K,
            method=search_service_pb2.SEARCH_METHOD_VISUAL,
        )
        try:
            answer = await stub.Search(request, metadata=metadata)
        except grpc.aio.AioRpcError as error:
            phase.faults[f"error {error.code().name}"] += 1
            return
        phase.milliseconds.append((time.perf_counter() - started) * 1e3)
        phase.spaces[answer.space_id] += 1
        phase.begun.append((started, answer.space_id))
        if fault := self.library.fault(answer, row):
            phase.faults[fault] += 1


@asynccontextmanager
async def embedder(stage: Stage, library: Library) -> AsyncIterator[None]:
    """Answers each order with the picture's vector in the space asked for."""
    async with await EventBus.connect(stage.nats.url, "bench") as bus:
        known: dict[str, Space] = {one.space_id: one for one in (SPACE, NEW)}

        async def handle(event: Event) -> Ack:
            order = events_pb2.EmbeddingRequested.FromString(event.payload)
            row = uuid.UUID(order.asset_id).int - 1
            vector = library.vectors[order.space_id][row].astype("<f4").tobytes()
            ready = events_pb2.EmbeddingReady(
                asset_id=order.asset_id,
                owner=order.owner,
                space=space_message(known[order.space_id]),
                items=[events_pb2.EmbeddedItem(vector=vector)],
                generation=order.generation,
                attempts=1,
            )
            payload = ready.SerializeToString()
            await bus.publish("embedding.ready", payload, event_id=new_event_id())
            return Ack()

        async def ignore(_event: Event) -> Ack:
            return Ack()

        handlers = {"embedder-requested": handle, "frames-requested": ignore}
        stop = asyncio.Event()
        workers = [
            Worker(bus, CONSUMERS[name], handler, slots=16, handler_timeout=20.0)
            for name, handler in {**handlers, "tags-requested": ignore}.items()
        ]
        tasks = [asyncio.create_task(worker.run(stop)) for worker in workers]
        try:
            yield
        finally:
            stop.set()
            await asyncio.gather(*tasks)


@dataclass
class Change:
    """The steps of the change, each timed."""

    spaces: Any
    metadata: Any
    phases: list[Phase]
    steps: dict[str, tuple[float, float]] = field(default_factory=dict)
    """When each call began and returned, by the name of the phase after it."""
    told: int = 0

    async def step(self, name: str, call: Awaitable[Any]) -> None:
        """One call; questions that begin from its return on belong to the next phase."""
        started = time.perf_counter()
        await call
        self.steps[name] = (started, time.perf_counter())
        self.phases.append(Phase(name))

    def old_after(self, number: int) -> float:
        """Milliseconds after a step in which questions still began that the old space answered."""
        phase = self.phases[number]
        old = {"promotion": SPACE, "promotion again": SPACE, "rollback": NEW}.get(phase.name)
        following = self.phases[number + 1 : number + 2]
        until = self.steps[following[0].name][0] if following else float("inf")
        ended = self.steps.get(phase.name, (0.0, 0.0))[1]
        late = [
            at - ended
            for at, space_id in phase.begun
            if old is not None and space_id == old.space_id and at < until
        ]
        return max(late, default=0.0) * 1e3

    async def filled(self) -> pb.Backfill:
        """The job when nothing is pending any more."""
        request = pb.GetBackfillRequest(space_id=NEW.space_id)
        while True:
            answer = await self.spaces.GetBackfill(request, metadata=self.metadata)
            job: pb.Backfill = answer.backfill
            if job.state == pb.BACKFILL_STATE_DONE and job.HasField("count_time"):
                return job
            self._tell(job)
            await asyncio.sleep(2.0)

    def _tell(self, job: pb.Backfill) -> None:
        """One line of how it goes, to the standard error."""
        phase = self.phases[-1]
        late = phase.milliseconds[self.told :]
        self.told = len(phase.milliseconds)
        p50, p95 = quantiles(late) if late else (float("nan"),) * 2
        print(
            f"  {job.done:6}/{job.total} done, {job.in_flight} under way, pace {job.pace:.2f},"
            f" {len(late)} answers, p50 {p50:.1f} ms, p95 {p95:.1f} ms, {dict(phase.faults)}",
            file=sys.stderr,
            flush=True,
        )

    async def run(self, seconds: float, rate: int) -> float:
        """The whole way; seconds that the back-fill took."""
        spaces, how = self.spaces, {"metadata": self.metadata}
        await asyncio.sleep(seconds)
        space = space_message(NEW)
        await spaces.RegisterSpace(pb.RegisterSpaceRequest(space=space), **how)
        started = time.perf_counter()
        start = pb.StartBackfillRequest(space_id=NEW.space_id, rate_per_minute=rate)
        await self.step("back-fill", spaces.StartBackfill(start, **how))
        job = await self.filled()
        took = time.perf_counter() - started
        if job.failed or job.done != job.total:
            raise RuntimeError(f"the back-fill ended with {job}")
        share = pb.SetCanaryRequest(space_id=NEW.space_id, percent=20)
        promote = pb.PromoteSpaceRequest(space_id=NEW.space_id)
        back = pb.RollbackSpaceRequest()
        await self.step("canary 20 %", spaces.SetCanary(share, **how))
        await asyncio.sleep(seconds)
        await self.step("promotion", spaces.PromoteSpace(promote, **how))
        await asyncio.sleep(seconds)
        await self.step("rollback", spaces.RollbackSpace(back, **how))
        await asyncio.sleep(seconds)
        await self.step("promotion again", spaces.PromoteSpace(promote, **how))
        await asyncio.sleep(seconds)
        return took


def show(change: Change, took: float, rows: int) -> bool:
    """Print the table; whether every answer was right."""
    print(f"\n{rows} vectors filled in {took:.1f} s, {60 * rows / took:,.0f} a minute")
    print(
        f"{'after':16} {'call ms':>8} {'old after ms':>12} {'answers':>8} {'new %':>6}"
        f" {'p50 ms':>7} {'p95 ms':>7} {'errors':>7} {'mixed':>6} {'short':>6}"
    )
    right = True
    for number, phase in enumerate(change.phases):
        began, ended = change.steps.get(phase.name, (0.0, 0.0))
        p50, p95 = quantiles(phase.milliseconds)
        new = 100 * phase.spaces[NEW.space_id] / len(phase.milliseconds)
        errors = sum(n for name, n in phase.faults.items() if name.startswith("error"))
        print(
            f"{phase.name:16} {(ended - began) * 1e3:8.1f} {change.old_after(number):12.1f}"
            f" {len(phase.milliseconds):8} {new:6.1f} {p50:7.2f} {p95:7.2f}"
            f" {errors:7} {phase.faults['mixed']:6} {phase.faults['short']:6}"
        )
        for fault, count in sorted(phase.faults.items()):
            print(f"  {count} x {fault}")
        right = right and not sum(phase.faults.values())
    return right


async def measure(stage: Stage, library: Library, seconds: float, rate: int) -> bool:
    """The change on a filled database."""
    phases = [Phase("before")]
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        processes = [await enter(service(stage, DATABASE, **ENVIRONMENT)) for _ in range(2)]
        await enter(embedder(stage, library))
        token = processes[0].issuer.mint("bench", service=True, scopes=["spaces.admin"], ttl=3600.0)
        wire = await enter(processes[0].channel())
        metadata = (("authorization", f"Bearer {token}"),)
        change = Change(SpaceServiceStub(wire), metadata, phases)
        clients = [Client(one, library, phases, n) for n, one in enumerate(processes)]
        stop = asyncio.Event()
        asking = [asyncio.create_task(client.run(stop)) for client in clients]
        try:
            took = await change.run(seconds, rate)
        finally:
            stop.set()
            await asyncio.gather(*asking)
    return show(change, took, len(library.owners))


def drawn(rows: int, owners: int) -> Library:
    """Vectors of both spaces: the new ones are another view of the same pictures."""
    old = Clusters(dimension=DIMENSION).draw(rows, seed=1)
    random = np.random.default_rng(2)
    view = random.standard_normal((DIMENSION, NEW.dimension)).astype(np.float32)
    new = old @ view
    new /= np.linalg.norm(new, axis=1, keepdims=True)
    names = [f"owner-{row % owners}" for row in range(rows)]
    return Library({SPACE.space_id: old, NEW.space_id: new}, names)


def main() -> None:
    """Draw, fill, change, print; exit code 1 if any answer was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--owners", type=int, default=100)
    parser.add_argument("--rate", type=int, default=3_000, help="vectors filled a minute")
    parser.add_argument("--seconds", type=float, default=8.0, help="of each phase")
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    library = drawn(given.rows, given.owners)

    async def run(stage: Stage) -> bool:
        await fill(stage, DATABASE, library.vectors[SPACE.space_id], library.owners)
        return await measure(stage, library, given.seconds, given.rate)

    with servers() as stage:
        raise SystemExit(0 if asyncio.run(run(stage)) else 1)


if __name__ == "__main__":
    main()
