"""One webhook call, and what becomes of it by how the receiver answers; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from kioku_rt.reasons import Reason

_TIMEOUT, _TOO_MANY = 408, 429
_OK, _REDIRECT, _SERVER = 200, 300, 500
_MINUTE, _HOUR = 60.0, 3600.0
DELAYS = (5.0, 30.0, 2 * _MINUTE, 10 * _MINUTE, _HOUR, 3 * _HOUR, 8 * _HOUR, 12 * _HOUR)
"""Seconds between attempts: nine attempts in a little more than a day."""


class DeliveryState(StrEnum):
    """How far a delivery is."""

    PENDING = "PENDING"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"


@dataclass(frozen=True)
class Delivery:
    """One version of an observation that the app is to hear of.

    Attributes:
        delivery_id: the same for every attempt; the receiver's key against doing it twice.
        attempt: 1 for the first call.
        facts: what the body says besides: ids and counts, no words of a document.
    """

    delivery_id: UUID
    owner: str
    observation_id: UUID
    version: int
    attempt: int
    facts: Mapping[str, object]


@dataclass(frozen=True)
class Answer:
    """What a call came to.

    Attributes:
        status: HTTP status; 0: there was no answer.
        retry_after: seconds that the receiver asks to wait; None: it says nothing.
        reason: why there was no answer; None: there was one.
    """

    status: int
    retry_after: float | None = None
    reason: Reason | None = None


@dataclass(frozen=True)
class DeliveryRules:
    """When a call is made again.

    Args:
        delays: seconds before the second, third, … attempt; after the last one it is given up.
        jitter: part of a delay by which it may be longer.
        longest: seconds that a receiver may ask to wait, at most.
    """

    delays: tuple[float, ...] = DELAYS
    jitter: float = 0.2
    longest: float = 24 * _HOUR


@dataclass(frozen=True)
class Verdict:
    """What becomes of a delivery after a call; `again` only where it is PENDING."""

    state: DeliveryState
    again: timedelta | None = None
    reason: Reason | None = None


def judged(delivery: Delivery, answer: Answer, rules: DeliveryRules, luck: float) -> Verdict:
    """What becomes of a delivery.

    Any 2xx is a confirmation; 410 says that nobody wants it any more, and so does every other 4xx
    but 408 and 429: the same request will not be liked better. Redirects are not followed, so that
    a receiver cannot send us elsewhere. Everything else is tried again.

    Args:
        luck: 0 to 1, spreads attempts in time.
    """
    if _OK <= answer.status < _REDIRECT:
        return Verdict(DeliveryState.DELIVERED)
    reason = answer.reason or Reason.WEBHOOK_REFUSED
    final = _REDIRECT <= answer.status < _SERVER and answer.status not in (_TIMEOUT, _TOO_MANY)
    if final or delivery.attempt > len(rules.delays):
        return Verdict(DeliveryState.FAILED, reason=reason)
    delay = rules.delays[delivery.attempt - 1] * (1 + rules.jitter * luck)
    asked = min(answer.retry_after or 0.0, rules.longest)
    return Verdict(DeliveryState.PENDING, timedelta(seconds=max(delay, asked)), reason)
