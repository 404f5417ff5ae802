"""Stored vectors are compared exactly, whatever their type and number, and without torch."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kioku_embedder import (
    Nearest,
    cosine_similarities,
    cosine_similarity,
    find_similar_frames,
    near_duplicate_runs,
    top_k,
    vectors_of,
)

RANDOM = np.random.default_rng(7)


def by_sorting(queries: Any, vectors: Any, k: int) -> Nearest:
    """The definition, in float64."""
    left, right = np.asarray(queries, np.float64), np.asarray(vectors, np.float64)
    left = left / np.linalg.norm(left, axis=1, keepdims=True)
    right = right / np.linalg.norm(right, axis=1, keepdims=True)
    scores = left @ right.T
    order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return Nearest(order, np.take_along_axis(scores, order, axis=1))


@pytest.mark.parametrize("kind", ["float16", "float32", "float64"])
@pytest.mark.parametrize("normalised", [True, False], ids=["unit", "any-length"])
def test_top_k_is_what_sorting_gives(
    kind: str, normalised: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over many pieces; more queries than go at once."""
    monkeypatch.setattr("kioku_embedder.matrices._PIECE_BYTES", 4 * 16 * 100)
    monkeypatch.setattr("kioku_embedder.similarity._QUERIES_AT_ONCE", 4)
    vectors = RANDOM.normal(size=(1234, 16))
    if normalised:
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors, queries = vectors.astype(kind), RANDOM.normal(size=(9, 16))
    expected = by_sorting(queries, vectors, 30)
    actual = top_k(queries, vectors, 30, normalised=normalised)
    np.testing.assert_allclose(actual.scores, expected.scores, atol=1e-3)
    if kind == "float64":
        np.testing.assert_array_equal(actual.indices, expected.indices)
    rows = np.take_along_axis(cosine_similarities(queries, vectors), actual.indices, axis=1)
    np.testing.assert_allclose(actual.scores, rows, atol=1e-3)


def test_ties_are_in_the_order_of_the_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also across pieces, and where only some of them fit."""
    monkeypatch.setattr("kioku_embedder.matrices._PIECE_BYTES", 4 * 2 * 3)
    vectors = np.array([[0, 1], [1, 0], [2, 0], [1, 1], [3, 0], [4, 0], [5, 0]], np.float32)
    assert [1, 2, 4] == top_k([1, 0], vectors, 3).indices[0].tolist()
    assert [1, 2, 4, 5, 6, 3, 0] == top_k([1, 0], vectors, 99).indices[0].tolist()


def test_shapes_of_nothing() -> None:
    """No rows, no queries; one vector counts as one query."""
    rows = np.ones((5, 3), np.float32)
    assert (1, 0) == top_k([1, 0, 0], np.empty((0, 3), np.float32)).indices.shape
    assert (0, 2) == top_k(np.empty((0, 3), np.float32), rows, 2).scores.shape
    assert (1, 2) == top_k([1, 0, 0], rows, 2).scores.shape
    assert (2, 0) == cosine_similarities(rows[:2], np.empty((0, 3), np.float32)).shape
    assert [] == near_duplicate_runs(np.empty((0, 3), np.float32))
    assert [] == find_similar_frames([1, 0], {})


@pytest.mark.parametrize(
    ("queries", "vectors", "message"),
    [
        ([[1, 0]], [[1, 0, 0]], "2 components"),
        ([[1, 0]], [1, 0], "matrix"),
        ([[1, 0]], [[[1, 0]]], "matrix"),
        ([[0, 0]], [[1, 0]], "query is zero"),
        ([[1, 0]], [[1, 0], [0, 0]], "vector is zero"),
        ([[1, 0]], [[np.nan, 0]], "NaN"),
        ([[1, 0]], [[np.inf, 0]], "NaN or an infinity"),
        ([[1, 0]], np.array([["1", "0"]]), "not str"),
        ([[1, 0]], np.array([[1j, 0]]), "not complex"),
        ([[1, 0]], np.empty((2, 0), np.float32), "matrix"),
    ],
    ids=["length", "flat", "deep", "query", "zero", "nan", "inf", "text", "complex", "width"],
)
def test_what_cannot_be_compared_is_refused(queries: Any, vectors: Any, message: str) -> None:
    """With a sentence that says what is wrong."""
    for compare in (top_k, cosine_similarities):
        with pytest.raises(ValueError, match=message):
            compare(queries, vectors)


def test_rows_that_are_not_normalised_are_noticed() -> None:
    """Scores beyond one, and NaN."""
    with pytest.raises(ValueError, match="normalised"):
        top_k([1, 0], np.array([[3, 0]], np.float32), normalised=True)
    with pytest.raises(ValueError, match="not finite"):
        top_k([1, 0], np.array([[np.nan, 0]], np.float32), normalised=True)
    with pytest.raises(ValueError, match="at least 1"):
        top_k([1, 0], [[1.0, 0.0]], 0)


def test_extreme_lengths_do_not_count() -> None:
    """Squares that overflow or vanish in float32."""
    vectors = np.array([[1e30, 1e30], [1e-30, 0], [0, 3]], np.float32)
    scores = cosine_similarities([[1, 0]], vectors)
    np.testing.assert_allclose(scores, [[2**-0.5, 1, 0]], atol=1e-6)


def test_frames_are_found_as_pairs_are_compared() -> None:
    """The names' own cosines, best first."""
    frames = {f"f{n:03d}": RANDOM.normal(size=8) for n in range(50)}
    query = RANDOM.normal(size=8)
    found = find_similar_frames(query, frames, limit=7)
    scores = {name: cosine_similarity(query, vector) for name, vector in frames.items()}
    expected = sorted(scores, key=lambda name: -scores[name])[:7]
    assert expected == [each.frame for each in found]
    np.testing.assert_allclose([each.score for each in found], [scores[n] for n in expected])


