"""The streams and consumers of the event log, declared once; nothing else makes any.

Every process applies the whole declaration when it connects, when it reconnects and when
something turns out to be missing, so a wiped store comes back by itself.
"""

from __future__ import annotations

from dataclasses import dataclass

MINUTE = 60.0
DAY = 24 * 60 * MINUTE
KIB = 1024
MIB = 1024 * KIB
MAX_EVENT_BYTES = 512 * KIB
MAX_DELIVER = 6
PROBE = "probe.health"  # written only after a publish was not acknowledged
EXHAUSTED = "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES"


@dataclass(frozen=True)
class StreamSpec:
    """A stream on disk with limits retention that refuses new events rather than drop old ones.

    Args:
        name: of the stream.
        subjects: what it captures.
        max_bytes: its size on disk; a full stream refuses publishes.
        max_age: seconds an event is kept.
        max_msg_size: bytes of one event, headers included.
        duplicate_window: seconds within which an event id is stored once.
    """

    name: str
    subjects: tuple[str, ...]
    max_bytes: int
    max_age: float
    max_msg_size: int = MAX_EVENT_BYTES + 16 * KIB
    duplicate_window: float = 10 * MINUTE


@dataclass(frozen=True)
class ConsumerSpec:
    """A durable pull consumer with explicit acks and no server-side `backoff`.

    Args:
        durable: its name, `<service>-<use>`, or the specification's where it gives one.
        subjects: what it gets.
        ack_wait: seconds until an event that was neither settled nor kept is delivered again;
            workers keep what they hold every third of it.
        max_deliver: deliveries in all.
        max_ack_pending: delivered and unsettled events, retries waiting for their delay included.
            Work in hand is bounded by the worker's slots, so this only has to be large enough
            that retries do not hold up the rest.
        stream: it reads from.
    """

    durable: str
    subjects: tuple[str, ...]
    ack_wait: float = 30.0
    max_deliver: int = MAX_DELIVER
    max_ack_pending: int = 1024
    stream: str = "KIOKU"


STREAMS = (
    StreamSpec(
        "KIOKU",
        (
            "asset.>",
            "embedding.>",
            "frames.>",
            "observation.>",
            "consent.>",
            "person.>",
            "user.>",
            PROBE,
        ),
        max_bytes=2048 * MIB,
        max_age=7 * DAY,
    ),
    StreamSpec("DLQ", ("dlq.>",), max_bytes=256 * MIB, max_age=30 * DAY),
    StreamSpec("ADVISORIES", (f"{EXHAUSTED}.KIOKU.>",), max_bytes=16 * MIB, max_age=7 * DAY),
)


def _exhausted(durable: str, *consumers: str) -> ConsumerSpec:
    return ConsumerSpec(
        durable,
        tuple(f"{EXHAUSTED}.KIOKU.{consumer}" for consumer in consumers),
        stream="ADVISORIES",
    )


CONSUMERS = {
    spec.durable: spec
    for spec in (
        ConsumerSpec("embedder-uploaded", ("asset.uploaded",)),
        ConsumerSpec("embedder-requested", ("embedding.requested",)),
        # The specification's two queues: cutting videos (CPU), embedding their frames.
        ConsumerSpec("default", ("asset.uploaded",)),
        ConsumerSpec("frames-requested", ("embedding.requested",)),
        ConsumerSpec("siglip", ("frames.extracted",)),
        ConsumerSpec("tags", ("asset.uploaded",)),
        ConsumerSpec("tags-requested", ("embedding.requested",)),
        ConsumerSpec("search-embeddings", ("embedding.ready",)),
        ConsumerSpec("search-frames", ("frames.extracted",)),
        ConsumerSpec("search-failures", ("asset.failed",)),
        ConsumerSpec("search-deletions", ("asset.deleted",)),
        ConsumerSpec("search-purges", ("asset.purged",)),
        ConsumerSpec("search-consents", ("consent.changed",)),
        ConsumerSpec("face-uploaded", ("asset.uploaded",)),
        ConsumerSpec("face-frames", ("frames.extracted",)),
        ConsumerSpec("face-deletions", ("asset.deleted",)),
        # The specification's queue of schedules.
        ConsumerSpec("ai", ("asset.uploaded",)),
        ConsumerSpec("vlm-deletions", ("asset.deleted",)),
        ConsumerSpec("vlm-webhook", ("observation.ready",)),
        _exhausted("embedder-exhausted", "embedder-uploaded", "embedder-requested", "siglip"),
        _exhausted("frames-exhausted", "default", "frames-requested", "tags", "tags-requested"),
        _exhausted(
            "search-exhausted",
            "search-embeddings",
            "search-frames",
            "search-failures",
            "search-deletions",
            "search-purges",
            "search-consents",
        ),
        _exhausted("face-exhausted", "face-uploaded", "face-frames", "face-deletions"),
        _exhausted("vlm-exhausted", "ai", "vlm-deletions", "vlm-webhook"),
    )
}


@dataclass(frozen=True)
class Topology:
    """What a bus makes sure of; tests declare their own."""

    streams: tuple[StreamSpec, ...] = STREAMS
    consumers: tuple[ConsumerSpec, ...] = tuple(CONSUMERS.values())

    def stream_of(self, subject: str) -> StreamSpec | None:
        """The stream that captures `subject`, or None."""
        for stream in self.streams:
            if any(_matches(pattern, subject) for pattern in stream.subjects):
                return stream
        return None


def _matches(pattern: str, subject: str) -> bool:
    if pattern.endswith(".>"):
        return subject.startswith(pattern[:-1]) and len(subject) > len(pattern) - 1
    return pattern == subject
