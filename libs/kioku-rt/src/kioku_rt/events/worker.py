"""A worker loses no event and holds no more than its slots, whatever stops or restarts around it.

It fetches as many events as it has free slots, keeps what it holds by heartbeats, settles each by
its handler's outcome, and on `stop` finishes what has begun and returns what has not.

=====================  ============================================================================
outcome                what happens
=====================  ============================================================================
Ack                    acknowledged, and the acknowledgement confirmed
Retry                  delivered again after a growing, jittered delay; the sixth is Dead
Dead                   `on_dead`, then a dead letter, then terminated
Wait, DependencyDown   kept; nothing new is fetched; the handler runs again when the probe answers
Elsewhere              given back after its delay, its attempts as they were or fresh
handler timeout        Retry DEADLINE_EXCEEDED
other KiokuError       Retry if the catalogue calls its reason retryable, else Dead
any other exception    a bug: Retry INTERNAL, logged with its traceback
=====================  ============================================================================
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence

import structlog

from kioku_rt.errors import DependencyDown
from kioku_rt.events import metrics
from kioku_rt.events.attempt import attempt
from kioku_rt.events.delays import RETRY_DELAYS, jittered, sleep_unless
from kioku_rt.events.headers import ONLY_FOR
from kioku_rt.events.heartbeat import Heartbeat
from kioku_rt.events.jetstream.bus import EventBus
from kioku_rt.events.jetstream.delivery import Delivery
from kioku_rt.events.jetstream.pull import Pull, PullEnded
from kioku_rt.events.outage import Outage, Probe
from kioku_rt.events.outcome import (
    Ack,
    Dead,
    Elsewhere,
    Event,
    Handler,
    Letter,
    OnDead,
    Outcome,
    Retry,
    Wait,
    whole,
)
from kioku_rt.events.settle import Settler
from kioku_rt.events.topology import ConsumerSpec
from kioku_rt.events.trace import handling

REBIND_SECONDS = 0.5

log = structlog.get_logger(__name__)


class Worker:
    """One consumer's events, handled by at most `slots` runs of `handler` at a time.

    Raises ValueError when the bus does not declare `consumer`.

    Args:
        bus: whose topology holds `consumer`.
        consumer: the durable to read.
        handler: one event -> one outcome; effects are its own affair.
        slots: handlers at once.
        handler_timeout: seconds for one run of the handler.
        on_dead: awaited before the dead letter is written (it publishes `asset.failed`).
        retry_delays: seconds before the second, third, … delivery; jittered.
        probe: whether the dependencies answer, asked while one is down.
        letter: what a dead letter holds of an event's payload.
    """

    def __init__(
        self,
        bus: EventBus,
        consumer: ConsumerSpec,
        handler: Handler,
        *,
        slots: int,
        handler_timeout: float,
        on_dead: OnDead | None = None,
        retry_delays: Sequence[float] = RETRY_DELAYS,
        probe: Probe | None = None,
        letter: Letter = whole,
    ) -> None:
        if consumer not in bus.topology.consumers:
            raise ValueError(f"the bus does not declare the consumer {consumer.durable}")
        self._bus = bus
        self._spec = consumer
        self._handler = handler
        self._slots = slots
        self._handler_timeout = handler_timeout
        self._outage = Outage(probe)
        self._settler = Settler(bus, consumer, on_dead, retry_delays, letter)
        self._running: set[asyncio.Task[None]] = set()
        self._clock = metrics.FetchClock(consumer.durable)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set, then drain; returns when nothing is in hand any more.

        Cancelled, it returns what is in hand to the event log and ends at once.
        """
        async with asyncio.TaskGroup() as handlers:
            while not stop.is_set():
                try:
                    await self._work(stop, handlers)
                except PullEnded as ended:
                    log.info("events.rebind", consumer=self._spec.durable, why=str(ended))
                    if ended.suspect:
                        self._bus.reset()
                        await sleep_unless(stop, jittered(REBIND_SECONDS))
                except DependencyDown:
                    await sleep_unless(stop, jittered(REBIND_SECONDS))

    async def _work(self, stop: asyncio.Event, handlers: asyncio.TaskGroup) -> None:
        """Work on one subscription until it ends or `stop` is set."""
        pull = await Pull.open(self._bus, self._spec)
        waker = asyncio.create_task(_interrupt_on(stop, pull))
        try:
            while not stop.is_set():
                if pull.idle:
                    await self._free_slot()
                self._clock.tick()
                delivery = await pull.next(self._slots - len(self._running))
                if delivery is not None:
                    self._begin(delivery, stop, handlers)
        finally:
            waker.cancel()
            left = await pull.close()
            await asyncio.gather(*(self._settler.give_back(delivery) for delivery in left))

    async def _free_slot(self) -> None:
        """Return when a slot is free and nothing in hand waits for a dependency.

        An open request never asks for more than the free slots, so what arrives by it can begin.
        """
        while self._running and (len(self._running) >= self._slots or self._outage.on):
            await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)

    def _begin(self, delivery: Delivery, stop: asyncio.Event, handlers: asyncio.TaskGroup) -> None:
        task = handlers.create_task(self._handle(delivery, stop))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _handle(self, delivery: Delivery, stop: asyncio.Event) -> None:
        durable, event = self._spec.durable, delivery.event
        metrics.DELIVERIES.labels(durable, str(event.attempt > 1).lower()).inc()
        with metrics.IN_FLIGHT.labels(durable).track_inprogress(), handling(event, durable):
            async with Heartbeat(delivery, self._spec.ack_wait):
                started = time.monotonic()
                try:
                    outcome = await self._outcome(event, stop)
                    _tell(event, durable, outcome, time.monotonic() - started)
                    await self._settler.settle(delivery, outcome, stop)
                except asyncio.CancelledError:
                    await self._settler.give_back(delivery)
                    raise

    async def _outcome(self, event: Event, stop: asyncio.Event) -> Outcome:
        """The handler's outcome, after however many outages; Wait only when stopping."""
        if event.headers.get(ONLY_FOR, self._spec.durable) != self._spec.durable:
            return Ack()
        waited = False
        while True:
            outcome = await attempt(
                self._handler, event, seconds=self._handler_timeout, consumer=self._spec.durable
            )
            if isinstance(outcome, Wait) and not stop.is_set():
                waited = True
                await self._outage.wait(outcome.dependency, stop)
                continue
            if waited:
                self._outage.got_through()
            return outcome


async def _interrupt_on(stop: asyncio.Event, pull: Pull) -> None:
    await stop.wait()
    pull.interrupt()


def _tell(event: Event, consumer: str, outcome: Outcome, seconds: float) -> None:
    """The one line that each delivery has in the log."""
    why: dict[str, str] = {}
    if isinstance(outcome, Retry | Dead):
        why = {"reason": outcome.reason.value}
    elif isinstance(outcome, Elsewhere):
        why = {"why": outcome.why}
    log.log(
        logging.WARNING if isinstance(outcome, Dead) else logging.INFO,
        "event",
        consumer=consumer,
        subject=event.subject,
        event_id=event.id,
        attempt=event.attempt,
        outcome=type(outcome).__name__.lower(),
        **why,
        ms=round(seconds * 1000, 1),
    )
