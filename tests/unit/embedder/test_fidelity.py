"""One number says how close two sets of vectors are; nothing bad looks good."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from kioku_embedder.engines.fidelity import ProbeVectors, fidelity
from kioku_embedder.engines.probes import drawn_pictures, drawn_texts


def vectors(seed: int = 0) -> ProbeVectors:
    drawn = np.random.default_rng(seed).standard_normal((8, 5)).astype(np.float32)
    return ProbeVectors(drawn[:5], drawn[5:])


def test_it_is_the_lowest_cosine(tmp_path: Path) -> None:
    """Of pictures and texts alike; length does not matter; a file keeps every bit."""
    reference = vectors()
    reference.write(tmp_path)
    assert 1.0 == round(fidelity(vectors(), ProbeVectors.read(tmp_path)), 12)
    turned = vectors()
    turned.texts[1] *= -3
    assert -1.0 == round(fidelity(turned, reference), 6)


def test_a_broken_vector_counts_as_the_worst() -> None:
    """NaN, infinities and zero are no agreement."""
    for broken in (np.nan, np.inf, 0.0):
        ours = vectors()
        ours.pictures[2] = broken
        assert -1.0 == fidelity(ours, vectors())


def test_probes_are_the_same_every_time() -> None:
    """And all different from each other."""
    first, again = drawn_pictures(32, 48, 12), drawn_pictures(32, 48, 12)
    assert (32, 48, 3) == first[0].shape
    assert all(np.array_equal(left, right) for left, right in zip(first, again, strict=True))
    assert 12 == len({picture.tobytes() for picture in first})
    assert drawn_texts(12) == drawn_texts(12)
    assert 12 == len(set(drawn_texts(12)))
