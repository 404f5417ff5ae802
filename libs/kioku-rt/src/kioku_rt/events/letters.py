"""What a dead letter carries: the event, where it was going, who gave it up, and why.

The letter is the event's payload under `dlq.<subject>` with its own headers kept and these added.
Its id is derived from the consumer and the event, so that writing it twice stores it once.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, unquote

from kioku_rt.events.bus import EVENT_ID, ID_HEADER, EventBus
from kioku_rt.events.outcome import Dead, Event

STREAM = "DLQ"
PREFIX = "dlq."
REASON = "Kioku-Reason"
MESSAGE = "Kioku-Message"
CONSUMER = "Kioku-Consumer"
ATTEMPTS = "Kioku-Attempts"
ONLY_FOR = "Kioku-Only-For"
OWN_HEADERS = frozenset({REASON, MESSAGE, CONSUMER, ATTEMPTS, EVENT_ID, ONLY_FOR, ID_HEADER})
_MESSAGE_CHARACTERS = 400
_PLAIN = " !\"#$&'()*+,-./:;<=>?@[\\]^_`{|}~"


def header_text(text: str) -> str:
    """One line of ASCII that a header can carry: whatever is not plain is percent-encoded."""
    return quote(" ".join(text.split())[:_MESSAGE_CHARACTERS], safe=_PLAIN)


def plain_text(header: str) -> str:
    """The text that `header_text` was given, on one line."""
    return unquote(header)


def passed_on(headers: Mapping[str, str]) -> dict[str, str]:
    """The publisher's own headers: without ours and the server's."""
    return {
        name: value
        for name, value in headers.items()
        if name not in OWN_HEADERS and not name.startswith("Nats-")
    }


async def write_letter(bus: EventBus, event: Event, dead: Dead, *, consumer: str) -> None:
    """Store the letter of one event.

    Raises:
        DependencyDown: the event log does not answer.
    """
    headers = {
        **passed_on(event.headers),
        REASON: dead.reason.value,
        MESSAGE: header_text(dead.message),
        CONSUMER: consumer,
        ATTEMPTS: str(event.attempt),
        EVENT_ID: event.id,
    }
    await bus.publish(
        PREFIX + event.subject,
        event.payload,
        event_id=f"dlq-{consumer}-{event.id}",
        headers=headers,
    )
