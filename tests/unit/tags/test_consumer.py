"""Every upload with a word in it is announced once in the tags space, without torch."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping

import numpy as np
import pytest
from google.protobuf.message import Message
from kioku.common.v1 import space_pb2
from kioku.events.v1 import events_pb2
from kioku_embedder.tags.consumer import TagsConsumer, tags_consumer
from kioku_embedder.tags.encoder import TagsEncoder
from kioku_rt.errors import DependencyDown
from kioku_rt.events import Ack, Dead, Event, Retry, Wait
from kioku_rt.reasons import Reason

ENCODER = TagsEncoder()


class Log:
    """Keeps what is published, as the event log would."""

    def __init__(self) -> None:
        self.published: list[tuple[str, events_pb2.EmbeddingReady]] = []
        self.headers: list[Mapping[str, str]] = []
        self.down = False

    async def publish(
        self,
        subject: str,
        payload: bytes,
        *,
        event_id: str,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        if self.down:
            raise DependencyDown("event log")
        assert subject == "embedding.ready"
        self.published.append((event_id, events_pb2.EmbeddingReady.FromString(payload)))
        self.headers.append(headers or {})


@pytest.fixture
def log() -> Log:
    """An empty log."""
    return Log()


@pytest.fixture
def consumer(log: Log) -> TagsConsumer:
    """A consumer with the committed tables."""
    return tags_consumer(log)


def event(message: Message | bytes, subject: str = "asset.uploaded") -> Event:
    """A first delivery."""
    payload = message if isinstance(message, bytes) else message.SerializeToString()
    return Event("e1", subject, payload, 1, {}, 1)


def uploaded(**changes: object) -> events_pb2.AssetUploaded:
    """An upload with a tag."""
    facts = {"asset_id": "a", "owner": "o", "tags": ["dress"], "filename": "IMG_1.jpg"}
    return events_pb2.AssetUploaded(**(facts | changes), generation=1)  # type: ignore[arg-type]


def requested(space_id: str) -> events_pb2.EmbeddingRequested:
    """A request for one space."""
    return events_pb2.EmbeddingRequested(
        asset_id="a", owner="o", tags=["dress"], space_id=space_id, generation=2
    )


async def test_an_upload_is_announced_in_the_tags_space(consumer: TagsConsumer, log: Log) -> None:
    """The vector is the encoder's, its space described in full."""
    assert Ack() == await consumer.handle(event(uploaded()))
    [(_, ready)] = log.published
    vector = ENCODER.document(["dress"], "IMG_1.jpg")
    assert vector is not None
    assert vector.astype("<f4").tobytes() == ready.items[0].vector
    assert (ENCODER.space.space_id, space_pb2.SPACE_KIND_TAG) == (
        ready.space.space_id,
        ready.space.kind,
    )
    assert [{"Kioku-Kind": "tag"}] == log.headers


async def test_a_second_delivery_has_the_same_id(consumer: TagsConsumer, log: Log) -> None:
    """The log recognises it; another life of the asset has another id."""
    for message in (uploaded(), uploaded(), requested(ENCODER.space.space_id)):
        subject = (
            "asset.uploaded"
            if isinstance(message, events_pb2.AssetUploaded)
            else "embedding.requested"
        )
        assert Ack() == await consumer.handle(event(message, subject))
    ids = [event_id for event_id, _ in log.published]
    assert ids[0] == ids[1] != ids[2]


async def test_an_upload_without_words_is_let_go(consumer: TagsConsumer, log: Log) -> None:
    """There is nothing to find it by, and nothing missing."""
    assert Ack() == await consumer.handle(event(uploaded(tags=[])))
    assert [] == log.published


async def test_requests_for_other_spaces_are_somebody_elses(
    consumer: TagsConsumer, log: Log
) -> None:
    """A visual space is not ours; a tags space of another table may be another process's."""
    for space_id in ("", "kioku-tiny@0123456789ab"):
        assert Ack() == await consumer.handle(event(requested(space_id), "embedding.requested"))
    outcome = await consumer.handle(event(requested("tags@0123456789ab"), "embedding.requested"))
    assert isinstance(outcome, Retry)
    assert Reason.SPACE_NOT_SERVED == outcome.reason
    assert [] == log.published


async def test_a_log_that_is_down_is_waited_for(consumer: TagsConsumer, log: Log) -> None:
    """No attempt is used up."""
    log.down = True
    assert Wait("event log") == await consumer.handle(event(uploaded()))


@pytest.mark.parametrize("payload", [b"\xff", b""], ids=["garbage", "empty"])
async def test_what_nobody_can_read_is_dead(consumer: TagsConsumer, payload: bytes) -> None:
    """It goes to the dead letters, and nobody's asset fails."""
    outcome = await consumer.handle(event(payload))
    assert isinstance(outcome, Dead)
    assert Reason.EVENT_NOT_DECODABLE == outcome.reason
    await consumer.on_dead(event(payload), outcome)


def test_no_model_is_imported() -> None:
    """A worker with this module needs no torch."""
    code = (
        "import sys, kioku_embedder.tags.consumer, kioku_embedder.tags.backend;"
        "print([n for n in sys.modules if n.split('.')[0] in"
        " ('torch', 'transformers', 'onnxruntime', 'openvino')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "[]" == done.stdout.strip()


def test_vectors_do_not_depend_on_the_process() -> None:
    """Hash seeds differ from process to process; the vector does not."""
    code = (
        "from kioku_embedder.tags.encoder import TagsEncoder;"
        "print(TagsEncoder().query('red dress').tobytes().hex())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    there = np.frombuffer(bytes.fromhex(done.stdout.strip()), np.float32)
    assert np.array_equal(ENCODER.query("red dress"), there)
