"""Vectors stored in the repository: a library that changes its mind is noticed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from kioku_embedder.checkpoint import Checkpoint
from kioku_embedder.engines.torch_engine import TorchEngine
from kioku_embedder.text import TextRules
from kioku_rt.images import decode
from transformers import AutoTokenizer

from bench.parity import cosines, opened
from bench.parity_golden import TEXTS, checkpoint_of, path_of, read

NAMES = ("CLIP", "SigLIP", "SigLIP 2")
NEAR = 0.99999


@pytest.fixture(scope="module", params=NAMES)
def family(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def checkpoint(family: str, tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    """The family's checkpoint with the weights that the stored vectors are of."""
    return opened(checkpoint_of(family, tmp_path_factory.mktemp("golden") / "checkpoint"))


@pytest.fixture(scope="module")
def engine(checkpoint: Checkpoint) -> TorchEngine:
    made = TorchEngine(checkpoint, device="cpu")
    made.load()
    return made


def test_pictures_are_the_stored_ones(
    family: str, checkpoint: Checkpoint, engine: TorchEngine
) -> None:
    """From stored file bytes to stored vectors; needs no reference."""
    stored = read(family)
    pixels = [checkpoint.preprocessing(decode(data).pixels) for data in stored.files]
    assert cosines(engine.images(pixels), stored.pictures).min() > NEAR


def test_tokens_are_the_stored_ones(family: str, checkpoint: Checkpoint) -> None:
    """The same ids, padding and end included."""
    tokenizer = AutoTokenizer.from_pretrained(checkpoint.folder)
    rules = TextRules(tokenizer, checkpoint.family, checkpoint.text_length)
    ours = rules(TEXTS).inputs["input_ids"]
    assert ours.tolist() == read(family).tokens.tolist()


def test_texts_are_the_stored_ones(family: str, engine: TorchEngine) -> None:
    """From words to stored vectors."""
    assert cosines(engine.texts(TEXTS).vectors, read(family).texts).min() > NEAR


def test_the_stored_vectors_tell_items_apart(family: str) -> None:
    """Otherwise the others would prove nothing."""
    stored = read(family)
    for vectors in (stored.pictures, stored.texts):
        near = vectors @ vectors.T - 2 * np.eye(len(vectors))
        assert near.max() < 0.9999


def test_the_files_are_small(family: str) -> None:
    """A repository is no place for data."""
    assert Path(path_of(family)).stat().st_size < 200_000
