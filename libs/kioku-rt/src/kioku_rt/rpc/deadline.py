"""Every call ends in bounded time, and what it calls in turn ends before it does."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar

from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason

# When the call being served must be over, in the event loop's time.
_ends_at: ContextVar[float] = ContextVar("kioku_deadline")
# Left for ourselves, so that the caller hears our answer and not only its own timer.
_MARGIN_SECONDS = 0.02


def end_at(loop_time: float) -> None:
    """Note when the current call must be over; the rpc guard does this."""
    _ends_at.set(loop_time)


def remaining_time() -> float | None:
    """Give the seconds the call being served has left (0 when none), or None outside a call."""
    ends_at = _ends_at.get(None)
    if ends_at is None:
        return None
    return max(0.0, ends_at - asyncio.get_running_loop().time())


def clamp(timeout: float) -> float:
    """Shorten an outgoing call's timeout to what the inbound call has left, less a margin.

    Raises:
        KiokuError: DEADLINE_EXCEEDED when nothing is left (gRPC would take 0 for no deadline).
    """
    remaining = remaining_time()
    clamped = timeout if remaining is None else min(timeout, remaining - _MARGIN_SECONDS)
    if clamped <= 0:
        raise KiokuError(Reason.DEADLINE_EXCEEDED)
    return clamped
