"""Scores against chance, look-alikes, variety, and what is refused of the options."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kioku_rt.errors import InvalidInput
from kioku_rt.reasons import Reason
from kioku_search.hybrid.calibrating import EVERYDAY, background
from kioku_search.hybrid.diversity import cosines, diverse, folded
from kioku_search.hybrid.relevance import Background, Calibration, of_tags
from kioku_search.searching.options import (
    FusionKind,
    checked_fusion,
    checked_moments,
    checked_share,
)

# An engine tried before in the same process may have switched tiny numbers off.
floats = partial(st.floats, allow_subnormal=False)
ODD = [math.nan, math.inf, -math.inf, -0.1, 1000.1]


def test_relevance_is_the_chance_that_none_of_a_thousand_scores_so() -> None:
    """Against a thousand draws of the background, counted."""
    random = np.random.default_rng(1)
    best = random.normal(0.2, 0.05, (2000, 1000)).max(axis=1)
    for score in (0.33, 0.36, 0.38, 0.42):
        counted = float((best < score).mean())
        assert Background(0.2, 0.05).relevance(score) == pytest.approx(counted, abs=0.03)


@given(floats(-1, 1), floats(-1, 1), floats(-0.5, 0.5), floats(1e-6, 1))
def test_relevance_rises_with_the_score(a: float, b: float, mean: float, spread: float) -> None:
    """0 to 1, never falling, for any background."""
    low, high = (Background(mean, spread).relevance(one) for one in sorted((a, b)))
    assert 0.0 <= low <= high <= 1.0


def test_matches_do_not_move_the_background() -> None:
    """A fiftieth of the pairs matching leaves it nearly as it was; no spread is no divisor."""
    random = np.random.default_rng(2)
    chance = random.normal(0.1, 0.05, 9800).astype(np.float32)
    mixed = background(np.concatenate([chance, np.full(200, 0.9, np.float32)]))
    assert (0.1, 0.05) == pytest.approx((mixed.mean, mixed.deviation), abs=0.01)
    assert 0 < background(np.full(10, 0.5, np.float32)).deviation
    assert len(EVERYDAY) == len(set(EVERYDAY)) > 60


def test_a_query_of_two_needs_both_backgrounds() -> None:
    """The mean is the weighted sum; deviations add as independent ones do."""
    images, texts = Background(0.4, 0.1), Background(0.0, 0.05)
    both = Calibration(images, texts)
    assert images == both.background(1.0, 0.0)
    assert texts == both.background(0.0, 1.0)
    joined = both.background(0.6, 0.8)
    assert joined is not None
    assert (0.24, math.hypot(0.06, 0.04)) == pytest.approx((joined.mean, joined.deviation))
    assert Calibration(images=images).background(0.6, 0.8) is None
    assert Calibration().background(1.0, 0.0) is None
    assert of_tags(1024).relevance(0.05) < 0.1 < 0.9 < of_tags(1024).relevance(0.2)


def matrix_of(*rows: tuple[float, float]) -> np.ndarray:
    """Cosines of vectors of two numbers."""
    return cosines(range(len(rows)), {n: np.array(row, np.float32) for n, row in enumerate(rows)})


def test_look_alikes_are_folded_under_the_best() -> None:
    """In the order of the results; what has no vector stands for itself."""
    matrix = matrix_of((1, 0), (0, 1), (1, 0.01), (0.01, 1))
    assert [[0, 2], [1, 3]] == folded(matrix, 0.97)
    assert [[0], [1], [2], [3]] == folded(matrix, 1.0)
    lone = cosines(["a", "b"], {"a": np.ones(2, np.float32)})
    assert [[0], [1]] == folded(lone, 0.5)
    assert [[0, 1]] == folded(matrix_of((2, 2), (3, 3)), 1.0)
    assert [] == folded(cosines([], {}), 0.9)


def test_variety_trades_likeness_for_worth() -> None:
    """None keeps the order; much takes what differs second."""
    matrix = matrix_of((1, 0), (1, 0.05), (0, 1))
    worth = [1.0, 0.9, 0.5]
    assert [0, 1, 2] == diverse(worth, matrix, 0.0, 3)
    assert [0, 2, 1] == diverse(worth, matrix, 0.7, 3)
    assert [0, 2] == diverse(worth, matrix, 1.0, 2)
    assert [] == diverse([], cosines([], {}), 0.5, 3)
    assert [0] == diverse([0.5], matrix_of((1, 0)), 1.0, 3)


@given(
    st.lists(st.tuples(floats(0.01, 1), floats(0.01, 1)), min_size=1, max_size=12),
    floats(0, 1),
    st.integers(1, 12),
)
def test_variety_chooses_each_once(
    rows: list[tuple[float, float]], diversity: float, limit: int
) -> None:
    """As many as there are and were asked for, the best first, the same each time."""
    matrix, worth = matrix_of(*rows), [1.0 / n for n in range(1, len(rows) + 1)]
    chosen = diverse(worth, matrix, diversity, limit)
    assert chosen[0] == 0
    assert len(chosen) == len(set(chosen)) == min(limit, len(rows))
    assert chosen == diverse(worth, matrix, diversity, limit)


@pytest.mark.parametrize("value", ODD)
def test_weights_out_of_range_are_refused(value: float) -> None:
    """Also NaN, and shares beyond 1."""
    with pytest.raises(InvalidInput) as refused:
        checked_fusion(FusionKind.RRF, {"visual": None, "tags": value, "words": None})
    assert Reason.FIELD_INVALID is refused.value.reason
    with pytest.raises(InvalidInput):
        checked_share(value, "x")


def test_weights_of_nothing_are_refused() -> None:
    """One list must count; unset counts 1."""
    with pytest.raises(InvalidInput):
        checked_fusion(FusionKind.RRF, {"visual": 0.0, "tags": 0.0, "words": 0.0})
    fusion = checked_fusion(FusionKind.RRF, {"visual": 0.0, "tags": None, "words": 2.0})
    assert (0.0, 1.0, 2.0) == fusion.weights


@pytest.mark.parametrize("value", [-1, 11, 2**31 - 1])
def test_moments_out_of_range_are_refused(value: int) -> None:
    """0 to 10."""
    with pytest.raises(InvalidInput):
        checked_moments(value, "x")
