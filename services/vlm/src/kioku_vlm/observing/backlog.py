"""Promise: what no event drives is read too: requests, repeated orders, and what a death left over.

Whoever waits for an answer comes first. The database is the queue: a row that is PENDING and that
nobody holds is work, so nothing is lost with a process, and nothing is read twice at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog
from kioku_rt.errors import DependencyDown, KiokuError
from kioku_rt.events.delays import sleep_unless
from kioku_rt.reasons import CATALOGUE, Reason

from kioku_vlm.metrics import ATTEMPTS
from kioku_vlm.observing.observation import Claim, Effect
from kioku_vlm.observing.observing import NOT_NOW, Claims, Observing

MOST_ATTEMPTS = 6
"""The first and five more, as for events."""
_DOWN_SECONDS = 1.0
log = structlog.get_logger(__name__)


class Backlog:
    """Reads what waits in the database.

    Args:
        bell: rung when something was ordered in this process.
        slots: readings of it at a time.
        every: seconds after which it is looked without the bell.
        delays: seconds before the second, third, … attempt.
    """

    def __init__(
        self,
        claims: Claims,
        observing: Observing,
        bell: asyncio.Event,
        *,
        slots: int,
        every: float,
        delays: Sequence[float],
    ) -> None:
        self._claims = claims
        self._observing = observing
        self._bell = bell
        self._slots = slots
        self._every = every
        self._delays = delays
        self._running: set[asyncio.Task[None]] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set, then finish what is in hand."""
        async with asyncio.TaskGroup() as readings:
            waker = asyncio.create_task(_ring_at(stop, self._bell))
            try:
                while not stop.is_set():
                    await self._round(readings, stop)
            finally:
                waker.cancel()

    async def _round(self, readings: asyncio.TaskGroup, stop: asyncio.Event) -> None:
        """Take what there is a slot for, then wait for the bell, a slot or the time."""
        self._bell.clear()
        try:
            while len(self._running) < self._slots and not stop.is_set():
                claim = await self._claims.take_next()
                if claim is None:
                    break
                self._begin(claim, readings)
        except DependencyDown as down:
            log.warning("backlog.waits", dependency=down.dependency)
            await sleep_unless(stop, _DOWN_SECONDS)
            return
        await self._wait()

    def _begin(self, claim: Claim, readings: asyncio.TaskGroup) -> None:
        task = readings.create_task(self._read(claim))
        self._running.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._bell.set()

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(self._every):
                await self._bell.wait()
        except TimeoutError:
            return

    async def _read(self, claim: Claim) -> None:
        """One attempt, and what is to become of it."""
        try:
            effect: Effect | str = await self._attempt(claim)
        except DependencyDown as down:
            effect = "waits"
            log.warning("backlog.waits", dependency=down.dependency)
        ATTEMPTS.labels("backlog", str(effect)).inc()

    async def _attempt(self, claim: Claim) -> Effect | str:
        delay = self._delays[min(claim.attempts, len(self._delays)) - 1]
        try:
            return await self._observing.observe(claim, retry_delay=delay)
        except DependencyDown:
            raise
        except KiokuError as error:
            if error.reason in NOT_NOW:
                return "waits"
            if not CATALOGUE[error.reason].retryable:
                return "failed"  # and stored as such
            reason, message = error.reason, error.message
        except Exception:
            log.exception("backlog.failed", observation_id=str(claim.observation_id))
            reason, message = Reason.INTERNAL, ""
        if claim.attempts < MOST_ATTEMPTS:
            return "later"
        await self._observing.fail(claim, reason, message)
        return "failed"


async def _ring_at(stop: asyncio.Event, bell: asyncio.Event) -> None:
    await stop.wait()
    bell.set()
