"""Does a long run stay as fast and as small as a short one?

One stream of JPEGs through `python -m kioku_embedder` over gRPC, with the small default model for
time's sake (`--model base` takes SigLIP 2 base shapes). Images/s and resident memory of the process
tree are taken for each stretch between 100, 300, 1,000, 3,000 and 10,000 images; both should be
flat. A bare loop cannot be held against it here: other work on the machine shows as a dent in one
stretch, growth as a slope over all of them.

`python -m bench.embedder_growth [--model tiny|base] [--images 10000]`
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

from kioku.embedder.v1 import embedder_service_pb2 as pb

from bench.embedder_stage import Served, checkpoint_folder, draw_jpegs, served
from bench.peers.side import cpu_seconds, resident_bytes

MARKS = (100, 300, 1_000, 3_000, 10_000)
SIZE = (640, 480)


@dataclass(frozen=True)
class Stretch:
    """From one mark to the next.

    Args:
        until: images answered since the start.
        rate: images/s within it.
        cpu: CPU-seconds per image within it.
        resident: bytes at its end.
        failed: images without a vector within it.
    """

    until: int
    rate: float
    cpu: float
    resident: int
    failed: int


async def stretches(embedder: Served, images: int) -> AsyncIterator[Stretch]:
    """Streams so many pictures and stops the clock at each mark."""
    pictures = draw_jpegs(16, SIZE)
    marks = [mark for mark in MARKS if mark < images] + [images]

    async def requests() -> AsyncIterator[pb.EmbedImagesRequest]:
        for number in range(images):
            yield pb.EmbedImagesRequest(key=str(number), image=pictures[number % len(pictures)])

    done, failed, before = 0, 0, 0
    since, cpu = time.perf_counter(), cpu_seconds(embedder.pid)
    async for answer in embedder.stub.EmbedImages(requests(), timeout=None):
        done += 1
        failed += not answer.embedding
        if done == marks[0]:
            now, used = time.perf_counter(), cpu_seconds(embedder.pid)
            count = done - before
            resident = await asyncio.to_thread(resident_bytes, embedder.pid)
            yield Stretch(done, count / (now - since), (used - cpu) / count, resident, failed)
            before, failed, marks = done, 0, marks[1:]
            since, cpu = time.perf_counter(), cpu_seconds(embedder.pid)


async def main() -> None:
    """Prints a line for each stretch, and the slope."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=["tiny", "base"], default="tiny")
    parser.add_argument("--images", type=int, default=10_000)
    options = parser.parse_args()
    started = time.perf_counter()
    with checkpoint_folder(options.model, whole_text=False) as folder:
        async with served(folder) as embedder:
            print(f"{options.model}: first answer after {time.perf_counter() - started:.1f} s")
            print("| until image | images/s | CPU-ms/image | resident MiB | failed |")
            print("|---|---|---|---|---|", flush=True)
            seen = []
            async for part in stretches(embedder, options.images):
                seen.append(part)
                print(
                    f"| {part.until} | {part.rate:.1f} | {1000 * part.cpu:.1f} | "
                    f"{part.resident / 2**20:.0f} | {part.failed} |",
                    flush=True,
                )
    first, last = seen[min(1, len(seen) - 1)], seen[-1]
    print(
        f"last stretch to the second: images/s x {last.rate / first.rate:.2f}, "
        f"resident {(last.resident - first.resident) / 2**20:+.0f} MiB"
    )


if __name__ == "__main__":
    asyncio.run(main())
