"""A range of frames becomes vectors that search is told of; a bad frame fails alone."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import pytest
from kioku.events.v1 import events_pb2
from kioku_embedder.announcements import Announcer
from kioku_embedder.backend import Backend, Embedding, Source, Timing
from kioku_embedder.frame_consumers import FrameConsumer
from kioku_embedder.spaces import Spaces
from kioku_rt.errors import DependencyDown, KiokuError
from kioku_rt.events import Ack, Dead, Event, Retry, Wait
from kioku_rt.objects import MemoryObjectStore
from kioku_rt.reasons import Reason
from kioku_rt.space import Space

SPACE = Space("fake", "r1", 3, "p1", "float32")


@dataclass
class FakeBackend:
    """A picture's vector is its first byte; some pictures have errors. Counts what is in hand."""

    space: Space = SPACE
    errors: dict[int, KiokuError] = field(default_factory=dict)
    in_hand: int = 0
    most: int = 0

    def require_space(self, space_id: str) -> None:
        self.space.require(space_id)

    async def image(self, source: Source, **how: Any) -> Embedding:  # noqa: ARG002 - the port's
        self.in_hand += 1
        self.most = max(self.most, self.in_hand)
        try:
            data = await source()
            if data[0] in self.errors:
                raise self.errors[data[0]]
            vector = np.array([data[0], 0, 0], np.float32)
            return Embedding(self.space, vector, False, Timing(0, 0, 0, 1))
        finally:
            self.in_hand -= 1


@dataclass
class FakeLog:
    """Keeps what is published."""

    down: bool = False
    events: list[tuple[str, bytes, str]] = field(default_factory=list)

    async def publish(
        self,
        subject: str,
        payload: bytes,
        *,
        event_id: str,
        headers: Mapping[str, str] | None = None,  # noqa: ARG002 - the port's
    ) -> None:
        if self.down:
            raise DependencyDown("event log")
        self.events.append((subject, payload, event_id))

    def ready(self) -> list[events_pb2.EmbeddingReady]:
        return [
            events_pb2.EmbeddingReady.FromString(payload)
            for subject, payload, _ in self.events
            if subject == "embedding.ready"
        ]


class World:
    """A consumer with everything around it faked, and a range of 70 frames from number 100."""

    def __init__(self) -> None:
        self.objects = MemoryObjectStore()
        self.log = FakeLog()
        self.backend = FakeBackend()
        self.consumer = FrameConsumer(
            self.objects,
            Spaces(cast(Backend, self.backend)),
            Announcer(self.log),
            batch_size=8,
            max_bytes=100,
        )

    async def fill(self, count: int = 70) -> None:
        frames = []
        for number in range(100, 100 + count):
            data = bytes([number, 7])
            await self.objects.put(f"frames/{number}", data, "image/jpeg")
            frames.append(
                events_pb2.Frame(
                    frame_no=number,
                    time_ms=number * 500,
                    object_key=f"frames/{number}",
                    sha256=hashlib.sha256(data).hexdigest(),
                )
            )
        manifest = events_pb2.FrameManifest(asset_id="a", generation=2, frames=frames)
        await self.objects.put("manifest", manifest.SerializeToString(), "application/x-protobuf")

    def items(self) -> list[events_pb2.EmbeddedItem]:
        return [item for event in self.log.ready() for item in event.items]

    def failures(self) -> dict[int, str]:
        return {i.frame_no: i.failure.reason for i in self.items() if i.HasField("failure")}


@pytest.fixture
async def world() -> World:
    made = World()
    await made.fill()
    return made


def extracted(attempt: int = 1, **changes: Any) -> Event:
    fields: dict[str, Any] = {
        "asset_id": "a",
        "owner": "o",
        "generation": 2,
        "manifest_key": "manifest",
        "first_frame_no": 100,
        "frame_count": 70,
    }
    payload = events_pb2.FramesExtracted(**(fields | changes)).SerializeToString()
    return Event("e1", "frames.extracted", payload, attempt, {}, 1)


async def test_a_range_becomes_vectors(world: World) -> None:
    """Every frame once, with its number and time, at most 64 an event, one batch in hand."""
    assert Ack() == await world.consumer.handle(extracted(attempt=3))
    assert [64, 6] == [len(event.items) for event in world.log.ready()]
    assert [(n, n * 500) for n in range(100, 170)] == [
        (item.frame_no, item.time_ms) for item in world.items()
    ]
    vectors = [float(np.frombuffer(item.vector, "<f4")[0]) for item in world.items()]
    assert [float(n) for n in range(100, 170)] == vectors
    assert {("a", "o", 2, 3, SPACE.space_id)} == {
        (e.asset_id, e.owner, e.generation, e.attempts, e.space.space_id) for e in world.log.ready()
    }
    assert 8 == world.backend.most


