"""What bulk work costs a person who searches meanwhile.

One interactive text query at a time, alone and beside a stream of pictures that never ends, turn
about in rounds, so that whatever else the machine does meets both. Target: p99 under load <= p99
idle + one bulk pass (on a CPU about 100 ms, or one image).

`python -m bench.embedder_interactive [--model base|tiny] [--rounds 4] [--queries 40]`
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import random
import time
from collections.abc import AsyncIterator
from typing import Any

from kioku.embedder.v1 import embedder_service_pb2 as pb

from bench.embedder_stage import checkpoint_folder, draw_jpegs, percentile, served


async def query_times(stub: Any, count: int, dice: random.Random) -> list[float]:
    """Milliseconds of each query, with random pauses, so that they meet every phase of a pass."""
    times = []
    for number in range(count):
        await asyncio.sleep(dice.uniform(0.0, 0.2))
        started = time.perf_counter()
        await stub.EmbedText(pb.EmbedTextRequest(text=f"a red cat number {number}"))
        times.append(1000 * (time.perf_counter() - started))
    return times


async def beside_bulk(
    stub: Any, pictures: list[bytes], count: int, dice: random.Random
) -> tuple[list[float], list[float]]:
    """Milliseconds of each query beside a stream, and of the stream's passes."""
    passes: list[float] = []

    async def endless() -> AsyncIterator[pb.EmbedImagesRequest]:
        for number in itertools.count():
            yield pb.EmbedImagesRequest(key="", image=pictures[number % len(pictures)])

    async def bulk() -> None:
        async for answer in stub.EmbedImages(endless()):
            passes.append(answer.timing.inference_ms)  # noqa: PERF401 - kept when cancelled

    running = asyncio.create_task(bulk())
    await asyncio.sleep(1.5)
    times = await query_times(stub, count, dice)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return times, passes


async def measure(kind: str, rounds: int, queries: int) -> None:
    """Prints one model's line."""
    pictures, dice = draw_jpegs(16), random.Random(5)
    idle: list[float] = []
    loaded: list[float] = []
    passes: list[float] = []
    with checkpoint_folder(kind, whole_text=True) as folder:
        async with served(folder) as embedder:
            await query_times(embedder.stub, 5, dice)
            for _ in range(rounds):
                idle += await query_times(embedder.stub, queries, dice)
                times, seen = await beside_bulk(embedder.stub, pictures, queries, dice)
                loaded += times
                passes += seen
                await asyncio.sleep(1)
    report(kind, idle, loaded, passes)


def report(kind: str, idle: list[float], loaded: list[float], passes: list[float]) -> None:
    """Prints the comparison."""
    one_pass = percentile(passes, 0.99)
    allowed = percentile(idle, 0.99) + one_pass
    reached = percentile(loaded, 0.99)
    verdict = "within" if reached <= allowed else "ABOVE"
    print(
        f"{kind}: a query idle p50 {percentile(idle, 0.5):.1f} p99 {percentile(idle, 0.99):.1f} ms;"
        f" under bulk load p50 {percentile(loaded, 0.5):.1f} p99 {reached:.1f} ms;"
        f" one bulk pass p50 {percentile(passes, 0.5):.1f} p99 {one_pass:.1f} ms;"
        f" {verdict} the allowed {allowed:.1f} ms"
    )


async def main() -> None:
    """Measures the models asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=["base", "tiny"])
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--queries", type=int, default=40)
    options = parser.parse_args()
    for kind in [options.model] if options.model else ["base", "tiny"]:
        await measure(kind, options.rounds, options.queries)


if __name__ == "__main__":
    asyncio.run(main())
