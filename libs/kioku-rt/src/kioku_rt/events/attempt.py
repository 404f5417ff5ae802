"""One run of a handler always ends, in time, with an outcome."""

from __future__ import annotations

import asyncio

import structlog

from kioku_rt.errors import DependencyDown, KiokuError
from kioku_rt.events import metrics
from kioku_rt.events.outcome import Dead, Event, Handler, Outcome, Retry, Wait
from kioku_rt.reasons import CATALOGUE, Reason

log = structlog.get_logger(__name__)


def outcome_of(error: Exception) -> Outcome:
    """What a handler's exception means: an outage, a refusal, or a bug (which may pass)."""
    match error:
        case DependencyDown():
            return Wait(error.dependency)
        case KiokuError() if CATALOGUE[error.reason].retryable:
            return Retry(error.reason, error.message, error.retry_after)
        case KiokuError():
            return Dead(error.reason, error.message)
        case _:
            return Retry(Reason.INTERNAL, CATALOGUE[Reason.INTERNAL].meaning)


async def attempt(handler: Handler, event: Event, *, seconds: float, consumer: str) -> Outcome:
    """Run `handler` once, for at most `seconds`.

    A timeout is Retry DEADLINE_EXCEEDED; cancellation passes through.
    """
    with metrics.HANDLER_SECONDS.labels(consumer).time():
        try:
            async with asyncio.timeout(seconds) as limit:
                return await handler(event)
        except Exception as error:
            if limit.expired():
                return Retry(Reason.DEADLINE_EXCEEDED, f"The step took longer than {seconds:g} s.")
            outcome = outcome_of(error)
            if isinstance(outcome, Retry) and outcome.reason is Reason.INTERNAL:
                log.exception("events.handler_failed", consumer=consumer, event_id=event.id)
            return outcome
