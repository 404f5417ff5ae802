"""How much of the model's speed is left when it is a service.

Images per second over gRPC at saturation against the bare loop, JPEG decode in both, turn about in
one run. Target: at least 0.9 with SigLIP 2 base shapes; the tiny model beside it.

`python -m bench.embedder_saturation [--model base|tiny] [--seconds 12] [--turns 2]`
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import mean

from bench.embedder_stage import (
    SPECIFIED_MILLISECONDS,
    checkpoint_folder,
    draw_jpegs,
    percentile,
    served,
    stream_pictures,
)

TARGET = 0.9
BARE = "bench.embedder_bare_loop"


async def over_grpc(folder: Path, pictures: list[bytes], seconds: float) -> dict[str, float]:
    """Rate and time of an image with one stream that is never empty."""
    async with served(folder) as embedder:
        await stream_pictures(embedder.stub, pictures, 2)
        answers = await stream_pictures(embedder.stub, pictures, seconds)
    times = [answer.timing for _, answer in answers]
    failed = sum(1 for _, answer in answers if not answer.embedding)
    work = [timing.decode_ms + timing.inference_ms for timing in times]
    return {
        "rate": len(answers) / answers[-1][0],
        "failed": failed,
        "image_ms_p50": percentile(work, 0.5),
        "image_ms_p95": percentile(work, 0.95),
        "batch": mean(timing.batch_size for timing in times),
    }


def best_bare(folder: Path, seconds: float) -> dict[str, float]:
    """The yardstick at its best: batches of one and of eight, OpenMP threads that spin or sleep.

    Spinning is torch's default and the faster way on an idle machine; the service sleeps.
    """
    ways = [(batch, policy) for batch in (1, 8) for policy in ("ACTIVE", "PASSIVE")]
    loops = [bare(folder, seconds, batch, policy) for batch, policy in ways]
    return max(loops, key=lambda loop: loop["rate"])


def bare(folder: Path, seconds: float, batch: int, policy: str) -> dict[str, float]:
    """One run of the bare loop in its own process."""
    command = [sys.executable, "-m", BARE, str(folder), str(seconds), str(batch)]
    answer = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        check=True,
        text=True,
        env={**os.environ, "OMP_WAIT_POLICY": policy},
    )
    loop: dict[str, float] = json.loads(answer.stdout.splitlines()[-1])
    return loop


async def measure(kind: str, seconds: float, turns: int) -> float:
    """Prints one model's lines and gives its ratio."""
    pictures = draw_jpegs(16)
    rates: list[float] = []
    loops: list[float] = []
    with checkpoint_folder(kind, whole_text=False) as folder:
        for _ in range(turns):
            ours = await over_grpc(folder, pictures, seconds)
            best = best_bare(folder, seconds / 3)
            rates.append(ours["rate"])
            loops.append(best["rate"])
            print(f"  {kind}: over gRPC {ours}\n  {kind}: bare loop {best}", flush=True)
    ratio = mean(rates) / mean(loops)
    print(
        f"{kind}: {mean(rates):.1f} images/s over gRPC, {mean(loops):.1f} bare; ratio {ratio:.2f}"
        f" (target {TARGET}); an image {ours['image_ms_p50']:.0f} ms p50, "
        f"{ours['image_ms_p95']:.0f} ms p95 (specified <= {SPECIFIED_MILLISECONDS:.0f} ms)"
    )
    return ratio


async def main() -> None:
    """Measures the models asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=["base", "tiny"])
    parser.add_argument("--seconds", type=float, default=12)
    parser.add_argument("--turns", type=int, default=2)
    options = parser.parse_args()
    for kind in [options.model] if options.model else ["base", "tiny"]:
        await measure(kind, options.seconds, options.turns)


if __name__ == "__main__":
    asyncio.run(main())
