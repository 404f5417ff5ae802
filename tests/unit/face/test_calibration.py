"""A threshold keeps its false-match rate; confidence rises, and means what it says."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kioku_face.matching.calibration import calibrate, fit_logistic, threshold_at
from kioku_rt.errors import InvalidInput

SCORES = st.lists(st.sampled_from([n / 16 for n in range(-16, 17)]), min_size=1, max_size=60)


def drawn(rows, mean, spread=0.1, seed=0):
    """Scores of pairs."""
    return np.clip(np.random.default_rng(seed).normal(mean, spread, rows), -1, 1)


@given(SCORES, st.sampled_from([0.02, 0.1, 0.25, 0.5, 0.99]))
def test_the_threshold_keeps_the_rate_and_no_less_would_do(scores, rate):
    """At most the asked share reaches it; the next lower score would let too many through."""
    different = np.array(scores)
    threshold = threshold_at(different, rate)
    assert np.mean(different >= threshold) <= rate or threshold == 1.0
    lower = different[different < threshold]
    if len(lower):
        assert np.mean(different >= lower.max()) > rate


def test_a_perfect_double_does_not_lift_the_threshold_beyond_reach():
    """A pair labelled wrongly may score 1; 1 can still be reached."""
    assert threshold_at(np.ones(10), 0.01) == 1.0


def test_calibration_says_what_it_measured():
    """Rates, numbers of pairs, and a confidence of one half where both are as likely."""
    same, different = drawn(4000, 0.3), drawn(100_000, 0.0, seed=1)
    found = calibrate("s@1", same, different, asked_rate=1e-3)
    assert found.false_match_rate <= 1e-3
    assert found.false_match_rate == np.mean(different >= found.threshold)
    assert found.true_match_rate == np.mean(same >= found.threshold)
    assert (4000, 100_000) == (found.same_pairs, found.different_pairs)
    assert found.threshold == pytest.approx(0.309, abs=0.01)  # 3.09 deviations
    # Two normal laws of one width: the log-odds are linear, with these coefficients.
    assert found.slope == pytest.approx(0.3 / 0.1**2, rel=0.1)
    assert found.confidence(0.15) == pytest.approx(0.5, abs=0.03)
    assert found.confidence(0.0) < 0.05 < 0.95 < found.confidence(0.3)
    assert 0 <= found.confidence(-1.0) < found.confidence(1.0) <= 1


def test_the_number_of_pairs_of_a_kind_does_not_matter():
    """A hundred times as many strangers is no reason to doubt a score."""
    same = drawn(500, 0.5)
    few = fit_logistic(same, drawn(500, 0.0, seed=2))
    many = fit_logistic(same, drawn(50_000, 0.0, seed=2))
    assert -few[1] / few[0] == pytest.approx(-many[1] / many[0], abs=0.02)


def test_kinds_that_do_not_overlap_have_a_finite_curve():
    """Perfectly told apart: steep, and no step."""
    slope, intercept = fit_logistic(np.array([0.8, 0.9, 0.85]), np.array([0.1, 0.0, -0.1, 0.05]))
    assert math.isfinite(slope)
    assert 0 < slope < 1000
    assert 0.1 < -intercept / slope < 0.8


@pytest.mark.parametrize(
    ("same", "different", "rate"),
    [
        (drawn(10, 0.6), drawn(99, 0.0), 1e-2),  # cannot tell that rate
        (np.empty(0), drawn(1000, 0.0), 1e-2),
        (drawn(10, 0.0), drawn(1000, 0.6), 1e-2),  # the labels are the wrong way round
        (drawn(10, 0.6), drawn(1000, 0.0), 0.0),
        (drawn(10, 0.6), drawn(1000, 0.0), 1.0),
        (drawn(10, 0.6), drawn(1000, 0.0), math.nan),
    ],
)
def test_pairs_that_tell_nothing_are_refused(same, different, rate):
    """With a sentence, and before anything is stored."""
    with pytest.raises(InvalidInput) as refusal:
        calibrate("s@1", same, different, asked_rate=rate)
    assert refusal.value.reason == "FIELD_INVALID"
