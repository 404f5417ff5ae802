"""An event whose worker died on every attempt ends as a dead letter too, with its owner told.

The server says so by an advisory (kept in a stream of its own, so that nobody has to be listening)
that holds only the event's place; the event is fetched from there. Advisories come with the next
pull after the last attempt ran out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import structlog

from kioku_rt.events.headers import event_id
from kioku_rt.events.jetstream.bus import EventBus
from kioku_rt.events.letters import write_letter
from kioku_rt.events.outcome import Ack, Dead, Event, Letter, OnDead, Outcome, whole
from kioku_rt.events.topology import ConsumerSpec
from kioku_rt.events.worker import Worker
from kioku_rt.reasons import CATALOGUE, Reason

log = structlog.get_logger(__name__)


class AdvisoryFeeder:
    """The handler of a service's MAX_DELIVERIES advisories.

    Args:
        bus: of the events and of the letters.
        on_dead: by durable consumer: what the worker of that consumer calls for a dead event.
        letters: likewise, what a letter holds of the event's payload, if that is not all.
    """

    def __init__(
        self,
        bus: EventBus,
        on_dead: Mapping[str, OnDead],
        letters: Mapping[str, Letter] | None = None,
    ) -> None:
        self._bus = bus
        self._on_dead = on_dead
        self._letters = letters or {}

    async def handle(self, advisory: Event) -> Outcome:
        """Write the letter of the event that the advisory names; idempotent."""
        named = json.loads(advisory.payload)
        event = await self._event(named["stream"], named["stream_seq"], named["deliveries"])
        if event is None:
            log.warning("events.exhausted_and_gone", advisory=named)
            return Ack()
        dead = Dead(Reason.ATTEMPTS_EXHAUSTED, CATALOGUE[Reason.ATTEMPTS_EXHAUSTED].meaning)
        consumer = named["consumer"]
        if consumer in self._on_dead:
            await self._on_dead[consumer](event, dead)
        letter = self._letters.get(consumer, whole)
        await write_letter(self._bus, event, dead, consumer=consumer, letter=letter)
        return Ack()

    async def _event(self, stream: str, sequence: int, deliveries: int) -> Event | None:
        stored = await self._bus.stored(stream, sequence)
        if stored is None:
            return None
        return Event(
            id=event_id(stored.headers, stream, sequence),
            subject=stored.subject,
            payload=stored.payload,
            attempt=deliveries,
            headers=stored.headers,
            stream_sequence=sequence,
        )

    def worker(self, consumer: ConsumerSpec) -> Worker:
        """The worker to run beside the service's own; `consumer` is its `…-exhausted`."""
        return Worker(self._bus, consumer, self.handle, slots=4, handler_timeout=10.0)
