"""A checkpoint's own scale and bias turn cosines into scores."""

from __future__ import annotations

import math

import pytest
from kioku_embedder.checkpoint import Checkpoint
from kioku_embedder.engines.label_scale import read_label_scale
from kioku_embedder.engines.torch_engine import TorchEngine
from safetensors.torch import load_file, save_file
from transformers import AutoModel


def test_the_scale_is_the_one_transformers_uses(checkpoint: Checkpoint) -> None:
    """exp(logit_scale), and the bias where the family has one; read without loading the model."""
    model = AutoModel.from_pretrained(checkpoint.folder)
    engine = TorchEngine(checkpoint, device="cpu")
    scale = engine.label_scale()
    assert not engine.loaded
    assert scale.scale == pytest.approx(math.exp(model.logit_scale.item()))
    assert scale.exclusive == (checkpoint.family.name == "clip")
    expected = 0.0 if scale.exclusive else model.logit_bias.item()
    assert scale.bias == pytest.approx(expected)


def test_weights_without_a_scale_are_told(checkpoint: Checkpoint) -> None:
    """No score is made up."""
    path = checkpoint.folder / "model.safetensors"
    whole = load_file(path)
    try:
        save_file({k: v for k, v in whole.items() if k != "logit_scale"}, path, {"format": "pt"})
        with pytest.raises(ValueError, match="logit_scale"):
            read_label_scale(checkpoint)
    finally:
        save_file(whole, path, {"format": "pt"})
