"""Every engine keeps the port's contract and comes close to transformers, for both families."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from kioku_embedder.checkpoint import Checkpoint, open_checkpoint
from kioku_embedder.engine import Engine, EngineBroken
from kioku_embedder.engines.arithmetic import Arithmetic
from kioku_embedder.engines.child import write_graphs
from kioku_embedder.engines.opening import in_precision, open_engine
from kioku_embedder.engines.probes import drawn_pictures, drawn_texts
from kioku_embedder.engines.store import Store
from kioku_embedder.engines.workshop import Workshop
from transformers import AutoModel, AutoTokenizer

WAYS = {
    "torch-float32": 0.9999,
    "torch-bfloat16": 0.999,
    "openvino-float32": 0.9999,
    "openvino-bfloat16": 0.999,
    "onnxruntime-float32": 0.9999,
    "onnxruntime-int8": 0.99,
}
_BAD_TEXT = "x " * 300


def cosines(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    scale = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
    return np.asarray((left * right).sum(axis=1) / scale)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """One cache for the whole module, so that each export is made once."""
    return Store(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module", params=["siglip", "clip"])
def subject(request: pytest.FixtureRequest, tiny_checkpoints: dict[str, Path]) -> Checkpoint:
    return open_checkpoint(
        str(tiny_checkpoints[request.param]), precision="float32", long_edge=1024
    )


@pytest.fixture(scope="module", params=list(WAYS))
def engine(request: pytest.FixtureRequest, subject: Checkpoint, store: Store) -> Engine:
    """Each engine in each precision, loaded; what it needs is made in this process."""
    how = Arithmetic(*request.param.split("-"))
    if how.precision == "int8" and subject.family.name == "clip":
        pytest.skip("rounding knows no family, and each export takes seconds")
    workshop = Workshop(subject, store, long_edge=1024, device="cpu", threads=1)
    if how.engine != "torch":
        store.made(*workshop.graph_entry(how), lambda at: write_graphs(subject, how, at))
    opened = open_engine(workshop, how, device="cpu")
    with pytest.raises(EngineBroken, match="not loaded"):
        opened.images(drawn_pictures(32, 32, 1))
    assert (opened.loaded, opened.memory_bytes) == (False, 0)
    opened.load()
    return opened


@pytest.fixture
def near(request: pytest.FixtureRequest) -> float:
    """The cosine that the engine under test owes."""
    return WAYS[request.node.callspec.params["engine"]]


def reference(subject: Checkpoint) -> Any:
    return AutoModel.from_pretrained(subject.folder).eval()


@torch.no_grad()
def test_pictures_come_out_as_transformers_makes_them(
    engine: Engine, subject: Checkpoint, near: float
) -> None:
    """Scaling included: bytes go in."""
    rules = subject.preprocessing
    pictures = drawn_pictures(rules.height, rules.width, 7)
    values = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2) * rules.scale
    mean, std = (torch.tensor(each).view(1, 3, 1, 1) for each in (rules.mean, rules.std))
    expected = reference(subject).get_image_features(pixel_values=(values - mean) / std)
    actual = engine.images(pictures)
    assert (7, subject.space.dimension) == actual.shape
    assert actual.dtype == np.float32
    assert cosines(actual, expected.pooler_output.numpy()).min() >= near


@torch.no_grad()
def test_texts_come_out_as_transformers_makes_them(
    engine: Engine, subject: Checkpoint, near: float
) -> None:
    """At every length; what had to be cut says so."""
    texts = ["a red cat", *drawn_texts(5), _BAD_TEXT]
    tokens = AutoTokenizer.from_pretrained(subject.folder)(
        [text.lower() if subject.family.lowercase else text for text in texts],
        padding="max_length",
        max_length=subject.text_length,
        truncation=True,
        return_attention_mask=subject.family.attention_mask,
        return_tensors="pt",
    )
    expected = reference(subject).get_text_features(**tokens).pooler_output.numpy()
    actual = engine.texts(texts)
    assert cosines(actual.vectors, expected).min() >= near
    assert (actual.truncated[0], actual.truncated[-1]) == (False, True)


def test_company_does_not_change_a_vector(engine: Engine, subject: Checkpoint) -> None:
    """Alone, in pairs or all together: the same vector, but for the rounding of sums."""
    pictures = drawn_pictures(subject.preprocessing.height, subject.preprocessing.width, 5)
    texts = drawn_texts(5)
    together = engine.images(pictures), engine.texts(texts).vectors
    for at in range(5):
        alone = engine.images(pictures[at : at + 1]), engine.texts(texts[at : at + 1]).vectors
        for one, all_of_them in zip(alone, together, strict=True):
            assert cosines(one, all_of_them[at : at + 1])[0] > 0.9999


def test_a_bad_batch_harms_nobody_after_it(engine: Engine, subject: Checkpoint) -> None:
    """Pictures of another size raise something; the next call works."""
    good = drawn_pictures(subject.preprocessing.height, subject.preprocessing.width, 1)
    before = engine.images(good)
    with pytest.raises(Exception):  # noqa: B017, PT011 - the port allows anything
        engine.images(drawn_pictures(7, 9, 1))
    np.testing.assert_array_equal(before, engine.images(good))


def test_an_unloaded_engine_comes_back(engine: Engine, subject: Checkpoint) -> None:
    """It gives the same vectors after its memory was given back."""
    good = drawn_pictures(subject.preprocessing.height, subject.preprocessing.width, 2)
    before = engine.images(good)
    engine.unload()
    assert (engine.loaded, engine.memory_bytes) == (False, 0)
    engine.load()
    assert engine.memory_bytes > 0
    np.testing.assert_array_equal(before, engine.images(good))


def test_weights_that_are_gone_break_the_engine(
    tmp_path: Path, tiny_checkpoints: dict[str, Path]
) -> None:
    """An engine whose export cannot be made says so by EngineBroken."""
    checkpoint = open_checkpoint(
        str(tiny_checkpoints["siglip"]), precision="float32", long_edge=1024
    )
    gone = in_precision(checkpoint, "bfloat16")
    workshop = Workshop(gone, Store(tmp_path), long_edge=1024, device="cpu", threads=1)
    workshop.make = lambda _: None  # type: ignore[method-assign]  # a cache that forgets
    with pytest.raises(EngineBroken, match="does not keep"):
        open_engine(workshop, Arithmetic("openvino", "bfloat16"), device="cpu").load()
