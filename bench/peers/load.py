"""Closed and open load on one side: what came back, when, and at what cost."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

from bench.peers.side import Refused, Side, cpu_seconds


@dataclass
class Slice:
    """What one side did in one stretch of load.

    Args:
        seconds: from the first request to the last answer.
        cpu_seconds: of the server's processes meanwhile.
        milliseconds: of each answered request; with open load counted from when it was due, so
            that a server that falls behind cannot hide the wait (coordinated omission).
        failed: requests that were refused or not answered in time.
    """

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    milliseconds: list[float] = field(default_factory=list)
    failed: int = 0

    @property
    def rate(self) -> float:
        """Images answered per second."""
        return len(self.milliseconds) / self.seconds if self.seconds else 0.0

    @property
    def cpu_per_image(self) -> float:
        """CPU-seconds for each answered image."""
        return self.cpu_seconds / max(len(self.milliseconds), 1)


async def closed_loop(side: Side, pictures: list[bytes], clients: int, seconds: float) -> Slice:
    """So many clients, each asking again as soon as it has its answer."""
    result = Slice()
    cpu, started = cpu_seconds(side.pid), time.perf_counter()
    turn = iter(range(1_000_000_000))

    async def client() -> None:
        while time.perf_counter() - started < seconds:
            await _one(side, pictures[next(turn) % len(pictures)], time.perf_counter(), result)

    await asyncio.gather(*(client() for _ in range(clients)))
    return _ended(result, side, cpu, started)


async def open_loop(side: Side, pictures: list[bytes], rate: float, seconds: float) -> Slice:
    """Requests at a constant rate, whether or not the earlier ones were answered."""
    result = Slice()
    cpu, started = cpu_seconds(side.pid), time.perf_counter()
    async with asyncio.TaskGroup() as requests:
        for number in range(int(rate * seconds)):
            due = started + number / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            picture = pictures[number % len(pictures)]
            requests.create_task(_one(side, picture, due, result))
    return _ended(result, side, cpu, started)


def joined(slices: list[Slice]) -> Slice:
    """Several stretches of the same load as one."""
    return Slice(
        sum(each.seconds for each in slices),
        sum(each.cpu_seconds for each in slices),
        [time_taken for each in slices for time_taken in each.milliseconds],
        sum(each.failed for each in slices),
    )


async def _one(side: Side, picture: bytes, since: float, result: Slice) -> None:
    try:
        await side.embed(picture)
    except (Refused, TimeoutError):
        result.failed += 1
    else:
        result.milliseconds.append(1000 * (time.perf_counter() - since))


def _ended(result: Slice, side: Side, cpu: float, started: float) -> Slice:
    result.seconds = time.perf_counter() - started
    result.cpu_seconds = cpu_seconds(side.pid) - cpu
    return result
