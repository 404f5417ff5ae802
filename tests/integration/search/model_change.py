"""A change of the model, as the tests see it: two spaces, an embedder of both, and who asks."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import numpy as np
from google.protobuf.message import Message
from kioku.events.v1 import events_pb2
from kioku.search.v1 import search_service_pb2, space_service_pb2
from kioku_rt.events import CONSUMERS, Ack, Event, EventBus, Worker
from kioku_search.spaces.backfill_store import BackfillStore
from kioku_search.spaces.fill_store import FillStore
from kioku_search.spaces.filling import Filling, FillRules
from kioku_search.spaces.settling_store import SettlingStore
from kioku_search.spaces.space import Share, Space, Spaces
from kioku_search.spaces.space_life import SpaceLife
from kioku_search.spaces.space_life_store import SpaceLifeStore
from kioku_search.spaces.space_message import space_message
from kioku_search.spaces.space_store import SpaceStore
from kioku_search.vectors.indexing import Effect, Failed, Origin
from kioku_search.vectors.vector_store import VectorStore

from tests.integration.search.rig import Db, FakeEmbedder, space, unit

OLD, NEW = space("old", 32), space("new", 16)
RULES = FillRules(grace=timedelta(seconds=-1))


def vector_in(one: Space, about: object) -> np.ndarray:
    """What a text or an asset is in a space."""
    return unit(f"{one.space_id}/{about}", one.dimension)


class BothSpaces(FakeEmbedder):
    """Serves both spaces; a text has another vector in each."""

    async def embed_text(self, text: str, space_id: str) -> np.ndarray:
        (one,) = [one for one in (OLD, NEW) if one.space_id == space_id]
        return vector_in(one, text)

    async def served_spaces(self) -> list[Space]:
        return [OLD, NEW]


class IdleQueue:
    """An event log with so much work under way."""

    def __init__(self, number: int = 0) -> None:
        self.number = number

    async def waiting(self, _kind: object) -> int:
        return self.number


@dataclass
class Change:
    """The use cases over one database, without a service."""

    db: Db
    queue: IdleQueue = field(default_factory=IdleQueue)

    def __post_init__(self) -> None:
        self.spaces = Spaces(SpaceStore(self.db.worker), BothSpaces(OLD))
        self.settling = SettlingStore(self.db.worker)
        self.life = SpaceLife(
            SpaceLifeStore(self.db.worker),
            self.spaces,
            BothSpaces(OLD),
            self.settling.settle,
        )
        self.jobs = BackfillStore(self.db.worker)
        self.fill = FillStore(self.db.worker)
        self.vectors = VectorStore(self.db.worker)

    def filling(
        self,
        objects: Any = None,
        rules: FillRules = RULES,
        slow: Callable[[], bool] = lambda: False,
    ) -> Filling:
        """The job."""
        return Filling(self.fill, self.spaces, objects, self.queue, rules, slow=slow)

    async def begin(self, count: int, owner: str = "ann", rate: int = 1_000_000) -> list[uuid.UUID]:
        """READY pictures in the old space, and a back-fill of the new one that has begun."""
        await self.db.register(OLD)
        ids = [uuid.uuid4() for _ in range(count)]
        for one in ids:
            await self.db.indexed(owner, OLD, vector_in(OLD, one), asset_id=one)
        await self.db.register(NEW)
        await self.jobs.start(NEW.space_id, rate, None, "test")
        self.spaces.forget()
        return ids

    async def put(self, asset_id: uuid.UUID, one: Space = NEW, owner: str = "ann") -> Effect:
        """A vector comes."""
        origin = Origin(str(uuid.uuid4()), owner, asset_id, 1, 1)
        return await self.vectors.put(origin, one.space_id, vector_in(one, asset_id))

    async def fail(self, failure: Any, asset_id: uuid.UUID, one: Space = NEW) -> Effect:
        """Embedding fails for good."""
        origin = Origin(str(uuid.uuid4()), "ann", asset_id, 1, 1)
        return await self.vectors.fail(Failed(origin, "embedding", failure, one.space_id))

    async def claim(self, rules: FillRules = RULES, *, again: bool = False) -> Any:
        """One claim for the new space."""
        return await self.fill.claim(NEW.space_id, Share(), rules, again=again)

    async def orders(self, kind: type[Message] = events_pb2.EmbeddingRequested) -> list[Any]:
        """What was ordered since the last call."""
        rows = await self.db.owner.fetch("DELETE FROM search.outbox RETURNING payload")
        return [kind.FromString(row["payload"]) for row in rows]

    async def state(self, one: Space = NEW) -> str:
        """A space's state."""
        return (await self.life.get(one.space_id)).known.state

    async def asset_state(self, asset_id: uuid.UUID) -> str:
        """An asset's state."""
        state: str = await self.db.owner.fetchval(
            "SELECT state FROM search.assets WHERE asset_id = $1", asset_id
        )
        return state


