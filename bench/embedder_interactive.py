"""What bulk work costs a person who searches meanwhile.

One interactive text query at a time, first alone, then beside a stream of pictures that never ends.
Target: p99 under load <= p99 idle + one bulk pass (on a CPU about 100 ms, or one image).

`python -m bench.embedder_interactive [--model base|tiny] [--queries 150]`
"""

from __future__ import annotations

import argparse
import asyncio
import random
import time
from typing import Any

from kioku.embedder.v1 import embedder_service_pb2 as pb

from bench.embedder_stage import checkpoint_folder, draw_jpegs, percentile, served, stream_pictures


async def query_times(stub: Any, count: int) -> list[float]:
    """Milliseconds of each query, with random pauses, so that they meet every phase of a pass."""
    dice = random.Random(5)
    times = []
    for number in range(count):
        await asyncio.sleep(dice.uniform(0.0, 0.2))
        started = time.perf_counter()
        await stub.EmbedText(pb.EmbedTextRequest(text=f"a red cat number {number}"))
        times.append(1000 * (time.perf_counter() - started))
    return times


async def measure(kind: str, queries: int) -> None:
    """Prints one model's line."""
    pictures = draw_jpegs(16)
    with checkpoint_folder(kind, whole_text=True) as folder:
        async with served(folder) as embedder:
            await query_times(embedder.stub, 10)
            idle = await query_times(embedder.stub, queries)
            bulk = asyncio.create_task(stream_pictures(embedder.stub, pictures, 3600))
            await asyncio.sleep(3)
            loaded = await query_times(embedder.stub, queries)
            bulk.cancel()
            await asyncio.gather(bulk, return_exceptions=True)
            answers = await stream_pictures(embedder.stub, pictures, 3)
    passes = [answer.timing.inference_ms for _, answer in answers]
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
    parser.add_argument("--queries", type=int, default=150)
    options = parser.parse_args()
    for kind in [options.model] if options.model else ["base", "tiny"]:
        await measure(kind, options.queries)


if __name__ == "__main__":
    asyncio.run(main())
