"""The adapter to NATS JetStream: the only package of Kioku that knows nats-py."""

from kioku_rt.events.jetstream.bus import EventBus
from kioku_rt.events.jetstream.delivery import Delivery
from kioku_rt.events.jetstream.pull import Pull, PullEnded
from kioku_rt.events.jetstream.stored import Stored

__all__ = ["Delivery", "EventBus", "Pull", "PullEnded", "Stored"]
