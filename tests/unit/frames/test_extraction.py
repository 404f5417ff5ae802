"""A stored video becomes stored frames that are told of once, however often it is begun."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from kioku.assets.v1 import asset_pb2
from kioku.events.v1 import events_pb2
from kioku_embedder.announcements import Subject
from kioku_embedder.frames.consumers import VideoConsumer
from kioku_embedder.frames.extraction import FrameExtraction, Video
from kioku_embedder.frames.metrics import Metrics
from kioku_embedder.frames.plan import CutFrame, CutPlan, Facts
from kioku_rt.errors import DependencyDown, InvalidInput, KiokuError
from kioku_rt.events import Ack, Dead, Event, Wait
from kioku_rt.objects import MemoryObjectStore, derived_prefix
from kioku_rt.reasons import Reason

KEY = "originals/o/a/1"
FACTS = Facts(duration_ms=5000, width=8, height=4, codec="h264", hdr=True, incomplete="")
FOLDER = f"{derived_prefix('o', 'a')}frames/"


@dataclass
class FakeLog:
    """Keeps what is published; the n-th publish fails if so told."""

    fails_at: int = -1
    events: list[tuple[str, bytes, str]] = field(default_factory=list)

    async def publish(
        self,
        subject: str,
        payload: bytes,
        *,
        event_id: str,
        headers: Mapping[str, str] | None = None,  # noqa: ARG002 - the port's
    ) -> None:
        if len(self.events) == self.fails_at:
            raise DependencyDown("event log")
        self.events.append((subject, payload, event_id))

    def extracted(self) -> list[events_pb2.FramesExtracted]:
        return [
            events_pb2.FramesExtracted.FromString(payload)
            for subject, payload, _ in self.events
            if subject == "frames.extracted"
        ]


@dataclass
class FakeCutter:
    """Gives frames whose bytes are their number; fails after some if so told."""

    count: int = 5
    error: KiokuError | None = None
    plan: CutPlan = field(default_factory=lambda: CutPlan(range_frames=2))
    cuts: int = 0

    async def cut(self, fd: int) -> AsyncGenerator[CutFrame | Facts, None]:  # noqa: ARG002
        self.cuts += 1
        for number in range(self.count):
            yield CutFrame(number * 1000, 8, 4, f"jpeg {number}".encode())
        if self.error is not None:
            raise self.error
        yield FACTS


@dataclass
class World:
    """The use case with everything around it faked."""

    objects: MemoryObjectStore = field(default_factory=MemoryObjectStore)
    log: FakeLog = field(default_factory=FakeLog)
    cutter: FakeCutter = field(default_factory=FakeCutter)

    def extraction(self) -> FrameExtraction:
        return FrameExtraction(
            self.objects, self.log, self.cutter, max_bytes=100, observer=Metrics()
        )

    async def extract(self, generation: int = 1, **changes: Any) -> int:
        fields = {"object_key": KEY, "sha256": ""} | changes
        video = Video(Subject("a", "o", generation), **fields)
        return await self.extraction().extract(video, attempt=2)

    def consumer(self) -> VideoConsumer:
        return VideoConsumer(self.extraction(), Metrics())


@pytest.fixture
async def world() -> World:
    made = World()
    await made.objects.put(KEY, b"video", "video/mp4")
    return made


def pictures(world: World, generation: int = 1) -> dict[str, bytes]:
    prefix = f"{FOLDER}{generation}/"
    stored = world.objects.objects.items()
    return {k.removeprefix(prefix): v[0] for k, v in stored if k.startswith(prefix)}


async def test_ranges_then_the_last_word(world: World) -> None:
    """Each range with its manifest as soon as it is whole, the rest, then total and facts."""
    assert 5 == await world.extract()
    told = world.log.extracted()
    assert [(0, 2), (2, 2), (4, 1), (5, 0)] == [(e.first_frame_no, e.frame_count) for e in told]
    assert [False, False, False, True] == [e.HasField("total_frames") for e in told]
    last = told[-1]
    assert (5, "h264", True, "") == (
        last.total_frames,
        last.facts.codec,
        last.facts.hdr,
        last.manifest_key,
    )
    assert {("a", "o", 1, 2)} == {(e.asset_id, e.owner, e.generation, e.attempts) for e in told}
    keys = [e.manifest_key for e in told[:-1]]
    assert [f"{FOLDER}1/manifest-{n:06d}.pb" for n in (0, 2, 4)] == keys
    manifest = events_pb2.FrameManifest.FromString(world.objects.objects[keys[1]][0])
    assert [(2, 2000, f"{FOLDER}1/000002.jpg"), (3, 3000, f"{FOLDER}1/000003.jpg")] == [
        (f.frame_no, f.time_ms, f.object_key) for f in manifest.frames
    ]


async def test_beginning_again_repeats_nothing_new(world: World) -> None:
    """Cut off anywhere and begun again: the same ids, keys and bytes."""
    await world.extract()
    expected = ({event_id for _, _, event_id in world.log.events}, pictures(world))
    for fails_at in range(4):
        again = World(log=FakeLog(fails_at=fails_at))
        await again.objects.put(KEY, b"video", "video/mp4")
        with pytest.raises(DependencyDown):
            await again.extract()
        again.log.fails_at = -1
        await again.extract()
        assert expected == ({event_id for _, _, event_id in again.log.events}, pictures(again))


async def test_each_space_is_told_of_each_range(world: World) -> None:
    """One cut; a range is an event of its own for each space, the last word is said once."""
    assert 5 == await world.extract(space_ids=("a@1", "b@1"))
    told = world.log.extracted()
    assert [("a@1", 0), ("b@1", 0), ("a@1", 2), ("b@1", 2), ("a@1", 4), ("b@1", 4), ("a@1", 5)] == [
        (event.space_id, event.first_frame_no) for event in told
    ]
    assert (1, 7) == (world.cutter.cuts, len({event_id for _, _, event_id in world.log.events}))


async def test_what_is_finished_is_told_and_not_cut(world: World) -> None:
    """The same life, another life, another space; only the ids of the last two are new."""
    await world.extract()
    first = [event_id for _, _, event_id in world.log.events]
    world.log.events.clear()
    await world.objects.delete([KEY])
    assert 5 == await world.extract()
    assert first == [event_id for _, _, event_id in world.log.events]
    world.log.events.clear()
    assert 5 == await world.extract(space_ids=("other@1",))
    assert {"other@1"} == {event.space_id for event in world.log.extracted()}
    assert not set(first) & {event_id for _, _, event_id in world.log.events}
    world.log.events.clear()
    assert 5 == await world.extract(generation=2)
    assert [2] * 4 == [event.generation for event in world.log.extracted()]
    old, new = pictures(world), pictures(world, 2)
    assert {k: v for k, v in old.items() if k.endswith(".jpg")} == {
        k: v for k, v in new.items() if k.endswith(".jpg")
    }
    assert 1 == world.cutter.cuts


async def test_another_plan_is_another_cut(world: World) -> None:
    """Also when the first plan's marks and longer manifests are still there."""
    await world.extract()
    world.cutter.plan = CutPlan(range_frames=2, rate=0.5)
    world.cutter.count = 3
    assert 3 == await world.extract()
    world.log.events.clear()
    assert 3 == await world.extract()
    assert [2, 1, 0] == [event.frame_count for event in world.log.extracted()]
    assert 2 == world.cutter.cuts


