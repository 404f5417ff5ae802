"""Reading less of a large picture changes no vector: kioku-tiny sees the same."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from kioku_embedder.preprocessing import Preprocessing
from kioku_rt.images import ImageLimits, decode
from kioku_scenes.scene import draw_scene
from PIL import Image
from transformers import AutoModel, AutoProcessor

TINY = Path(__file__).resolve().parents[3] / "models" / "kioku-tiny"
SIZES = [(1_600, 1_200), (2_999, 2_001), (4_000, 3_000)]
IN_FULL = ImageLimits(long_edge=16_384, max_bytes=2**25)


class Tiny:
    """kioku-tiny's picture tower, from a file's bytes to a unit vector."""

    def __init__(self) -> None:
        processor = AutoProcessor.from_pretrained(TINY, backend="pil").image_processor
        self.rules = Preprocessing.from_processor(processor.to_dict())
        self.tower = AutoModel.from_pretrained(TINY, dtype=torch.float32).eval()

    def vector(self, pixels: np.ndarray) -> np.ndarray:
        """What the model makes of a decoded picture."""
        values = self.rules(pixels).astype(np.float32) * self.rules.scale
        scaled = (values - np.float32(self.rules.mean)) / np.float32(self.rules.std)
        with torch.inference_mode():
            batch = torch.from_numpy(scaled.transpose(2, 0, 1)[None].astype(np.float32))
            seen = self.tower.get_image_features(pixel_values=batch)
        vector = (seen if isinstance(seen, torch.Tensor) else seen.pooler_output)[0].numpy()
        return vector / np.linalg.norm(vector)


@pytest.fixture(scope="module")
def tiny() -> Tiny:
    return Tiny()


def photo(seed: int, size: tuple[int, int]) -> bytes:
    """A drawn scene at `size`, with the grain of a camera."""
    drawn = draw_scene(seed, 512).image.resize(size, Image.Resampling.BICUBIC)
    grain = np.random.default_rng(seed).normal(0, 4, (size[1], size[0], 1))
    pixels = np.clip(np.asarray(drawn) + grain, 0, 255).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=90)
    return stream.getvalue()


def plainly(data: bytes) -> np.ndarray:
    """Every pixel decoded, then the long edge resized to 1024 by the best kernel."""
    picture = Image.fromarray(decode(data, IN_FULL).pixels)
    picture.thumbnail((1_024, 1_024), Image.Resampling.LANCZOS, reducing_gap=None)
    return np.asarray(picture)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_draft_gives_the_vector_of_the_whole(tiny: Tiny, size: tuple[int, int]) -> None:
    """Whatever side a model needs: cosine >= 0.9999 to the picture decoded in full."""
    data = photo(3, size)
    whole = tiny.vector(plainly(data))
    for needed in (96, 384):
        drafted = decode(data, ImageLimits(needed_side=needed)).pixels
        assert whole @ tiny.vector(drafted) >= 0.9999
