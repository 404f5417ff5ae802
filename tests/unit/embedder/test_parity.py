"""Our vectors are those of transformers' own processor and model, for every family."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from kioku_embedder.checkpoint import Checkpoint
from kioku_embedder.engines.torch_engine import TorchEngine
from kioku_embedder.reference import Reference
from kioku_rt.images import decode
from PIL import Image

from bench.parity import (
    FAMILIES,
    TARGET,
    Agreement,
    compare_pictures,
    compare_texts,
    cosines,
    opened,
)
from bench.parity_samples import large_pictures, pictures, texts

NAMES = ("CLIP", "SigLIP", "SigLIP 2")


@dataclass(frozen=True)
class Sides:
    """A checkpoint as we serve it and as transformers does."""

    checkpoint: Checkpoint
    engine: TorchEngine
    reference: Reference


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Tiny passes: threads that wait for each other cost more than they bring."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Sides]:
    """Both sides of a family's random checkpoint, made once."""
    made: dict[str, Sides] = {}

    def of(family: str) -> Sides:
        if family not in made:
            folder: Path = FAMILIES[family](tmp_path_factory.mktemp("parity") / "checkpoint")
            checkpoint = opened(folder)
            engine = TorchEngine(checkpoint, device="cpu")
            engine.load()
            made[family] = Sides(checkpoint, engine, Reference(folder))
        return made[family]

    return of


def missed(rows: list[Agreement]) -> list[Agreement]:
    return [row for row in rows if row.worst < TARGET]


@pytest.mark.parametrize("family", NAMES)
def test_pictures_agree_with_the_reference(family: str, sides: Callable[[str], Sides]) -> None:
    """Sizes, aspects, modes and orientations, from the file's bytes, alone and in batches."""
    both = sides(family)
    rows = compare_pictures(both.engine, both.checkpoint, both.reference, pictures(), "pictures")
    assert missed(list(rows)) == []


@pytest.mark.parametrize("family", NAMES)
def test_texts_agree_with_the_reference(family: str, sides: Callable[[str], Sides]) -> None:
    """0 to 200 words, any case and script, alone and in batches."""
    both = sides(family)
    assert missed(list(compare_texts(both.engine, both.reference, texts()))) == []


@pytest.mark.parametrize("family", NAMES)
def test_pictures_made_smaller_on_decoding_stay_near(
    family: str, sides: Callable[[str], Sides]
) -> None:
    """A photograph over 1024 px is resized twice; the price is stated and held."""
    both = sides(family)
    rows = compare_pictures(
        both.engine, both.checkpoint, both.reference, large_pictures(1), "large"
    )
    assert [row for row in rows if row.worst < 0.999] == []


@pytest.mark.parametrize(
    ("family", "resample", "shortest_edge"),
    [
        ("CLIP", Image.Resampling.BICUBIC, 32),
        ("SigLIP", Image.Resampling.BICUBIC, None),
        ("SigLIP 2", Image.Resampling.BILINEAR, None),
    ],
)
def test_each_family_has_its_own_geometry(
    family: str,
    resample: Image.Resampling,
    shortest_edge: int | None,
    sides: Callable[[str], Sides],
) -> None:
    """As in the published files: CLIP cuts, SigLIP squashes, SigLIP 2 does so bilinear."""
    rules = sides(family).checkpoint.preprocessing
    assert (rules.resample, rules.shortest_edge) == (resample, shortest_edge)


@pytest.mark.parametrize("family", ["SigLIP", "SigLIP 2"])
def test_the_comparison_sees_a_wrong_filter(family: str, sides: Callable[[str], Sides]) -> None:
    """Bicubic for bilinear, or the other way, is below the target: agreement is no accident."""
    both = sides(family)
    right = both.checkpoint.preprocessing
    wrong = dataclasses.replace(right, resample=5 - right.resample)
    sample = pictures()[0]
    ours = both.engine.images([wrong(decode(sample.data).pixels)])
    assert cosines(ours, both.reference.images([sample.upright]))[0] < TARGET


def test_the_comparison_sees_a_wrong_case(sides: Callable[[str], Sides]) -> None:
    """SigLIP 2's own tokenizer class tells case apart; only the family's rule does not."""
    both = sides("SigLIP 2")
    upper, lower = both.reference.texts(["A RED CAT"]), both.engine.texts(["a red cat"]).vectors
    assert cosines(upper, lower)[0] > TARGET
    untouched = dataclasses.replace(both.checkpoint.family, lowercase=False)
    plain = TorchEngine(dataclasses.replace(both.checkpoint, family=untouched), device="cpu")
    plain.load()
    assert cosines(plain.texts(["A RED CAT"]).vectors, upper)[0] < TARGET


def test_words_beyond_the_limit_change_nothing(sides: Callable[[str], Sides]) -> None:
    """A text is cut at 64 tokens (CLIP: 77), never at 20 as config.max_length would have it."""
    for family in NAMES:
        engine = sides(family).engine
        long = "at night " * 60
        early, late = "b" + long[1:], long + "b"
        vectors = engine.texts([long, early, late]).vectors
        near = cosines(vectors[:1].repeat(2, axis=0), vectors[1:])
        assert (bool(near[0] < 0.99999), bool(near[1] > 0.99999)) == (True, True)
        assert np.isfinite(vectors).all()
