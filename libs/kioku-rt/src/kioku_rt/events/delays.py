"""Delays that grow and are spread, so that many failures do not come back together."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence

RETRY_DELAYS = (1.0, 5.0, 30.0, 60.0, 120.0)


def jittered(delay: float) -> float:
    """`delay` seconds, 20 % less to 20 % more, evenly."""
    return delay * random.uniform(0.8, 1.2)


def retry_delay(attempt: int, delays: Sequence[float] = RETRY_DELAYS) -> float:
    """Seconds to wait after failed attempt number `attempt` (1 for the first), jittered."""
    return jittered(delays[min(attempt, len(delays)) - 1])


async def sleep_unless(stop: asyncio.Event, seconds: float) -> bool:
    """Sleep; False if `stop` was set before the time was over."""
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return True
    return False
