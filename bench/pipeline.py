"""1,000 pictures through the whole pipeline: what each costs beyond decoding and forward pass.

    .venv/bin/python -m bench.pipeline [--pictures 1000]
    .venv/bin/python -m bench.pipeline --compare      one and two processes of each service

The bare figure is the same pictures through the same decoder and model in one process, one at a
time. Everything runs on this machine, the client included, so the overhead holds the client's work,
the object store, PostgreSQL, NATS and Envoy as well.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

import httpx
from kioku_rt.images import ImageLimits, decode
from kioku_scenes import write_scenes

from bench.stack import Stack, temporary_stack

MODEL = "models/kioku-tiny"


def bare(folder: Path, most: int = 200) -> float:
    """Milliseconds for decoding and embedding one picture, without anything around it."""
    # Threads that spin while they wait would slow the bare loop down on a busy machine.
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
    import torch  # noqa: PLC0415 - only this measurement needs it
    from transformers import AutoImageProcessor, AutoModel  # noqa: PLC0415

    model = AutoModel.from_pretrained(MODEL).eval()
    processor = AutoImageProcessor.from_pretrained(MODEL)  # type: ignore[no-untyped-call]
    files = sorted(folder.glob("*.jpg"))[:most]
    limits = ImageLimits()
    with torch.inference_mode():
        began = time.perf_counter()
        for path in files:
            pixels = decode(path.read_bytes(), limits).pixels
            model.get_image_features(**processor(images=pixels, return_tensors="pt"))
    return 1000 * (time.perf_counter() - began) / len(files)


def through(stack: Stack, folder: Path, user: str) -> dict[str, float]:
    """An ingest's own figures."""
    report = stack.run("ingest", str(folder), "--user", user, timeout=1200)
    if report["ready"] != report["uploaded"]:
        raise SystemExit(f"not every picture became READY: {json.dumps(report)[:500]}")
    return {"pictures": report["ready"], "seconds": report["seconds"]}


def row(name: str, figures: dict[str, float], floor: float) -> str:
    """A line of the table."""
    each = 1000 * figures["seconds"] / figures["pictures"]
    rate = figures["pictures"] / figures["seconds"]
    return (
        f"| {name} | {figures['pictures']:.0f} | {rate:.1f} | {60 * rate:.0f} | {each:.1f} | "
        f"{floor:.1f} | {each - floor:.1f} |"
    )


def main() -> None:
    """Measure and print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--pictures", type=int, default=1000)
    options.add_argument("--compare", action="store_true", help="one and two of each service")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write_scenes(folder, count=chosen.pictures, seed=77)
        floor = bare(folder)
        print(f"{os.cpu_count()} cores; target of the specification: 1,000 index updates a minute")
        print("| stack | pictures | a second | a minute | ms each | bare ms | overhead ms |")
        print("|---|---|---|---|---|---|---|")
        layouts = [(), ("--embedders", "2", "--searches", "2")] if chosen.compare else [()]
        for layout in layouts:
            with temporary_stack(*layout) as stack:
                figures = through(stack, folder, "bench")
                print(row(" ".join(layout) or "one of each", figures, floor), flush=True)
                if layout:
                    print(shares(stack))


def shares(stack: Stack) -> str:
    """How two of each shared the work: events acknowledged by each process."""
    told = []
    for name, consumer in (("embedder", "embedder-uploaded"), ("search", "search-embeddings")):
        counts = [_acknowledged(stack, f"{name}-{n}", consumer) for n in (1, 2)]
        told.append(f"{name}: {counts[0]:.0f} + {counts[1]:.0f}")
    return f"shared by process: {'; '.join(told)}"


def _acknowledged(stack: Stack, component: str, consumer: str) -> float:
    page = httpx.get(stack.endpoint(f"{component}_metrics")).text
    counter = f'kioku_event_outcomes_total{{consumer="{consumer}",outcome="ack"'
    return sum(float(line.split()[-1]) for line in page.splitlines() if line.startswith(counter))


if __name__ == "__main__":
    main()
