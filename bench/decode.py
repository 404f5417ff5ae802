"""How fast pictures are decoded: plain Pillow, our decoder, and the pool of children.

    .venv/bin/python -m bench.decode [--seconds 3] [--workers 2] [--json]

The pictures are drawn with the spectrum of photographs (power falling with the square of the
frequency), 24 different ones of 512 px and 4 of 12 megapixels, JPEG quality 90. `ms of CPU` counts
this process and its children, so it holds on a busy machine where pictures/s does not; 1000 divided
by it is the rate of one whole core.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import itertools
import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from kioku_rt.images import DecodePool, decode
from PIL import Image

SIZES = {"512 px": ((512, 384), 24), "12 MP": ((4_000, 3_000), 4)}
MODEL_SIDE = 256


@dataclass(frozen=True)
class Row:
    """One way on one size."""

    size: str
    way: str
    pictures_per_s: float
    cpu_ms: float

    @property
    def per_core(self) -> float:
        """Pictures per second of one core that does nothing else."""
        return 1_000 / self.cpu_ms


def photo(size: tuple[int, int], seed: int) -> bytes:
    """A JPEG of coloured noise whose amplitude falls with frequency as that of photographs."""
    width, height = size
    draw = np.random.default_rng(seed)
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
    frequency[0, 0] = np.inf
    channels = []
    for _ in range(3):
        phases = np.exp(2j * np.pi * draw.random(frequency.shape))
        plane = np.fft.irfft2(phases / frequency, s=(height, width))
        channels.append(128 + 50 * plane / plane.std())
    pixels = np.clip(np.stack(channels, axis=-1), 0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def plain(data: bytes) -> np.ndarray:
    """What one writes without a thought: decode it all, then make it smaller."""
    picture = Image.open(io.BytesIO(data)).convert("RGB")
    picture.thumbnail((1_024, 1_024), Image.Resampling.LANCZOS, reducing_gap=None)
    return np.asarray(picture)


def for_model(picture: Image.Image) -> np.ndarray:
    """The square a model of 256 px takes, so that 0.2 MB instead of 2.4 MB cross the pipe."""
    return np.asarray(picture.resize((MODEL_SIDE, MODEL_SIDE), Image.Resampling.BILINEAR))


def cpu_seconds(children: list[int]) -> float:
    """CPU time so far of this process and of `children`."""
    ticks = 0
    for pid in children:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return time.process_time() + ticks / os.sysconf("SC_CLK_TCK")


def in_process(size: str, way: str, work: Callable[[bytes], object], *, seconds: float) -> Row:
    """Decodes the pictures of `size` in a loop, in this process."""
    pictures = itertools.cycle(PICTURES[size])
    work(next(pictures))
    begin, cpu, count = time.perf_counter(), time.process_time(), 0
    while time.perf_counter() - begin < seconds:
        work(next(pictures))
        count += 1
    return Row(
        size,
        way,
        count / (time.perf_counter() - begin),
        1_000 * (time.process_time() - cpu) / count,
    )


async def pooled(size: str, way: str, pool: DecodePool, *, lanes: int, seconds: float) -> Row:
    """Keeps `lanes` pictures of `size` in work in `pool`."""
    pictures, count = itertools.cycle(PICTURES[size]), 0
    await asyncio.gather(*(pool.decode(next(pictures)) for _ in range(2 * lanes)))
    begin, cpu = time.perf_counter(), cpu_seconds(pool.pids())

    async def lane() -> None:
        nonlocal count
        while time.perf_counter() - begin < seconds:
            await pool.decode(next(pictures))
            count += 1

    await asyncio.gather(*(lane() for _ in range(lanes)))
    wall = time.perf_counter() - begin
    return Row(size, way, count / wall, 1_000 * (cpu_seconds(pool.pids()) - cpu) / count)


def pool_rows(size: str, *, workers: int, seconds: float) -> list[Row]:
    """One child, all children, and all children with the model's own resize in them."""
    rows = []
    for count, prepare in ((1, None), (workers, None), (workers, for_model)):
        pool = DecodePool(count, prepare=prepare)
        pool.start()
        way = f"pool of {count}" + (" + resize to 256" if prepare else "")
        rows.append(asyncio.run(pooled(size, way, pool, lanes=2 * count, seconds=seconds)))
        pool.close()
    return rows


def start_rows(workers: int) -> dict[str, float]:
    """Seconds until a pool is warm, and until a killed child's successor has answered."""
    begin = time.perf_counter()
    pool = DecodePool(workers)
    pool.start()
    warm = time.perf_counter() - begin
    data = PICTURES["512 px"][0]
    for pid in pool.pids():
        os.kill(pid, 9)
    begin = time.perf_counter()
    asyncio.run(pool.decode(data))
    healed = time.perf_counter() - begin
    pool.close()
    return {"start_s": warm, "heal_s": healed}


PICTURES: dict[str, list[bytes]] = {}


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=3.0, help="of each measurement")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    for name, (size, count) in SIZES.items():
        PICTURES[name] = [photo(size, seed) for seed in range(count)]
    times = start_rows(options.workers)  # first, while the fork server is cold
    rows: list[Row] = []
    for name in SIZES:
        rows.append(in_process(name, "plain Pillow", plain, seconds=options.seconds))
        rows.append(in_process(name, "decode()", decode, seconds=options.seconds))
        rows += pool_rows(name, workers=options.workers, seconds=options.seconds)
    if options.json:
        print(json.dumps({"rows": [asdict(row) for row in rows], **times}))
        return
    for name, pictures in PICTURES.items():
        print(f"{name}: {np.mean([len(p) for p in pictures]) / 1e3:.0f} kB each")
    print(f"{'size':8}{'way':28}{'pictures/s':>12}{'ms of CPU':>12}{'per core':>10}")
    for row in rows:
        print(
            f"{row.size:8}{row.way:28}{row.pictures_per_s:12.1f}{row.cpu_ms:12.2f}"
            f"{row.per_core:10.1f}"
        )
    print(f"warm after {times['start_s']:.2f} s; a killed child's successor answered")
    print(f"after {times['heal_s'] * 1000:.0f} ms")


if __name__ == "__main__":
    main()
