"""The yardstick: decode, preprocess, forward, one after the other, with nothing around it.

`python -m bench.embedder_bare_loop FOLDER SECONDS BATCH` prints images per second. It runs as its
own process, so that it has the machine's threads as the embedder has.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from kioku_embedder.checkpoint import open_checkpoint
from kioku_embedder.torch_engine import TorchEngine
from kioku_rt.images import decode

from bench.embedder_stage import draw_jpegs


def main() -> None:
    """Runs the loop and prints one JSON object."""
    folder, seconds, batch = Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
    checkpoint = open_checkpoint(str(folder), precision="float32", long_edge=1024)
    engine = TorchEngine(checkpoint, device=os.environ.get("SIGLIP_DEVICE", "cpu"))
    engine.load()
    pictures = draw_jpegs(16)
    done, decoding = 0, 0.0
    started = time.perf_counter()
    while (elapsed := time.perf_counter() - started) < seconds:
        before = time.perf_counter()
        pixels = [
            checkpoint.preprocessing(decode(pictures[(done + n) % 16]).pixels) for n in range(batch)
        ]
        decoding += time.perf_counter() - before
        engine.images(pixels)
        done += batch
    elapsed = time.perf_counter() - started
    print(json.dumps({"rate": done / elapsed, "decode_ms": 1000 * decoding / done}))


if __name__ == "__main__":
    main()
