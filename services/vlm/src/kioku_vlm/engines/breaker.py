"""Promise: a dead model costs a few pictures their time, not every picture its own.

A circuit breaker (M. Nygard, "Release It!"): after failures in a row nobody is let through for a
while; then one probe is, and what becomes of it decides for all.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from enum import StrEnum
from time import monotonic
from typing import TypeVar

from kioku_vlm.engines.failure import AnswerUnusable, ModelDown

Done = TypeVar("Done")


class State(StrEnum):
    """Whether the model is asked."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class Breaker:
    """Of one model.

    Args:
        most_failures: in a row before nobody asks.
        most_unusable: answers in a row that were of no use before nobody asks: one picture may be
            too hard, a row of them is a server that does not do what it is asked.
        seconds: until a probe.
        clock: seconds that only go forward.
    """

    def __init__(
        self,
        *,
        most_failures: int = 3,
        most_unusable: int = 8,
        seconds: float = 30.0,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._most_failures = most_failures
        self._most_unusable = most_unusable
        self._seconds = seconds
        self._clock = clock
        self._failures = 0
        self._unusable = 0
        self._opened_at: float | None = None
        self._probing = False

    @property
    def state(self) -> State:
        """At this moment."""
        if self._opened_at is None:
            return State.CLOSED
        waited = self._clock() - self._opened_at
        return State.HALF_OPEN if waited >= self._seconds else State.OPEN

    @property
    def wait_seconds(self) -> float:
        """Until the next probe; 0: at once."""
        if self._opened_at is None:
            return 0.0
        return max(0.0, self._opened_at + self._seconds - self._clock())

    async def run(self, call: Callable[[], Awaitable[Done]]) -> Done:
        """The result of a call to the model.

        Raises:
            ModelDown: it was not let through, or says so itself.
            AnswerUnusable: as the call says.
        """
        probe = self._admitted()
        try:
            done = await call()
        except ModelDown:
            self._failures += 1
            self._judge(probe, self._failures >= self._most_failures)
            raise
        except AnswerUnusable:
            self._failures = 0
            self._unusable += 1
            self._judge(probe, self._unusable >= self._most_unusable)
            raise
        except BaseException:
            if probe:  # it says nothing of the model, and the next one may probe
                self._probing = False
            raise
        self._close()
        return done

    def _admitted(self) -> bool:
        """Whether this call is the probe; raises ModelDown where it may not go."""
        state = self.state
        if state is State.CLOSED:
            return False
        if state is State.OPEN or self._probing:
            raise ModelDown(
                "The model did not answer lately and is asked again in a while.",
                retry_after=max(1.0, self.wait_seconds),
            )
        self._probing = True
        return True

    def _judge(self, probe: bool, enough: bool) -> None:
        """After a failure: a probe that failed opens again, whatever the count."""
        if probe:
            self._probing = False
        if probe or (enough and self._opened_at is None):
            self._opened_at = self._clock()

    def _close(self) -> None:
        self._failures = self._unusable = 0
        self._opened_at = None
        self._probing = False