async def test_the_same_range_has_the_same_ids(world: World) -> None:
    """Redelivery publishes duplicates; another life does not."""
    for event in (extracted(), extracted(attempt=2), extracted(generation=3)):
        assert Ack() == await world.consumer.handle(event)
    ids = [event_id for _, _, event_id in world.log.events]
    assert (2, 4) == (len(set(ids[:4])), len(set(ids)))


async def test_the_last_word_needs_nothing(world: World) -> None:
    """The message with the total has no frames of its own."""
    event = extracted(frame_count=0, manifest_key="", total_frames=70)
    assert Ack() == await world.consumer.handle(event)
    assert [] == world.log.events


async def test_a_bad_frame_fails_alone(world: World) -> None:
    """Damaged, changed, gone: each with its reason, the others with vectors."""
    world.backend.errors[101] = KiokuError(Reason.IMAGE_TRUNCATED)
    await world.objects.put("frames/102", b"changed", "image/jpeg")
    await world.objects.delete(["frames/103"])
    assert Ack() == await world.consumer.handle(extracted())
    assert {101: "IMAGE_TRUNCATED", 102: "CHECKSUM_MISMATCH", 103: "OBJECT_MISSING"} == (
        world.failures()
    )
    assert 67 == sum(bool(item.vector) for item in world.items())


async def test_what_stops_all_frames_stops_the_range(world: World) -> None:
    """Outages and a busy engine wait; what may pass is tried again, and at last is the frame's."""
    world.backend.errors[105] = DependencyDown("object store")
    assert Wait("object store") == await world.consumer.handle(extracted())
    world.backend.errors[105] = KiokuError(Reason.MODEL_UNAVAILABLE)
    assert Wait("engine") == await world.consumer.handle(extracted())
    assert [] == world.log.events
    world.backend.errors[105] = KiokuError(Reason.ENGINE_OUT_OF_MEMORY)
    outcome = await world.consumer.handle(extracted())
    assert isinstance(outcome, Retry)
    assert Ack() == await world.consumer.handle(extracted(attempt=6))
    assert {105: "ENGINE_OUT_OF_MEMORY"} == world.failures()
    world.log.down = True
    assert Wait("event log") == await world.consumer.handle(extracted(attempt=6))


async def test_another_space_may_be_served_elsewhere(world: World) -> None:
    """Tried again; in the end it is the asset's failure."""
    event = extracted(space_id="other@1")
    outcome = await world.consumer.handle(event)
    assert isinstance(outcome, Retry)
    assert Reason.SPACE_NOT_SERVED == outcome.reason
    await world.consumer.on_dead(event, Dead(outcome.reason, outcome.message))
    [(subject, payload, _)] = world.log.events
    failed = events_pb2.AssetFailed.FromString(payload)
    assert ("asset.failed", "embedding", "SPACE_NOT_SERVED", "other@1") == (
        subject,
        failed.stage,
        failed.failure.reason,
        failed.space_id,
    )


async def test_a_range_is_embedded_in_the_space_it_names(world: World) -> None:
    """By that space's model, told as that space's; a death there is told there."""
    other = FakeBackend(Space("other", "r1", 3, "p1", "float32"))
    spaces = Spaces(cast(Backend, world.backend), cast(Backend, other))
    consumer = FrameConsumer(
        world.objects, spaces, Announcer(world.log), batch_size=8, max_bytes=100
    )
    named = extracted(space_id=other.space.space_id)
    assert Ack() == await consumer.handle(named)
    await consumer.on_dead(named, Dead(Reason.ATTEMPTS_EXHAUSTED, "why"))
    assert {other.space.space_id} == {event.space.space_id for event in world.log.ready()}
    assert (8, 0) == (other.most, world.backend.most)
    assert dict.fromkeys(range(100, 170), "ATTEMPTS_EXHAUSTED") == world.failures()


async def test_a_dead_range_fails_frame_by_frame(world: World) -> None:
    """So that the rest of the video can be finished."""
    await world.consumer.on_dead(extracted(), Dead(Reason.ATTEMPTS_EXHAUSTED, "why"))
    assert dict.fromkeys(range(100, 170), "ATTEMPTS_EXHAUSTED") == world.failures()


async def test_what_cannot_be_read_is_dead(world: World) -> None:
    """Garbage, an event without a video, a manifest that is none."""
    await world.objects.put("junk", b"\xff\xff\xff", "application/x-protobuf")
    garbage = Event("e", "frames.extracted", b"\xff\xff", 1, {}, 1)
    for event in (garbage, extracted(asset_id=""), extracted(manifest_key="junk")):
        outcome = await world.consumer.handle(event)
        assert isinstance(outcome, Dead)
        assert Reason.EVENT_NOT_DECODABLE == outcome.reason
    await world.consumer.on_dead(garbage, Dead(Reason.EVENT_NOT_DECODABLE, "no"))
    assert [] == world.log.events
