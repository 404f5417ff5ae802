"""The engine gives what transformers gives, for both families."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from kioku_embedder.checkpoint import Checkpoint, CheckpointUnusable, open_checkpoint
from kioku_embedder.engine import EngineBroken
from kioku_embedder.engines.torch_engine import TorchEngine
from safetensors.torch import load_file, save_file
from transformers import AutoModel, AutoProcessor

TEXTS = ["A Red Cat", "赤い猫", "a " * 200, "x"]


def cosines(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    scale = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
    return (left * right).sum(axis=1) / scale


def reference(checkpoint: Checkpoint) -> tuple[Any, Any]:
    return (
        AutoModel.from_pretrained(checkpoint.folder).eval(),
        AutoProcessor.from_pretrained(checkpoint.folder, backend="pil"),
    )


def loaded(checkpoint: Checkpoint) -> TorchEngine:
    engine = TorchEngine(checkpoint, device="cpu")
    engine.load()
    return engine


def test_pictures_agree_with_the_reference(checkpoint: Checkpoint) -> None:
    """Cosine at least 0.9999 with transformers' own processor and model."""
    model, processor = reference(checkpoint)
    generator = np.random.default_rng(2)
    pictures = [generator.integers(0, 256, (h, w, 3), np.uint8) for h, w in ((90, 60), (33, 200))]
    inputs = processor(images=pictures, return_tensors="pt", input_data_format="channels_last")
    with torch.no_grad():
        expected = model.get_image_features(**inputs).pooler_output.numpy()
    actual = loaded(checkpoint).images([checkpoint.preprocessing(each) for each in pictures])
    assert cosines(actual, expected).min() > 0.9999


def test_texts_agree_with_the_reference(checkpoint: Checkpoint) -> None:
    """Cosine at least 0.9999 with the family's documented call; long texts are flagged as cut."""
    model, processor = reference(checkpoint)
    lowercase = checkpoint.family.name == "siglip"
    inputs = processor(
        text=[text.lower() if lowercase else text for text in TEXTS],
        padding="max_length",
        max_length=64 if lowercase else 77,
        truncation=True,
        return_tensors="pt",
    )
    with torch.no_grad():
        expected = model.get_text_features(**inputs).pooler_output.numpy()
    actual = loaded(checkpoint).texts(TEXTS)
    assert cosines(actual.vectors, expected).min() > 0.9999
    assert actual.truncated == (False, False, True, False)


def test_case_never_matters(checkpoint: Checkpoint) -> None:
    """CLIP's and SigLIP 1's tokenizers lower it; for SigLIP 2 we do."""
    vectors = loaded(checkpoint).texts(["A RED CAT", "a red cat"]).vectors
    assert cosines(vectors[:1], vectors[1:])[0] > 0.99999


def test_company_does_not_change_a_vector(checkpoint: Checkpoint) -> None:
    """A text alone and the same text in a batch are one vector."""
    engine = loaded(checkpoint)
    alone = engine.texts(TEXTS[:1]).vectors
    together = engine.texts(TEXTS).vectors[:1]
    np.testing.assert_allclose(alone, together, atol=1e-5)


def test_bfloat16_stays_close_and_says_so(tiny_checkpoints: dict[str, Path]) -> None:
    """The other precision is near enough to be useful, and another space."""
    spaces, vectors = [], []
    for precision in ("float32", "bfloat16"):
        checkpoint = open_checkpoint(
            str(tiny_checkpoints["siglip"]), precision=precision, long_edge=1024
        )
        spaces.append(checkpoint.space.space_id)
        vectors.append(loaded(checkpoint).texts(["a red cat"]).vectors)
    assert cosines(*vectors)[0] > 0.99
    assert spaces[0] != spaces[1]


def copy_of(folder: Path, target: Path) -> Path:
    shutil.copytree(folder, target)
    return target


def test_weights_with_holes_are_refused(tiny_checkpoints: dict[str, Path], tmp_path: Path) -> None:
    """transformers would fill a missing tensor with random numbers; we say what is missing."""
    folder = copy_of(tiny_checkpoints["siglip"], tmp_path / "holes")
    weights = load_file(folder / "model.safetensors")
    del weights["vision_model.head.probe"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    engine = TorchEngine(
        open_checkpoint(str(folder), precision="float32", long_edge=1024), device="cpu"
    )
    with pytest.raises(EngineBroken, match=r"vision_model\.head\.probe"):
        engine.load()


def test_damaged_weights_are_refused(tiny_checkpoints: dict[str, Path], tmp_path: Path) -> None:
    """A cut file is a broken engine, not a crash."""
    folder = copy_of(tiny_checkpoints["siglip"], tmp_path / "cut")
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:1000])
    checkpoint = open_checkpoint(str(folder), precision="float32", long_edge=1024)
    with pytest.raises(EngineBroken):
        TorchEngine(checkpoint, device="cpu").load()


def test_a_device_that_is_not_there_is_refused(checkpoint: Checkpoint) -> None:
    """Asking for a GPU on a machine without one ends the engine with a sentence."""
    device = "cuda:99" if torch.cuda.is_available() else "cuda"
    with pytest.raises(EngineBroken, match="cannot be loaded"):
        TorchEngine(checkpoint, device=device).load()


def test_pickled_weights_and_code_are_never_read(
    tiny_checkpoints: dict[str, Path], tmp_path: Path
) -> None:
    """A folder without safetensors is refused, whatever else it holds."""
    folder = copy_of(tiny_checkpoints["siglip"], tmp_path / "pickled")
    weights = load_file(folder / "model.safetensors")
    torch.save(weights, folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    with pytest.raises(CheckpointUnusable, match="safetensors"):
        open_checkpoint(str(folder), precision="float32", long_edge=1024)


def test_an_unknown_checkpoint_is_refused_with_a_sentence(tmp_path: Path) -> None:
    """The operator reads what to do."""
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(CheckpointUnusable, match="not supported"):
        open_checkpoint(str(tmp_path), precision="float32", long_edge=1024)


def test_every_part_of_the_preprocessing_changes_the_space(checkpoint: Checkpoint) -> None:
    """Two embedders share a space id only if their vectors may be compared."""
    name = str(checkpoint.folder)
    other = open_checkpoint(name, precision="float32", long_edge=512)
    again = open_checkpoint(name, precision="float32", long_edge=1024)
    assert again.space == checkpoint.space
    assert other.space.space_id != checkpoint.space.space_id


def test_weights_change_the_space(tiny_checkpoints: dict[str, Path], tmp_path: Path) -> None:
    """One changed weight is another revision and another space."""
    folder = copy_of(tiny_checkpoints["clip"], tmp_path / "tiny-clip")
    before = open_checkpoint(str(folder), precision="float32", long_edge=1024).space
    weights = load_file(folder / "model.safetensors")
    weights["logit_scale"] += 1
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    after = open_checkpoint(str(folder), precision="float32", long_edge=1024).space
    assert before.space_id != after.space_id
    assert dataclasses.replace(after, revision=before.revision) == before
