"""The package's public functions: comparison without torch, extraction with it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from kioku_embedder import SimilarFrame, cosine_similarity, find_similar_frames
from kioku_embedder.extraction import extract_image_embeddings, extract_text_embeddings


def test_importing_the_package_imports_no_torch() -> None:
    """CPU workers have neither torch nor transformers."""
    code = (
        "import sys, kioku_embedder; "
        "print(sorted({'torch', 'transformers', 'grpc', 'nats'} & set(sys.modules)))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert answer.stdout.strip() == b"[]"


def test_cosine_is_about_direction_only() -> None:
    """Length does not count, however large or small."""
    assert cosine_similarity([1e300, 0], [1e-300, 0]) == pytest.approx(1)
    assert cosine_similarity([1, 0], [0, 5]) == pytest.approx(0)


@pytest.mark.parametrize("bad", [[0, 0], [np.nan, 1], [1, 2, 3]])
def test_vectors_that_cannot_be_compared_are_refused(bad: list[float]) -> None:
    """Zero, NaN and another length."""
    with pytest.raises(ValueError, match=r"."):
        cosine_similarity([1, 0], bad)


def test_the_nearest_frames_come_first() -> None:
    """At most `limit`, ties by name."""
    frames = {"c": [1, 0], "a": [0, 1], "b": [2, 0], "d": [1, 1]}
    found = find_similar_frames([1, 0], frames, limit=3)
    assert [each.frame for each in found] == ["b", "c", "d"]
    assert found[0] == SimilarFrame("b", 1.0)


def test_extraction_gives_unit_vectors(
    tiny_checkpoints: dict[str, Path], make_jpeg: Callable[..., bytes]
) -> None:
    """Nine pictures are more than one batch; no picture is an empty matrix."""
    model = str(tiny_checkpoints["siglip"])
    pictures = extract_image_embeddings([make_jpeg(seed=n) for n in range(9)], model=model)
    words = extract_text_embeddings(["a red cat"], model=model)
    assert (pictures.shape, words.shape) == ((9, 48), (1, 48))
    np.testing.assert_allclose(np.linalg.norm(pictures, axis=1), 1, atol=1e-6)
    assert extract_image_embeddings([], model=model).shape == (0, 48)
