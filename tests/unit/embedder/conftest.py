"""What the embedder's unit tests stand on: small checkpoints and a fake engine."""

from __future__ import annotations

import io
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from kioku_embedder.batcher import Batcher
from kioku_embedder.checkpoint import Checkpoint, open_checkpoint
from kioku_embedder.engine import EngineOutOfMemory, LabelScale, Matrix, TextMatrix
from kioku_embedder.preprocessing import Pixels
from kioku_embedder.random_checkpoint import write_tiny_clip, write_tiny_siglip
from PIL import Image

LONG_EDGE = 1024


class FakeEngine:
    """The port's contract without a model: a picture's vector is its corner pixel, a text's its
    length. A picture of 255 or the text "poison" raises; gates let a test hold a pass.
    """

    dimension = 3

    def __init__(self) -> None:
        self.loaded = False
        self.unloads = 0
        self.passes: list[list[str]] = []
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Semaphore(0)
        self.load_error: Exception | None = None
        self.pass_error: Exception | None = None
        self.most_at_once = 1000

    def load(self) -> None:
        if self.load_error is not None:
            raise self.load_error
        self.loaded = True

    @property
    def memory_bytes(self) -> int:
        return 1000 if self.loaded else 0

    def unload(self) -> None:
        self.loaded = False
        self.unloads += 1

    def images(self, pictures: Sequence[Pixels]) -> Matrix:
        self._pass([f"image {picture[0, 0, 0]}" for picture in pictures])
        if any(picture[0, 0, 0] == 255 for picture in pictures):
            raise RuntimeError("shape mismatch at 0x7f0000")
        return np.array([picture[0, 0] for picture in pictures], np.float32)

    def texts(self, texts: Sequence[str]) -> TextMatrix:
        self._pass([f"text {text}" for text in texts])
        if "poison" in texts:
            raise ValueError("token")
        rows = [[np.nan] * 3 if text == "nan" else [len(text), 0, 0] for text in texts]
        return TextMatrix(np.array(rows, np.float32), tuple(len(text) > 9 for text in texts))

    def label_scale(self) -> LabelScale:
        return LabelScale(scale=10.0, bias=-5.0, exclusive=False)

    def _pass(self, items: list[str]) -> None:
        self.passes.append(items)
        self.entered.release()
        assert self.gate.wait(10)
        if self.pass_error is not None:
            raise self.pass_error
        if len(items) > self.most_at_once:
            raise EngineOutOfMemory


def picture(value: int) -> Pixels:
    """What a decoder would hand over; its value is its vector's direction."""
    return np.full((2, 2, 3), value, np.uint8)


def jpeg(width: int = 320, height: int = 200, seed: int = 0) -> bytes:
    """A JPEG with something on it."""
    generator = np.random.default_rng(seed)
    small = generator.integers(0, 256, (8, 8, 3), np.uint8)
    stream = io.BytesIO()
    Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC).save(stream, "JPEG")
    return stream.getvalue()


@pytest.fixture
def engine() -> Iterator[FakeEngine]:
    fake = FakeEngine()
    yield fake
    fake.gate.set()


@pytest.fixture
async def batcher(engine: FakeEngine) -> AsyncIterator[Batcher]:
    """Started, with batches of four and room for twelve of each priority."""
    made = Batcher(engine, dimension=3, batch_size=4, pass_seconds=10, limit=12)
    made.start()
    yield made
    engine.gate.set()
    await made.close()


@pytest.fixture(scope="session")
def tiny_checkpoints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Random checkpoints of both families, with the real classes."""
    folder = tmp_path_factory.mktemp("checkpoints")
    return {
        "siglip": write_tiny_siglip(folder / "tiny-siglip2"),
        "clip": write_tiny_clip(folder / "tiny-clip"),
    }


@pytest.fixture(params=["siglip", "clip"])
def checkpoint(request: pytest.FixtureRequest, tiny_checkpoints: dict[str, Path]) -> Checkpoint:
    """Each family's tiny checkpoint in turn."""
    return open_checkpoint(
        str(tiny_checkpoints[request.param]), precision="float32", long_edge=LONG_EDGE
    )


@pytest.fixture
def make_picture() -> Callable[[int], Pixels]:
    return picture


@pytest.fixture
def make_jpeg() -> Callable[..., bytes]:
    return jpeg
