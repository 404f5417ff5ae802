"""Promise: good work never dies because the wrong process got it; bad input dies at once.

What came of embedding one event in one space, in the event log's words. A process that does not
serve the space, or whose second model is busy or broken, gives the event back and uses no attempt,
for the consumer is shared by all embedders, whatever models they have. Nobody can know that no
such embedder exists at all, so an event for a foreign space ends after a stated time.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import time

from google.protobuf.timestamp_pb2 import Timestamp
from kioku_rt.errors import DependencyDown, KiokuError
from kioku_rt.events import Ack, Dead, Elsewhere, Outcome, Retry, Wait
from kioku_rt.reasons import CATALOGUE, Reason

FOREIGN_SECONDS = 3600.0
_SHORTEST, _LONGEST = 1.0, 60.0

# Ours to sort out, not the picture's fault: the event stays until the engine can take it.
ENGINE_BUSY = frozenset({Reason.OVERLOADED, Reason.MODEL_UNAVAILABLE})
_ENGINES_OWN = "image decoder"  # the dependency that each model of a process has for itself

# Not retryable for a caller, who would ask the same again; here another process may do better.
MAY_PASS = frozenset({Reason.ENGINE_OUT_OF_MEMORY, Reason.INTERNAL, Reason.SPACE_NOT_SERVED})


@dataclass(frozen=True)
class Standing:
    """What decides over an event besides what went wrong.

    Args:
        age: seconds since it was made; None where it does not say.
        main: whether its space is the one that the process lives by.
        foreign_seconds: age up to which an event for a space of nobody here is given back.
    """

    age: float | None
    main: bool
    foreign_seconds: float = FOREIGN_SECONDS

    @property
    def delay(self) -> float:
        """Seconds until the event is to be seen again; longer, the older it is."""
        return min(_LONGEST, max(_SHORTEST, (self.age or 0.0) / 4))


async def as_outcome(work: Callable[[], Awaitable[None]], standing: Standing) -> Outcome:
    """What came of embedding: done, wait for what is down, somebody else's, again, or never."""
    try:
        await work()
    except DependencyDown as down:
        if down.dependency == _ENGINES_OWN and not standing.main:
            return Elsewhere(down.dependency, standing.delay)
        return Wait(down.dependency)
    except KiokuError as error:
        return _of(error, standing)
    return Ack()


def age_of(stamp: Timestamp) -> float | None:
    """Seconds since that moment, at least 0; None for a moment that was not given."""
    made = stamp.seconds + stamp.nanos / 1e9
    return max(0.0, time() - made) if made else None


def _of(error: KiokuError, standing: Standing) -> Outcome:
    if error.reason in ENGINE_BUSY:
        if standing.main:
            return Wait("engine")
        return Elsewhere("engine", standing.delay)
    if error.reason is Reason.SPACE_NOT_SERVED and standing.age is not None:
        if standing.age < standing.foreign_seconds:
            return Elsewhere("space", standing.delay)
        return Dead(error.reason, error.message)
    if CATALOGUE[error.reason].retryable or error.reason in MAY_PASS:
        return Retry(error.reason, error.message)
    return Dead(error.reason, error.message)
