"""Engines in real processes: exported once, proven, refused, unloaded."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kioku_embedder.checkpoint import open_checkpoint
from kioku_embedder.engine import EngineBroken
from kioku_embedder.engines.arithmetic import Arithmetic
from kioku_embedder.engines.choice import choose
from kioku_embedder.engines.opening import open_engine
from kioku_embedder.engines.probes import drawn_pictures
from kioku_embedder.engines.store import Store
from kioku_embedder.engines.workshop import Workshop

HOW = Arithmetic("openvino", "float32")


def opened(model: Path, cache: Path) -> Workshop:
    store = Store(cache)
    checkpoint = open_checkpoint(str(model), precision="float32", long_edge=1024, cache=store.root)
    return Workshop(checkpoint, store, long_edge=1024, device="cpu", threads=1)


@pytest.fixture(scope="module")
def cache(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a child process has put everything that OpenVINO needs of the tiny model."""
    folder = tmp_path_factory.mktemp("engines")
    chosen = choose(opened(tiny_model, folder), engine="openvino", precision="float32", least=0.999)
    assert chosen.fidelity is not None
    assert chosen.fidelity > 0.99999
    return folder


def test_the_second_process_finds_it_made(
    tiny_model: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither exported nor measured again, and the engine loads from there."""
    workshop = opened(tiny_model, cache)
    monkeypatch.setattr(workshop, "make", lambda _: pytest.fail("it was made again"))
    chosen = choose(workshop, engine="openvino", precision="float32", least=0.999)
    chosen.engine.load()
    assert (2, 48) == chosen.engine.images(drawn_pictures(32, 32, 2)).shape


def test_a_damaged_export_is_made_again(tiny_model: Path, cache: Path) -> None:
    """The engine loads all the same, and gives what it gave before."""
    workshop = opened(tiny_model, cache)
    engine = open_engine(workshop, HOW, device="cpu")
    engine.load()
    pictures = drawn_pictures(32, 32, 2)
    before = engine.images(pictures)
    weights = workshop.graphs(HOW) / "vision.bin"
    weights.write_bytes(weights.read_bytes()[:100])
    again = open_engine(opened(tiny_model, cache), HOW, device="cpu")
    again.load()
    np.testing.assert_array_equal(before, again.images(pictures))


def test_what_cannot_be_made_says_why(tiny_model: Path, tmp_path: Path) -> None:
    """The child's last line reaches the operator."""
    workshop = opened(tiny_model, tmp_path)
    workshop.checkpoint = open_checkpoint(str(tiny_model), precision="float32", long_edge=1024)
    gone = tmp_path / "gone"
    gone.mkdir()
    object.__setattr__(workshop.checkpoint, "folder", gone)
    with pytest.raises(EngineBroken, match=r"cannot be prepared: .*CheckpointUnusable"):
        workshop.make(HOW)


async def test_an_unfaithful_engine_ends_the_start_with_a_sentence(
    start_embedder: Callable[..., Any],
) -> None:
    """Exit code 78, as for every setting that cannot be met; nothing is served."""
    child = start_embedder(KIOKU_EMBEDDER_PRECISION="bfloat16", KIOKU_EMBEDDER_MIN_FIDELITY="1")
    assert await child.wait(120) == 78
    assert "KIOKU_EMBEDDER_MIN_FIDELITY=1" in child.log.read_text().splitlines()[-1]


async def test_a_process_serves_by_openvino(
    start_embedder: Callable[..., Any], cache: Path
) -> None:
    """By setting; the log says which engine, how faithful, and the space."""
    child = start_embedder(
        KIOKU_EMBEDDER_ENGINE="openvino",
        KIOKU_EMBEDDER_CACHE_DIR=str(cache),
        KIOKU_EMBEDDER_PRELOAD="true",
    )
    await child.port()
    lines = [json.loads(each) for each in child.log.read_text().splitlines() if each[:1] == "{"]
    [chosen] = [line for line in lines if line["event"] == "engine_chosen"]
    assert ("openvino", "float32") == (chosen["engine"], chosen["precision"])
    assert chosen["fidelity"] > 0.99999
    assert not [line for line in lines if line["event"] == "engine_preparing"]
