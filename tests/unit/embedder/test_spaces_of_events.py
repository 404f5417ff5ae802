"""An event for a space goes to its model, waits for its process, or ends: by stated rules."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from kioku.assets.v1 import asset_pb2
from kioku.events.v1 import events_pb2
from kioku_embedder.announcements import Announcer
from kioku_embedder.backend import Backend, Embedding, Source, Timing
from kioku_embedder.consumers import AssetConsumer
from kioku_embedder.outcomes import Standing, age_of, as_outcome
from kioku_embedder.spaces import Spaces
from kioku_embedder.wanted import wanted_spaces
from kioku_rt.errors import DependencyDown, KiokuError
from kioku_rt.events import Ack, Dead, Elsewhere, Event, Retry, Wait
from kioku_rt.objects import MemoryObjectStore
from kioku_rt.reasons import Reason
from kioku_rt.space import Space

from tests.unit.embedder.fake_log import FakeLog

FIRST = Space("first", "r1", 3, "p1", "float32")
SECOND = Space("second", "r1", 2, "p1", "float32")
KEY = "originals/o/a/1"


@dataclass
class FakeModel:
    """Ones in its space, or its error."""

    space: Space
    error: KiokuError | None = None

    async def image(self, source: Source, **how: Any) -> Embedding:  # noqa: ARG002 - the port's
        await source()
        if self.error is not None:
            raise self.error
        vector = np.full(self.space.dimension, self.space.dimension**-0.5, np.float32)
        return Embedding(self.space, vector, False, Timing(0, 0, 0, 1))


class World:
    """Two models, a picture, and a log."""

    def __init__(self) -> None:
        self.log, self.objects = FakeLog(), MemoryObjectStore()
        self.first, self.second = FakeModel(FIRST), FakeModel(SECOND)
        spaces = Spaces(cast(Backend, self.first), cast(Backend, self.second))
        self.consumer = AssetConsumer(
            self.objects, spaces, Announcer(self.log), max_bytes=99, foreign_seconds=100
        )


@pytest.fixture
async def world() -> World:
    made = World()
    await made.objects.put(KEY, b"picture", "image/jpeg")
    return made


def made(ago: float) -> Timestamp:
    stamp = Timestamp()
    stamp.FromNanoseconds(int((time.time() - ago) * 1e9))
    return stamp


def event(subject: str, ago: float | None = 0.0, **changes: Any) -> Event:
    kind = (
        events_pb2.AssetUploaded if subject == "asset.uploaded" else events_pb2.EmbeddingRequested
    )
    fields: dict[str, Any] = {
        "asset_id": "a",
        "owner": "o",
        "kind": asset_pb2.ASSET_KIND_IMAGE,
        "object_key": KEY,
        "generation": 2,
        "tags": ["t"],
        "event_time": None if ago is None else made(ago),
    }
    return Event("e", subject, kind(**(fields | changes)).SerializeToString(), 1, {}, 1)


def test_the_spaces_of_an_upload() -> None:
    """Each once, in order, without tags; nothing named is the default one."""
    named = ["b@1", "a@1", "b@1", "tags@0123456789ab", ""]
    assert ("b@1", "a@1") == wanted_spaces(events_pb2.AssetUploaded(space_ids=named))
    assert ("",) == wanted_spaces(events_pb2.AssetUploaded())
    assert ("",) == wanted_spaces(events_pb2.AssetUploaded(space_ids=["tags@0123456789ab"]))


async def test_an_upload_asks_for_every_further_space_as_work_of_its_own(world: World) -> None:
    """The first is embedded; each other is requested with all that is known, under one id."""
    upload = event("asset.uploaded", space_ids=[FIRST.space_id, SECOND.space_id, "gone@1"])
    for _ in range(2):
        assert Ack() == await world.consumer.handle(upload)
    (ready, _) = world.log.of("embedding.ready", events_pb2.EmbeddingReady)
    assert FIRST.space_id == ready.space.space_id
    asked = world.log.of("embedding.requested", events_pb2.EmbeddingRequested)[:2]
    assert [SECOND.space_id, "gone@1"] == [each.space_id for each in asked]
    assert {("a", "o", 2, KEY, "t")} == {
        (each.asset_id, each.owner, each.generation, each.object_key, *each.tags) for each in asked
    }
    assert all(age_of(each.event_time) is not None for each in asked)
    ids = [event_id for _, _, event_id in world.log.events]
    assert (6, 3, ids[:3]) == (len(ids), len(set(ids)), ids[3:])


async def test_the_main_model_waits_for_no_other(world: World) -> None:
    """Whatever the order: what it can do of an upload is not behind the second model's work."""
    world.second.error = KiokuError(Reason.MODEL_UNAVAILABLE)
    upload = event("asset.uploaded", space_ids=[SECOND.space_id, FIRST.space_id])
    assert Ack() == await world.consumer.handle(upload)
    (ready,) = world.log.of("embedding.ready", events_pb2.EmbeddingReady)
    assert FIRST.space_id == ready.space.space_id


