"""SigLIP 2 base at its full size, with random weights: the shapes hold, the vectors agree."""

from __future__ import annotations

from pathlib import Path

import pytest
from kioku_embedder.checkpoint import Checkpoint
from kioku_embedder.engines.torch_engine import TorchEngine
from kioku_embedder.random_checkpoint import write_siglip2_base
from kioku_embedder.reference import Reference
from kioku_rt.images import ImageLimits, decode

from bench.parity import TARGET, cosines, opened
from bench.parity_samples import large_pictures, pictures


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    return opened(write_siglip2_base(tmp_path_factory.mktemp("full") / "siglip2-base"))


def test_two_pictures_and_a_text_agree(checkpoint: Checkpoint) -> None:
    """768 components, 256 pixels, 64 tokens; one picture is made smaller on decoding."""
    rules = checkpoint.preprocessing
    shape = (checkpoint.space.dimension, rules.height, rules.width, checkpoint.text_length)
    assert shape == (768, 256, 256, 64)
    engine = TorchEngine(checkpoint, device="cpu")
    engine.load()
    reference = Reference(Path(checkpoint.folder))
    samples, words = [pictures()[0], *large_pictures(1)], ["A Red cat SITS on the Blue mat"]
    limits = ImageLimits(needed_side=rules.needed_side)
    ours = engine.images([rules(decode(each.data, limits).pixels) for each in samples])
    expected = reference.images([each.upright for each in samples])
    assert cosines(ours, expected).min() > TARGET
    assert cosines(engine.texts(words).vectors, reference.texts(words))[0] > TARGET