async def test_a_finished_cut_that_lost_something_is_cut_again(world: World) -> None:
    """A manifest or, for another life, a picture is gone."""
    await world.extract()
    await world.objects.delete([f"{FOLDER}1/manifest-000002.pb"])
    await world.extract()
    await world.objects.delete([f"{FOLDER}1/000003.jpg"])
    await world.extract(generation=2)
    assert 3 == world.cutter.cuts


async def test_refusals(world: World) -> None:
    """What is gone, changed or too large is not cut."""

    async def reason(**changes: Any) -> Reason:
        with pytest.raises(KiokuError) as refused:
            await world.extract(**changes)
        return refused.value.reason

    await world.objects.put("large", b"0" * 101, "video/mp4")
    found = [
        await reason(object_key="gone"),
        await reason(sha256="0" * 64),
        await reason(object_key="large"),
    ]
    assert [Reason.OBJECT_MISSING, Reason.CHECKSUM_MISMATCH, Reason.VIDEO_TOO_LARGE] == found
    assert 0 == world.cutter.cuts


def uploaded(**changes: Any) -> Event:
    fields: dict[str, Any] = {
        "asset_id": "a",
        "owner": "o",
        "kind": asset_pb2.ASSET_KIND_VIDEO,
        "object_key": KEY,
        "generation": 1,
    }
    payload = events_pb2.AssetUploaded(**(fields | changes)).SerializeToString()
    return Event("e1", "asset.uploaded", payload, 1, {}, 1)


async def test_events_of_others_are_left_alone(world: World) -> None:
    """Pictures, and requests for the vectors of a video's tags."""
    request = events_pb2.EmbeddingRequested(
        asset_id="a", kind=asset_pb2.ASSET_KIND_VIDEO, object_key=KEY, space_id="tags@0123456789ab"
    )
    of_tags = Event("e2", "embedding.requested", request.SerializeToString(), 1, {}, 2)
    for event in (uploaded(kind=asset_pb2.ASSET_KIND_IMAGE), of_tags):
        assert Ack() == await world.consumer().handle(event)
    assert [] == world.log.events


async def test_a_bad_video_is_dead_and_told(world: World) -> None:
    """Stage `frames`, once for each life; what had been cut before stays told."""
    world.cutter.error = InvalidInput(Reason.VIDEO_DECODER_FAILED)
    outcome = await world.consumer().handle(uploaded())
    assert isinstance(outcome, Dead)
    for _ in range(2):
        await world.consumer().on_dead(uploaded(), outcome)
    (_, payload, first), (_, _, second) = world.log.events[-2:]
    failed = events_pb2.AssetFailed.FromString(payload)
    assert ("a", "frames", "VIDEO_DECODER_FAILED") == (
        failed.asset_id,
        failed.stage,
        failed.failure.reason,
    )
    assert first == second
    assert [2, 2] == [event.frame_count for event in world.log.extracted()]


async def test_outages_cost_no_attempt(world: World) -> None:
    """The store, the log."""
    world.objects.down = True
    assert Wait("object store") == await world.consumer().handle(uploaded())
    world.objects.down = False
    world.log.fails_at = 1
    assert Wait("event log") == await world.consumer().handle(uploaded())
    world.log.fails_at = -1
    assert Ack() == await world.consumer().handle(uploaded())


async def test_what_cannot_be_read_is_dead(world: World) -> None:
    """Garbage, and an event that names no asset; nobody is told of an asset then."""
    garbage = Event("e", "asset.uploaded", b"\xff\xff", 1, {}, 1)
    for event in (garbage, uploaded(asset_id="")):
        outcome = await world.consumer().handle(event)
        assert isinstance(outcome, Dead)
        assert Reason.EVENT_NOT_DECODABLE == outcome.reason
        await world.consumer().on_dead(event, outcome)
    assert [] == world.log.events
