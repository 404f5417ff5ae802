"""Which engine runs is decided by the settings, by what is there and by its fidelity."""

from __future__ import annotations

from pathlib import Path

import pytest
from kioku_embedder.checkpoint import Checkpoint
from kioku_embedder.engine import EngineBroken
from kioku_embedder.engines import arithmetic
from kioku_embedder.engines.arithmetic import Arithmetic, EngineRefused, candidates
from kioku_embedder.engines.choice import choose
from kioku_embedder.engines.store import Store
from kioku_embedder.engines.workshop import Workshop

EVERYTHING = frozenset({"float32", "bfloat16", "float16", "int8"})


class Measured(Workshop):
    """A workshop whose engines have fidelities that a test names; no child process."""

    fidelities: dict[tuple[str, str], float]

    def fidelity(self, how: Arithmetic) -> float:
        measured = self.fidelities.get((how.engine, how.precision))
        if measured is None:
            raise EngineBroken(f"{how.engine} in {how.precision} cannot be prepared: no disk")
        return measured


@pytest.fixture(autouse=True)
def able(monkeypatch: pytest.MonkeyPatch) -> None:
    """A processor that computes everything, with every library installed."""
    monkeypatch.setattr(arithmetic, "fast_precisions", lambda: EVERYTHING)
    monkeypatch.setattr(arithmetic, "_installed", lambda _: True)


@pytest.fixture
def workshop(checkpoint: Checkpoint, tmp_path: Path) -> Measured:
    made = Measured(checkpoint, Store(tmp_path), long_edge=1024, device="cpu", threads=1)
    made.fidelities = {
        ("onnxruntime", "int8"): 0.9985,
        ("openvino", "float16"): 0.999999,
        ("openvino", "bfloat16"): 0.99995,
        ("openvino", "float32"): 1.0,
        ("torch", "bfloat16"): 0.99995,
    }
    return made


def test_float32_by_default_is_float32_everywhere(workshop: Measured) -> None:
    """The fastest engine, but the space of every other machine."""
    chosen = choose(workshop, engine="auto", precision="float32", least=0.999)
    assert ("openvino", 1.0) == (chosen.name, chosen.fidelity)
    assert chosen.checkpoint.space == workshop.checkpoint.space


def test_auto_takes_the_fastest_that_is_faithful(workshop: Measured) -> None:
    """int8 is faster than float16 here, but not close enough; the space tells which it is."""
    chosen = choose(workshop, engine="auto", precision="auto", least=0.999)
    assert ("openvino", "float16") == (chosen.name, chosen.checkpoint.space.precision)
    assert chosen.checkpoint.space.space_id != workshop.checkpoint.space.space_id
    workshop.fidelities["onnxruntime", "int8"] = 0.9995
    faster = choose(workshop, engine="auto", precision="auto", least=0.999)
    assert ("onnxruntime", "int8") == (faster.name, faster.checkpoint.space.precision)


def test_an_unfaithful_engine_is_refused_with_a_sentence(workshop: Measured) -> None:
    """Naming it is not enough: the bound has to be lowered as well."""
    with pytest.raises(EngineRefused, match=r"0\.99850 only, below KIOKU_EMBEDDER_MIN_FIDELITY"):
        choose(workshop, engine="auto", precision="int8", least=0.999)
    chosen = choose(workshop, engine="auto", precision="int8", least=0.99)
    assert ("onnxruntime", 0.9985) == (chosen.name, chosen.fidelity)


def test_what_cannot_be_prepared_gives_way_to_the_next(workshop: Measured) -> None:
    """Torch in float32 needs no preparation, so `auto` always ends somewhere."""
    del workshop.fidelities["openvino", "float32"]
    assert "torch" == choose(workshop, engine="auto", precision="float32", least=0.999).name
    with pytest.raises(EngineRefused, match="no disk"):
        choose(workshop, engine="openvino", precision="float32", least=0.999)


def test_a_processor_that_imitates_is_not_asked_by_auto(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without bfloat16 in hardware only torch may be told to compute in it, by name."""
    monkeypatch.setattr(arithmetic, "fast_precisions", lambda: frozenset({"float32"}))
    assert {"float32"} == {each.precision for each in candidates("auto", "auto", "cpu")}
    assert [Arithmetic("torch", "bfloat16")] == candidates("auto", "bfloat16", "cpu")


@pytest.mark.parametrize(
    ("engine", "precision", "device"),
    [
        pytest.param("torch", "int8", "cpu", id="torch int8"),
        pytest.param("openvino", "int8", "cpu", id="openvino int8"),
        pytest.param("openvino", "float32", "cuda", id="openvino on a gpu"),
        pytest.param("auto", "int8", "cuda", id="int8 on a gpu"),
    ],
)
def test_what_no_engine_can_is_refused(engine: str, precision: str, device: str) -> None:
    """With a sentence that says what there is."""
    with pytest.raises(EngineRefused, match="No engine can compute"):
        candidates(engine, precision, device)


def test_a_library_that_is_missing_is_not_a_candidate(monkeypatch: pytest.MonkeyPatch) -> None:
    """`auto` goes by what is installed."""
    monkeypatch.setattr(arithmetic, "_installed", lambda name: name == "torch")
    assert [Arithmetic("torch", "float32")] == candidates("auto", "float32", "cpu")


def test_a_gpu_computes_by_torch() -> None:
    """In half precision first."""
    found = candidates("auto", "auto", "cuda:0")
    assert {"torch"} == {each.engine for each in found}
    assert ("float16", "float32") == (found[0].precision, found[-1].precision)
