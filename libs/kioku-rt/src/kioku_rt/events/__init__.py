"""The event log for every service: bus, workers, outbox and dead letters over JetStream."""

from kioku_rt.events.dlq import DeadLetter, DeadLetters
from kioku_rt.events.exhausted import AdvisoryFeeder
from kioku_rt.events.jetstream.bus import EventBus
from kioku_rt.events.outbox import enqueue, new_event_id, republish
from kioku_rt.events.outcome import (
    Ack,
    Dead,
    Elsewhere,
    Event,
    Handler,
    OnDead,
    Outcome,
    Retry,
    Wait,
)
from kioku_rt.events.relay import OutboxRelay
from kioku_rt.events.topology import CONSUMERS, STREAMS, ConsumerSpec, StreamSpec, Topology
from kioku_rt.events.worker import Worker

__all__ = [
    "CONSUMERS",
    "STREAMS",
    "Ack",
    "AdvisoryFeeder",
    "ConsumerSpec",
    "Dead",
    "DeadLetter",
    "DeadLetters",
    "Elsewhere",
    "Event",
    "EventBus",
    "Handler",
    "OnDead",
    "OutboxRelay",
    "Outcome",
    "Retry",
    "StreamSpec",
    "Topology",
    "Wait",
    "Worker",
    "enqueue",
    "new_event_id",
    "republish",
]