@asynccontextmanager
async def embedder(
    url: str, refuse: Callable[[str, str], bool] = lambda _asset, _space: False
) -> AsyncIterator[None]:
    """Somebody who answers `embedding.requested` and `asset.uploaded` in every space asked for."""
    async with await EventBus.connect(url, "embedder") as bus:

        async def handle(event: Event) -> Ack:
            uploaded = event.subject == "asset.uploaded"
            kind = events_pb2.AssetUploaded if uploaded else events_pb2.EmbeddingRequested
            message = kind.FromString(event.payload)
            wanted = message.space_ids if uploaded else [message.space_id]
            for one in (OLD, NEW):
                if one.space_id in wanted:
                    await _answer(bus, message, one, refuse)
            return Ack()

        workers = [
            Worker(bus, CONSUMERS[durable], handle, slots=4, handler_timeout=20.0)
            for durable in ("embedder-requested", "embedder-uploaded")
        ]
        # Others that read the same events; nobody cuts videos here.
        idle = ("default", "frames-requested", "tags", "tags-requested", "siglip")
        workers += [
            Worker(bus, CONSUMERS[one], _ack, slots=4, handler_timeout=20.0) for one in idle
        ]
        stop = asyncio.Event()
        tasks = [asyncio.create_task(worker.run(stop)) for worker in workers]
        try:
            yield
        finally:
            stop.set()
            await asyncio.gather(*tasks)


async def _ack(_event: Event) -> Ack:
    return Ack()


async def _answer(
    bus: EventBus, message: Any, one: Space, refuse: Callable[[str, str], bool]
) -> None:
    asset_id = message.asset_id
    if refuse(asset_id, one.space_id):
        failed = events_pb2.AssetFailed(
            asset_id=asset_id,
            owner=message.owner,
            stage="embedding",
            generation=message.generation,
            attempts=1,
            space_id=one.space_id,
        )
        failed.failure.reason = "IMAGE_TRUNCATED"
        payload = failed.SerializeToString()
        await bus.publish("asset.failed", payload, event_id=str(uuid.uuid4()))
        return
    ready = events_pb2.EmbeddingReady(
        asset_id=asset_id,
        owner=message.owner,
        space=space_message(one),
        items=[events_pb2.EmbeddedItem(vector=vector_in(one, asset_id).astype("<f4").tobytes())],
        generation=message.generation,
        attempts=1,
    )
    payload = ready.SerializeToString()
    await bus.publish("embedding.ready", payload, event_id=str(uuid.uuid4()))


@dataclass
class Asker:
    """Asks one service without pause, and checks every answer against the space that it names."""

    search: Any
    owner: str
    ready: dict[str, set[str]]
    """Of each owner, the assets that are READY; they only grow."""
    answers: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    async def run(self, stop: asyncio.Event) -> None:
        """Until told to stop."""
        number = 0
        while not stop.is_set():
            number += 1
            await self.ask(f"question {number % 50}")

    async def ask(self, text: str) -> None:
        """One question about everything that is READY."""
        expected = set(self.ready[self.owner])
        request = search_service_pb2.SearchRequest(text=text, k=1000)
        answer = await self.search.Search(request)
        self.answers[answer.space_id] = self.answers.get(answer.space_id, 0) + 1
        found = {hit.asset_id: hit.score for hit in answer.hits}
        if lost := expected - found.keys():
            self.faults.append(f"{len(lost)} missing in {answer.space_id}")
        (one,) = [one for one in (OLD, NEW) if one.space_id == answer.space_id]
        query = vector_in(one, text)
        for asset_id, score in found.items():
            if abs(score - float(query @ vector_in(one, asset_id))) > 0.005:
                self.faults.append(f"{asset_id} is not of {answer.space_id}")


async def backfilled(spaces: Any, space_id: str, seconds: float = 60.0) -> Any:
    """The job, when nothing is pending any more."""
    request = space_service_pb2.GetBackfillRequest(space_id=space_id)
    async with asyncio.timeout(seconds):
        while True:
            job = (await spaces.GetBackfill(request)).backfill
            if job.state == space_service_pb2.BACKFILL_STATE_DONE and job.HasField("count_time"):
                return job
            await asyncio.sleep(0.1)