def test_runs_cover_every_row_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run ends where a row no longer looks like its first one; a slow pan is several runs."""
    monkeypatch.setattr("kioku_embedder.matrices._PIECE_BYTES", 4 * 2 * 5)
    still = np.tile([1.0, 0.0], (6, 1))
    angles = np.arange(10) * 0.1
    pan = np.stack([np.cos(angles + 2), np.sin(angles + 2)], axis=1)
    runs = near_duplicate_runs(np.concatenate([still, pan]).astype(np.float32), threshold=0.95)
    assert [range(6), range(6, 10), range(10, 14), range(14, 16)] == runs


def test_stored_bytes_are_a_matrix() -> None:
    """As search stores and events carry them; what is no whole number of vectors is refused."""
    rows = RANDOM.normal(size=(3, 4)).astype("<f4")
    np.testing.assert_array_equal(vectors_of(rows.tobytes(), 4), rows)
    half = rows.astype("<f2")
    np.testing.assert_array_equal(vectors_of(half.tobytes(), 4, kind="float16"), half)
    assert (0, 4) == vectors_of(b"", 4).shape
    for data, dimension in ((rows.tobytes()[:-4], 4), (b"\x00" * 16, 0), (b"\x00\x00\xc0\x7f", 1)):
        with pytest.raises(ValueError, match=r"."):
            vectors_of(data, dimension)


def test_a_large_file_is_read_in_pieces(tmp_path: Path) -> None:
    """120 MiB of half-precision vectors on disk need a fraction of that in memory."""
    path = tmp_path / "vectors.f16"
    stored = np.memmap(path, np.float16, "w+", shape=(80_000, 768))
    stored[:] = 1
    stored[4321, :400] = -1
    query = np.ones(768, np.float32)
    query[:400] = -1
    tracemalloc.start()
    found = top_k(query, stored, 1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [[4321]] == found.indices.tolist()
    assert peak < 80 * 2**20


def test_nothing_here_imports_torch() -> None:
    """Nor anything else that a CPU worker or a script does not have."""
    code = (
        "import sys, kioku_embedder, kioku_embedder.similarity; "
        "heavy = {'torch', 'transformers', 'onnxruntime', 'openvino', 'grpc', 'nats', 'PIL'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert b"[]" == answer.stdout.strip()
