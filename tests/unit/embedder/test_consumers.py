"""An event becomes a vector that search is told of, or a reason; nothing is told twice."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import pytest
from kioku.assets.v1 import asset_pb2
from kioku.events.v1 import events_pb2
from kioku_embedder.announcements import Announcer
from kioku_embedder.batcher import Batcher
from kioku_embedder.consumers import AssetConsumer
from kioku_embedder.embedding import Embedder
from kioku_embedder.engine import EngineBroken
from kioku_embedder.spaces import Spaces
from kioku_embedder.waiting import Priority, Tower
from kioku_rt.errors import InvalidInput
from kioku_rt.events import Ack, Dead, Event, Outcome, Retry, Wait
from kioku_rt.images import DecodedImage
from kioku_rt.objects import MemoryObjectStore
from kioku_rt.reasons import Reason
from kioku_rt.space import Space

from tests.unit.embedder.fake_log import FakeLog

SPACE = Space("fake", "r1", 3, "p1", "float32")
KEY = "originals/o/a/1"
DATA = b"\x07picture"


class FakeDecoder:
    """The first byte is the picture's value; 0 is a truncated one."""

    async def decode(self, data: bytes) -> DecodedImage:
        if data[0] == 0:
            raise InvalidInput(Reason.IMAGE_TRUNCATED)
        return DecodedImage(np.full((2, 2, 3), data[0], np.uint8), "image/jpeg", (2, 2))


class Silent:
    """An observer that does not care."""

    def decoded(self, priority: Priority, seconds: float) -> None: ...

    def answered(self, tower: Tower, reason: Reason | None) -> None: ...


@dataclass
class World:
    """A consumer with everything around it faked."""

    consumer: AssetConsumer
    log: FakeLog
    objects: MemoryObjectStore
    batcher: Batcher


@pytest.fixture
async def world(batcher: Batcher) -> World:
    log, objects = FakeLog(), MemoryObjectStore()
    await objects.put(KEY, DATA, "image/jpeg")
    embedder = Embedder(SPACE, FakeDecoder(), batcher, decoders=2, observer=Silent())
    consumer = AssetConsumer(objects, Spaces(embedder), Announcer(log), max_bytes=100)
    return World(consumer, log, objects, batcher)


def uploaded(attempt: int = 1, **changes: object) -> Event:
    fields: dict[str, object] = {
        "asset_id": "a",
        "owner": "o",
        "kind": asset_pb2.ASSET_KIND_IMAGE,
        "object_key": KEY,
        "sha256": hashlib.sha256(DATA).hexdigest(),
        "generation": 2,
    }
    payload = events_pb2.AssetUploaded(**(fields | changes)).SerializeToString()
    return Event("e1", "asset.uploaded", payload, attempt, {}, 1)


def requested(**changes: object) -> Event:
    fields: dict[str, object] = {
        "asset_id": "a",
        "owner": "o",
        "kind": asset_pb2.ASSET_KIND_IMAGE,
        "object_key": KEY,
        "generation": 2,
    }
    payload = events_pb2.EmbeddingRequested(**(fields | changes)).SerializeToString()
    return Event("e2", "embedding.requested", payload, 1, {}, 2)


async def test_an_upload_becomes_a_vector(world: World) -> None:
    """The event says which asset, which life of it, which space, and holds one unit vector."""
    assert await world.consumer.handle(uploaded(attempt=3)) == Ack()
    [(subject, payload, _)] = world.log.events
    assert world.log.headers == [{"Kioku-Kind": "image"}]
    ready = events_pb2.EmbeddingReady.FromString(payload)
    vector = np.frombuffer(ready.items[0].vector, "<f4")
    assert (subject, ready.asset_id, ready.owner) == ("embedding.ready", "a", "o")
    assert (ready.generation, ready.attempts, len(ready.items)) == (2, 3, 1)
    assert ready.space.space_id == SPACE.space_id
    np.testing.assert_allclose(vector, [3**-0.5] * 3, atol=1e-6)


async def test_every_cause_of_one_vector_has_one_event_id(world: World) -> None:
    """Redelivery and a request for the same life are duplicates; a new life is not."""
    for event in (uploaded(), uploaded(attempt=2), requested(), uploaded(generation=3)):
        assert await world.consumer.handle(event) == Ack()
    ids = [event_id for _, _, event_id in world.log.events]
    assert [len(set(ids[:3])), len(set(ids))] == [1, 2]


