"""The yardstick: decode, preprocess, forward, one after the other, with nothing around it.

`python -m bench.embedder_bare_loop FOLDER THREADS [ENGINE PRECISION]` reads lines `SECONDS BATCH`
and answers each with one JSON object. It is its own process, so that it has the machine as the
embedder has it.
"""

from __future__ import annotations

import json
import os
import sys
import time

from kioku_embedder.checkpoint import Checkpoint
from kioku_embedder.engine import Engine
from kioku_embedder.local_model import choose_engine
from kioku_embedder.settings import Settings
from kioku_rt.images import decode

from bench.embedder_stage import draw_jpegs


def run(
    checkpoint: Checkpoint, engine: Engine, pictures: list[bytes], seconds: float, batch: int
) -> dict[str, float]:
    """Images per second, and milliseconds of decoding of each."""
    done, decoding = 0, 0.0
    started = time.perf_counter()
    while time.perf_counter() - started < seconds:
        before = time.perf_counter()
        several = [pictures[(done + number) % len(pictures)] for number in range(batch)]
        pixels = [checkpoint.preprocessing(decode(data).pixels) for data in several]
        decoding += time.perf_counter() - before
        engine.images(pixels)
        done += batch
    return {
        "rate": done / (time.perf_counter() - started),
        "decode_ms": 1000 * decoding / done,
    }


def main() -> None:
    """Answers until its input ends."""
    folder, threads, *wish = sys.argv[1:]
    engine_name, precision = wish or ("torch", "float32")
    settings = {
        "SIGLIP_MODEL_NAME": folder,
        "SIGLIP_DEVICE": os.environ.get("SIGLIP_DEVICE", "cpu"),
        "KIOKU_EMBEDDER_THREADS": threads,
        "KIOKU_EMBEDDER_ENGINE": engine_name,
        "KIOKU_EMBEDDER_PRECISION": precision,
    }
    os.environ |= settings
    chosen = choose_engine(Settings(), 1024)
    engine = chosen.engine
    engine.load()
    pictures = draw_jpegs(16)
    for line in sys.stdin:
        seconds, batch = line.split()
        answer = run(chosen.checkpoint, engine, pictures, float(seconds), int(batch))
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
