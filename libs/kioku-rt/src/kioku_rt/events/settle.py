"""Every outcome is carried out, in an order that can be cut anywhere without losing the event.

A dead event: `on_dead` (the owner's state says so), then the letter, then the termination; cut
in between, the event is delivered again and the rest repeats under the same ids.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial

import structlog

from kioku_rt.errors import DependencyDown
from kioku_rt.events import metrics
from kioku_rt.events.delays import retry_delay, sleep_unless
from kioku_rt.events.headers import EVENT_ID, ONLY_FOR, passed_on
from kioku_rt.events.jetstream.bus import EventBus
from kioku_rt.events.jetstream.delivery import Delivery
from kioku_rt.events.letters import write_letter
from kioku_rt.events.outcome import (
    Ack,
    Dead,
    Elsewhere,
    Event,
    Letter,
    OnDead,
    Outcome,
    Retry,
    Wait,
    whole,
)
from kioku_rt.events.topology import ConsumerSpec

AGAIN_SECONDS = 0.1
LAST_TRIES = 10

log = structlog.get_logger(__name__)


class Settler:
    """Carries out the outcomes of one consumer's events."""

    def __init__(
        self,
        bus: EventBus,
        consumer: ConsumerSpec,
        on_dead: OnDead | None,
        retry_delays: Sequence[float],
        letter: Letter = whole,
    ) -> None:
        self._bus = bus
        self._spec = consumer
        self._on_dead = on_dead
        self._retry_delays = retry_delays
        self._letter = letter

    async def settle(self, delivery: Delivery, outcome: Outcome, stop: asyncio.Event) -> None:
        """Carry `outcome` out; while the event log is away, until it is back or `stop` is set."""
        match outcome:
            case Ack():
                self._count("ack")
                await self._surely(delivery.ack, stop)
            case Retry() if delivery.event.attempt < self._spec.max_deliver:
                await self._retry(delivery, outcome, stop)
            case Retry():
                await self._bury(delivery, Dead(outcome.reason, outcome.message), stop)
            case Dead():
                await self._bury(delivery, outcome, stop)
            case Wait():
                await self.give_back(delivery)
            case Elsewhere():
                await self._surely(partial(self._pass_on, delivery, outcome.delay), stop)

    async def give_back(self, delivery: Delivery) -> None:
        """Let another worker have it at once, without having tried it.

        Each delivery counts as an attempt, so on the last one it goes back as a copy for this
        consumer alone; otherwise stopping could kill an event that nobody ever tried.
        """
        self._count("returned")
        with suppress(DependencyDown):
            if delivery.event.attempt >= self._spec.max_deliver:
                await self._copy(delivery.event)
                await delivery.term()
            else:
                await delivery.nak()

    async def _pass_on(self, delivery: Delivery, delay: float) -> None:
        """Let another process have it, now or after `delay`.

        Each delivery counts as an attempt, so one that was delivered before goes back as a copy,
        at once: whoever can do the work has nearly all attempts for it, however often the event
        went by the others. The copy's own first delivery is what waits.
        """
        self._count("elsewhere")
        if delivery.event.attempt > 1:
            await self._copy(delivery.event)
            await delivery.term()
        else:
            await delivery.nak(delay)

    async def _copy(self, event: Event) -> None:
        headers = {
            **passed_on(event.headers),
            EVENT_ID: event.id,
            ONLY_FOR: self._spec.durable,
        }
        await self._bus.publish(
            event.subject,
            event.payload,
            event_id=f"{event.id}-again-{event.stream_sequence}",
            headers=headers,
        )

    async def _retry(self, delivery: Delivery, outcome: Retry, stop: asyncio.Event) -> None:
        self._count("retry", outcome.reason)
        delay = outcome.delay
        if delay is None:
            delay = retry_delay(delivery.event.attempt, self._retry_delays)
        await self._surely(partial(delivery.nak, delay), stop)

    async def _bury(self, delivery: Delivery, dead: Dead, stop: asyncio.Event) -> None:
        self._count("dead", dead.reason)
        event, durable = delivery.event, self._spec.durable
        write = partial(write_letter, self._bus, event, dead, consumer=durable, letter=self._letter)
        done = (
            await self._surely(partial(self._tell, event, dead), stop)
            and await self._surely(write, stop)
            and await self._surely(delivery.term, stop)
        )
        if not done:
            log.warning("events.burial_postponed", event_id=event.id)

    async def _tell(self, event: Event, dead: Dead) -> None:
        if self._on_dead is None:
            return
        try:
            await self._on_dead(event, dead)
        except DependencyDown:
            raise
        except Exception:
            # The letter must be written all the same: it is what a person can find and replay.
            log.exception("events.on_dead_failed", event_id=event.id)
            self._count("on_dead_failed", dead.reason)

    async def _surely(self, action: Callable[[], Awaitable[None]], stop: asyncio.Event) -> bool:
        """Repeat `action` while a dependency is down; gives up soon once `stop` is set.

        What was given up is delivered again after `ack_wait`: its effect is idempotent.
        """
        tries_left = LAST_TRIES
        while tries_left:
            try:
                await action()
            except DependencyDown:
                if stop.is_set():
                    tries_left -= 1
                    await asyncio.sleep(AGAIN_SECONDS)
                else:
                    await sleep_unless(stop, AGAIN_SECONDS)
            else:
                return True
        return False

    def _count(self, outcome: str, reason: str = "") -> None:
        metrics.OUTCOMES.labels(self._spec.durable, outcome, reason).inc()