async def test_what_is_served_here_is_done_here(world: World) -> None:
    """A foreign space that is named first is handed on; with none of ours the event goes back."""
    upload = event("asset.uploaded", space_ids=["gone@1", SECOND.space_id])
    assert Ack() == await world.consumer.handle(upload)
    (ready,) = world.log.of("embedding.ready", events_pb2.EmbeddingReady)
    (asked,) = world.log.of("embedding.requested", events_pb2.EmbeddingRequested)
    assert (SECOND.space_id, "gone@1") == (ready.space.space_id, asked.space_id)
    outcome = await world.consumer.handle(event("asset.uploaded", space_ids=["gone@1"]))
    assert isinstance(outcome, Elsewhere)


async def test_the_others_are_asked_for_although_the_first_fails(world: World) -> None:
    """A failure in one space undoes nothing in another, and names its own."""
    world.first.error = KiokuError(Reason.MODEL_OUTPUT_INVALID)
    upload = event("asset.uploaded", space_ids=[FIRST.space_id, SECOND.space_id])
    outcome = await world.consumer.handle(upload)
    assert isinstance(outcome, Dead)
    assert 1 == len(world.log.of("embedding.requested", events_pb2.EmbeddingRequested))
    await world.consumer.on_dead(upload, outcome)
    (failed,) = world.log.of("asset.failed", events_pb2.AssetFailed)
    assert (FIRST.space_id, "MODEL_OUTPUT_INVALID") == (failed.space_id, failed.failure.reason)


async def test_an_order_is_part_of_what_comes_of_it(world: World) -> None:
    """The same vector ordered again is told again; the same order twice is one event."""
    for order in ("", "o1", "o1", "o2"):
        request = event("embedding.requested", space_id=SECOND.space_id, order_id=order)
        assert Ack() == await world.consumer.handle(request)
        await world.consumer.on_dead(request, Dead(Reason.ATTEMPTS_EXHAUSTED, "why"))
    for subject in ("embedding.ready", "asset.failed"):
        ids = [event_id for name, _, event_id in world.log.events if name == subject]
        assert (4, 3) == (len(ids), len(set(ids)))


async def test_a_foreign_space_is_given_back_for_a_stated_time(world: World) -> None:
    """Later and later, without an attempt; then dead; what has no date is tried as ever."""
    outcomes = [
        await world.consumer.handle(event("embedding.requested", ago, space_id="gone@1"))
        for ago in (0.0, 40.0, 99.0, 101.0, None)
    ]
    *young, old, undated = outcomes
    delays = [each.delay for each in young if isinstance(each, Elsewhere)]
    assert [1, 10, 25] == [round(delay) for delay in delays]
    assert isinstance(old, Dead)
    assert isinstance(undated, Retry)
    assert {Reason.SPACE_NOT_SERVED} == {old.reason, undated.reason}


@pytest.mark.parametrize(
    "error",
    [
        KiokuError(Reason.MODEL_UNAVAILABLE),
        KiokuError(Reason.OVERLOADED),
        DependencyDown("image decoder"),
    ],
)
async def test_trouble_of_the_second_model_stops_nobody_else(
    world: World, error: KiokuError
) -> None:
    """The worker waits for the first; what is for the second goes back, however old it is."""
    world.first.error = world.second.error = error
    outcome = await world.consumer.handle(event("embedding.requested", 10**6))
    assert isinstance(outcome, Wait)
    second = event("embedding.requested", 10**6, space_id=SECOND.space_id)
    outcome = await world.consumer.handle(second)
    assert isinstance(outcome, Elsewhere)
    assert 60 == outcome.delay


async def test_shared_servers_hold_up_both(world: World) -> None:
    """The store being down is no trouble of a model."""
    world.objects.down = True
    second = event("embedding.requested", space_id=SECOND.space_id)
    assert Wait("object store") == await world.consumer.handle(second)


async def test_what_may_pass_uses_attempts_in_either_space() -> None:
    """Memory is the item's trouble, not the process's."""

    async def work() -> None:
        raise KiokuError(Reason.ENGINE_OUT_OF_MEMORY)

    for main in (True, False):
        outcome = await as_outcome(work, Standing(None, main))
        assert isinstance(outcome, Retry)
