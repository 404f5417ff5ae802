"""The job that makes webhook calls: at least once each, in parallel, none waiting for another's."""

from __future__ import annotations

import asyncio
import random

import structlog

from kioku_vlm.notifying.delivery import Delivery, DeliveryRules, judged
from kioku_vlm.notifying.metrics import WEBHOOK_CALLS
from kioku_vlm.notifying.ports import Deliveries, Receiver

log = structlog.get_logger(__name__)
LEASE_SECONDS = 60.0
"""Longer than any call: whoever was killed with calls in hand loses them for so long."""


class Telling:
    """Makes the calls that are due.

    Args:
        at_once: calls in parallel.
    """

    def __init__(
        self,
        deliveries: Deliveries,
        receiver: Receiver,
        rules: DeliveryRules | None = None,
        *,
        at_once: int = 8,
    ) -> None:
        self._deliveries = deliveries
        self._receiver = receiver
        self._rules = rules or DeliveryRules()
        self._at_once = at_once

    async def round(self) -> int:
        """Make every call that is due; how many were made.

        Raises:
            DependencyDown: the database does not answer; calls in hand come again.
        """
        made = 0
        while due := await self._deliveries.due(self._at_once, LEASE_SECONDS):
            ends = await asyncio.gather(*map(self._tell, due), return_exceptions=True)
            for broken in (end for end in ends if end is not None):
                raise broken
            made += len(due)
        return made

    async def _tell(self, delivery: Delivery) -> None:
        answer = await self._receiver.tell(delivery)
        verdict = judged(delivery, answer, self._rules, random.random())
        WEBHOOK_CALLS.labels(verdict.state.value).inc()
        log.info(
            "webhook.call",
            delivery_id=str(delivery.delivery_id),
            attempt=delivery.attempt,
            status=answer.status,
            state=verdict.state.value,
            reason=verdict.reason or "",
        )
        await self._deliveries.settle(delivery, answer, verdict)
