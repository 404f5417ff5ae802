"""A dead letter carries the event, where it was going, who gave it up, and why.

It is the event's payload under `dlq.<subject>` with the event's own headers and ours added. Its id
is derived from the consumer and the event, so that writing it twice stores it once.
"""

from __future__ import annotations

from kioku_rt.events import headers
from kioku_rt.events.jetstream.bus import EventBus
from kioku_rt.events.outcome import Dead, Event, Letter, whole

STREAM = "DLQ"
PREFIX = "dlq."


async def write_letter(
    bus: EventBus, event: Event, dead: Dead, *, consumer: str, letter: Letter = whole
) -> None:
    """Store the letter of one event.

    Args:
        letter: what it holds of the event's payload.

    Raises:
        DependencyDown: the event log does not answer.
    """
    await bus.publish(
        PREFIX + event.subject,
        letter(event),
        event_id=f"dlq-{consumer}-{event.id}",
        headers={
            **headers.passed_on(event.headers),
            headers.REASON: dead.reason.value,
            headers.MESSAGE: headers.header_text(dead.message),
            headers.CONSUMER: consumer,
            headers.ATTEMPTS: str(event.attempt),
            headers.EVENT_ID: event.id,
        },
    )
