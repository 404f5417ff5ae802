"""How much of the model's speed is left when it is a service.

Images per second over gRPC at saturation against the bare loop, JPEG decode in both. Both stay up
and run turn about in slices of a few seconds, so that whatever else the machine does meets both;
the median of the slices' ratios counts. Target: at least 0.9 with SigLIP 2 base shapes; the tiny
model beside it.

`python -m bench.embedder_saturation [--model base|tiny] [--slices 8] [--seconds 4] [--threads 0]
[--engine torch] [--precision float32]`
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median

from kioku.embedder.v1 import embedder_service_pb2 as pb

from bench.embedder_stage import (
    SPECIFIED_MILLISECONDS,
    Served,
    checkpoint_folder,
    draw_jpegs,
    percentile,
    served,
    stream_pictures,
)

TARGET = 0.9


@dataclass(frozen=True)
class Bare:
    """A bare loop in its own process; `policy` is what its OpenMP threads do while they wait."""

    process: subprocess.Popen[str]
    policy: str

    def run(self, seconds: float, batch: int) -> float:
        """Images per second of one slice."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{seconds} {batch}\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            if line.startswith("{"):  # not of the log
                return float(json.loads(line)["rate"])
        raise SystemExit("the bare loop ended")


@dataclass(frozen=True)
class Wish:
    """The engine of both sides."""

    engine: str
    precision: str
    threads: int

    @property
    def settings(self) -> dict[str, str]:
        """For the service."""
        return {
            "KIOKU_EMBEDDER_ENGINE": self.engine,
            "KIOKU_EMBEDDER_PRECISION": self.precision,
            "KIOKU_EMBEDDER_THREADS": str(self.threads),
        }


@contextmanager
def bare_loop(folder: Path, policy: str, wish: Wish) -> Iterator[Bare]:
    """Starts one. Policy "" is torch's own: threads that spin a while, the faster way when idle."""
    command = [sys.executable, "-m", "bench.embedder_bare_loop", str(folder), str(wish.threads)]
    command += [wish.engine, wish.precision]
    environment = {**os.environ} | ({"OMP_WAIT_POLICY": policy} if policy else {})
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    )
    try:
        yield Bare(process, policy)
    finally:
        process.kill()
        process.wait()


def best_way(loops: list[Bare], seconds: float) -> tuple[Bare, int]:
    """The policy and the batch with which the bare loop is fastest here."""
    ways = [(loop, batch) for loop in loops for batch in (1, 8)]
    for loop in loops:
        loop.run(0.5, 1)
    rates = [loop.run(seconds, batch) for loop, batch in ways]
    return ways[rates.index(max(rates))]


async def over_grpc(
    embedder: Served, pictures: list[bytes], seconds: float
) -> tuple[float, list[pb.EmbedImagesResponse]]:
    """Images per second between the first answer and the last, and the answers."""
    answers = await stream_pictures(embedder.stub, pictures, seconds)
    lasted = answers[-1][0] - answers[0][0]
    return (len(answers) - 1) / lasted, [answer for _, answer in answers]


async def compare(
    folder: Path, slices: int, seconds: float, wish: Wish
) -> tuple[list[float], list[float], list[pb.EmbedImagesResponse]]:
    """Rates over gRPC, rates of the bare loop, and what was answered."""
    pictures = draw_jpegs(16)
    ours: list[float] = []
    bare: list[float] = []
    answers: list[pb.EmbedImagesResponse] = []
    with bare_loop(folder, "", wish) as spin, bare_loop(folder, "PASSIVE", wish) as sleep:
        loop, batch = await asyncio.to_thread(best_way, [spin, sleep], seconds / 2)
        print(f"  the bare loop's best way: batch {batch}, OMP_WAIT_POLICY={loop.policy!r}")
        async with served(folder, **wish.settings) as embedder:
            await stream_pictures(embedder.stub, pictures, 2)
            for _ in range(slices):
                rate, answered = await over_grpc(embedder, pictures, seconds)
                ours.append(rate)
                answers += answered
                bare.append(await asyncio.to_thread(loop.run, seconds, batch))
    return ours, bare, answers


async def measure(kind: str, slices: int, seconds: float, wish: Wish) -> None:
    """Prints one model's lines."""
    with checkpoint_folder(kind, whole_text=False) as folder:
        ours, bare, answers = await compare(folder, slices, seconds, wish)
    times = [answer.timing for answer in answers]
    work = [timing.decode_ms + timing.inference_ms for timing in times]
    ratios = [left / right for left, right in zip(ours, bare, strict=True)]
    print(
        f"{kind}, {wish.engine} {wish.precision}: {median(ours):.1f} images/s over gRPC, "
        f"{median(bare):.1f} bare; ratio "
        f"{median(ratios):.2f} (target {TARGET}; slices {min(ratios):.2f}-{max(ratios):.2f}); "
        f"batch {mean(timing.batch_size for timing in times):.1f}; "
        f"{sum(1 for answer in answers if not answer.embedding)} failed\n"
        f"  an image, decode and pass: {percentile(work, 0.5):.0f} ms p50, "
        f"{percentile(work, 0.95):.0f} ms p95 (specified <= {SPECIFIED_MILLISECONDS:.0f} ms)",
        flush=True,
    )


async def main() -> None:
    """Measures the models asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=["base", "tiny"])
    parser.add_argument("--slices", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--engine", default="torch")
    parser.add_argument("--precision", default="float32")
    options = parser.parse_args()
    wish = Wish(options.engine, options.precision, options.threads)
    for kind in [options.model] if options.model else ["base", "tiny"]:
        await measure(kind, options.slices, options.seconds, wish)


if __name__ == "__main__":
    asyncio.run(main())
