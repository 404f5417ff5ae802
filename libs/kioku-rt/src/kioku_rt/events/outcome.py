"""What a handler may say about an event, as values; there is no sixth way."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from kioku_rt.reasons import Reason


@dataclass(frozen=True)
class Event:
    """One delivery of one event.

    Args:
        id: the same for every delivery of the event; the key of `processed`.
        subject: for example `asset.uploaded`.
        payload: a message of `kioku.events.v1`.
        attempt: 1 for the first delivery, at most 6.
        headers: as published, `traceparent` among them.
        stream_sequence: its place in the stream.
    """

    id: str
    subject: str
    payload: bytes = field(repr=False)
    attempt: int
    headers: Mapping[str, str]
    stream_sequence: int


@dataclass(frozen=True)
class Ack:
    """Done; the effect is committed."""


@dataclass(frozen=True)
class Retry:
    """Not done; another attempt may succeed. On the last attempt it becomes Dead.

    Args:
        reason: why, from the catalogue.
        message: one sentence for people.
        delay: seconds until the next delivery; None: the worker's own growing, jittered delay.
    """

    reason: Reason
    message: str
    delay: float | None = None


@dataclass(frozen=True)
class Dead:
    """Never to be done: bad input. It goes to the dead letters at once."""

    reason: Reason
    message: str


@dataclass(frozen=True)
class Wait:
    """A dependency is down: keep the event, ask again when it is back. Costs no attempt."""

    dependency: str


@dataclass(frozen=True)
class Elsewhere:
    """Not for this process, or not now: give it back to the consumer. Costs no attempt.

    For work that another process of the same consumer may be able to do. Whoever says it for ever
    keeps the event going round for ever, so a handler that is not sure of such a process sets an
    end.

    Args:
        why: a few words for the log.
        delay: seconds until it is delivered again, at the latest.
    """

    why: str
    delay: float


Outcome: TypeAlias = Ack | Retry | Dead | Wait | Elsewhere
Handler: TypeAlias = Callable[[Event], Awaitable[Outcome]]
OnDead: TypeAlias = Callable[[Event, Dead], Awaitable[None]]
Letter: TypeAlias = Callable[[Event], bytes]
"""What a dead letter holds of an event's payload: all of it, or what may be kept for so long."""


def whole(event: Event) -> bytes:
    """All of it."""
    return event.payload
