"""What the embedder's benches stand on: checkpoints, pictures, an embedder process."""

from __future__ import annotations

import asyncio
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import numpy as np
from kioku.embedder.v1 import embedder_service_pb2 as pb
from kioku.embedder.v1.embedder_service_pb2_grpc import EmbedderServiceStub
from kioku_embedder.random_checkpoint import write_siglip, write_siglip2_base
from kioku_rt.auth import DevIssuer
from kioku_rt.rpc import channel
from kioku_stack.nats import Nats
from PIL import Image

TINY = Path(__file__).resolve().parents[1] / "models" / "kioku-tiny"
SPECIFIED_MILLISECONDS = 300.0


def draw_jpegs(count: int, size: tuple[int, int] = (1024, 768)) -> list[bytes]:
    """JPEGs of the size that clients send, each with its own content."""
    generator = np.random.default_rng(7)
    return [_draw(generator, size) for _ in range(count)]


def _draw(generator: np.random.Generator, size: tuple[int, int]) -> bytes:
    coarse = generator.integers(0, 256, (24, 32, 3), np.uint8)
    picture = Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)
    grain = generator.normal(0, 6, (size[1], size[0], 3))
    noisy = np.clip(np.asarray(picture) + grain, 0, 255).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(noisy).save(stream, "JPEG", quality=88)
    return stream.getvalue()


@contextmanager
def checkpoint_folder(kind: str, *, whole_text: bool) -> Iterator[Path]:
    """`tiny`: the default model; `base`: SigLIP 2 base shapes with random weights.

    Without `whole_text` its text tower has two of twelve layers: less to write, and no picture
    passes through it.
    """
    if kind == "tiny":
        yield TINY
        return
    with tempfile.TemporaryDirectory(prefix="kioku-bench-") as scratch:
        folder = Path(scratch) / "siglip2-base-random"
        if whole_text:
            yield write_siglip2_base(folder)
        else:
            shapes = {"patch_size": 16}
            yield write_siglip(folder, side=256, vision=shapes, text={"num_hidden_layers": 2})


@dataclass
class Served:
    """An embedder process that answers."""

    stub: Any
    pid: int
    channel: grpc.aio.Channel


@asynccontextmanager
async def served(folder: Path, **environment: str) -> AsyncIterator[Served]:
    """`python -m kioku_embedder` with the model in memory, on an event log of its own.

    Without one the start would wait for it, and the time to the first answer with it.
    """
    with tempfile.TemporaryDirectory(prefix="kioku-issuer-") as scratch:
        issuer, nats = DevIssuer(Path(scratch)), Nats(Path(scratch) / "nats")
        await asyncio.to_thread(nats.start)
        settings = {
            "SIGLIP_MODEL_NAME": str(folder),
            "SIGLIP_DEVICE": os.environ.get("SIGLIP_DEVICE", "cpu"),
            "KIOKU_JWKS": str(issuer.jwks_path),
            "KIOKU_EMBEDDER_PRELOAD": "true",
            "KIOKU_NATS_URL": nats.url,
        }
        log = Path(scratch) / "log"
        with log.open("w") as stream:
            child = subprocess.Popen(  # noqa: ASYNC220 - returns at once
                [sys.executable, "-m", "kioku_embedder"],
                env={**os.environ, **settings, **environment},
                stderr=stream,
            )
        try:
            port = await _port(child, log)
            token = issuer.mint("bench")
            async with channel(
                f"127.0.0.1:{port}", token=lambda: token, default_timeout=120
            ) as opened:
                stub = EmbedderServiceStub(opened)
                await stub.EmbedText(pb.EmbedTextRequest(text="ready"))
                yield Served(stub, child.pid, opened)
        finally:
            child.terminate()
            await asyncio.to_thread(child.wait)
            await asyncio.to_thread(nats.stop)


async def _port(child: subprocess.Popen[bytes], log: Path) -> int:
    while child.poll() is None:
        for line in await asyncio.to_thread(_log_lines, log):
            if line.get("event") == "service.started":
                return int(line["grpc_port"])
        await asyncio.sleep(0.05)
    raise SystemExit("the embedder did not start; run it by hand to see why")


def _log_lines(log: Path) -> list[dict[str, Any]]:
    lines = log.read_text().splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]


async def stream_pictures(
    stub: Any, pictures: list[bytes], seconds: float
) -> list[tuple[float, pb.EmbedImagesResponse]]:
    """Streams pictures for so long; when each answer came (seconds from the start), and what."""
    started = time.perf_counter()

    async def endless() -> AsyncIterator[pb.EmbedImagesRequest]:
        number = 0
        while time.perf_counter() - started < seconds:
            yield pb.EmbedImagesRequest(key=str(number), image=pictures[number % len(pictures)])
            number += 1

    answers = stub.EmbedImages(endless())
    return [(time.perf_counter() - started, answer) async for answer in answers]


def percentile(values: list[float], share: float) -> float:
    """The value below which a share of the values lies."""
    return float(np.percentile(values, 100 * share))