async def reason_of(world: World, event: Event) -> Reason:
    outcome = await world.consumer.handle(event)
    assert isinstance(outcome, Dead)
    return outcome.reason


async def test_bad_input_is_dead_at_once(world: World) -> None:
    """Damaged, changed, too large and missing originals, each with its reason."""
    await world.objects.put("damaged", b"\x00", "image/jpeg")
    await world.objects.put("large", b"\x01" * 101, "image/jpeg")
    found = [
        await reason_of(world, uploaded(object_key="damaged", sha256="")),
        await reason_of(world, uploaded(sha256="0" * 64)),
        await reason_of(world, requested(sha256="0" * 64)),
        await reason_of(world, uploaded(object_key="large", sha256="")),
        await reason_of(world, uploaded(object_key="gone")),
    ]
    assert found == [
        Reason.IMAGE_TRUNCATED,
        Reason.CHECKSUM_MISMATCH,
        Reason.CHECKSUM_MISMATCH,
        Reason.IMAGE_TOO_LARGE,
        Reason.OBJECT_MISSING,
    ]
    assert world.log.events == []


async def test_what_cannot_be_read_is_dead(world: World) -> None:
    """Garbage, and an event that names no asset; nobody is told of an asset then."""
    garbage = Event("e", "asset.uploaded", b"\xff\xff", 1, {}, 1)
    for event in (garbage, uploaded(asset_id="")):
        assert await reason_of(world, event) == Reason.EVENT_NOT_DECODABLE
        await world.consumer.on_dead(event, Dead(Reason.EVENT_NOT_DECODABLE, "no"))
    assert world.log.events == []


async def test_a_death_is_told_once_for_each_life(world: World) -> None:
    """asset.failed carries reason, stage, attempts and generation under one id."""
    for _ in range(2):
        await world.consumer.on_dead(uploaded(attempt=6), Dead(Reason.ATTEMPTS_EXHAUSTED, "why"))
    await world.consumer.on_dead(uploaded(generation=3), Dead(Reason.ATTEMPTS_EXHAUSTED, "why"))
    (subject, payload, first), (_, _, second), (_, _, third) = world.log.events
    failed = events_pb2.AssetFailed.FromString(payload)
    assert (subject, failed.asset_id, failed.stage) == ("asset.failed", "a", "embedding")
    assert (failed.failure.reason, failed.failure.message) == ("ATTEMPTS_EXHAUSTED", "why")
    assert (failed.generation, failed.attempts) == (2, 6)
    assert (first == second, first == third) == (True, False)


async def test_an_outage_costs_no_attempt(world: World) -> None:
    """Neither store nor log being down is the picture's fault."""
    world.objects.down = True
    assert await world.consumer.handle(uploaded()) == Wait("object store")
    world.objects.down = False
    world.log.down = True
    assert await world.consumer.handle(uploaded()) == Wait("event log")


async def test_a_broken_engine_costs_no_attempt(
    world: World, engine: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The event waits for the process that replaces this one."""
    monkeypatch.setattr(engine, "pass_error", EngineBroken("lost"))
    assert await world.consumer.handle(uploaded()) == Wait("engine")


async def test_what_may_pass_is_tried_again(
    world: World, engine: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory, a failing model, another space than ours: another process may do better."""

    async def reason(event: Event) -> Reason:
        outcome: Outcome = await world.consumer.handle(event)
        assert isinstance(outcome, Retry)
        return outcome.reason

    assert await reason(requested(space_id="other@1")) == Reason.SPACE_NOT_SERVED
    monkeypatch.setattr(engine, "most_at_once", 0)
    assert await reason(uploaded()) == Reason.ENGINE_OUT_OF_MEMORY
    monkeypatch.setattr(engine, "most_at_once", 9)
    monkeypatch.setattr(engine, "pass_error", RuntimeError("odd"))
    assert await reason(uploaded()) == Reason.INTERNAL


async def test_videos_have_no_embedding_stage_here(world: World) -> None:
    """They are acknowledged and left alone."""
    assert await world.consumer.handle(uploaded(kind=asset_pb2.ASSET_KIND_VIDEO)) == Ack()
    assert world.log.events == []
