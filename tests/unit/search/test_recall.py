"""What counts as found, what some searches say of all, and how effort follows."""

from __future__ import annotations

import numpy as np
import pytest
from kioku_search.indexes.recall import Effort, Recall, next_effort, recall_of, tied_recall

NOW = Effort(now=100, least=20, most=1000, missed=0)


def seen(count: int, mean: float, low: float | None = None, high: float | None = None) -> Recall:
    """Statistics of so many searches."""
    return Recall(count, mean, mean, mean if low is None else low, mean if high is None else high)


def test_as_near_as_the_last_true_one_is_found() -> None:
    """Ties at the end count, whichever of them is found; what is farther does not."""
    true = [0.1, 0.2, 0.2, 0.2]
    assert 1.0 == tied_recall([0.1, 0.2, 0.2 + 5e-7], true, 3)
    assert pytest.approx(2 / 3) == tied_recall([0.1, 0.2, 0.2001], true, 3)


def test_fewer_than_k_are_all_there_is() -> None:
    """Two of two are all; nothing to be found is all found."""
    assert 1.0 == tied_recall([0.1, 0.2], [0.1, 0.2], 20)
    assert 0.5 == tied_recall([0.1], [0.1, 0.2], 20)
    assert 1.0 == tied_recall([], [], 20)


def test_statistics_have_an_interval() -> None:
    """The normal one: what numpy gives."""
    values = [1.0] * 90 + [0.5] * 10
    recall = recall_of(values)
    error = 1.96 * np.std(values, ddof=1) / 10
    assert recall is not None
    assert (100, 0.95, 0.5) == (recall.count, pytest.approx(recall.mean), recall.p5)
    assert pytest.approx((0.95 - error, 0.95 + error)) == (recall.low, recall.high)
    assert recall_of([]) is None


@pytest.mark.parametrize(
    ("recall", "after"),
    [
        (None, 100),
        (seen(7, 0.5, 0.4, 0.6), 100),  # too few to say anything
        (seen(8, 0.9, 0.85, 0.95), 150),  # few, and surely too low
        (seen(8, 0.97, 0.95, 0.99), 100),  # few, and perhaps high enough
        (seen(30, 0.97, 0.95, 0.99), 150),  # more, and too low
        (seen(30, 1.0), 100),  # high, but not many
        (seen(200, 0.985, 0.979, 0.99), 100),  # many, but perhaps too low with less
        (seen(200, 1.0, 0.99, 1.0), 90),
    ],
)
def test_effort_goes_up_fast_and_down_slowly(recall: Recall | None, after: int) -> None:
    """Half as much more after a few misses; a tenth less after many hits."""
    assert after == next_effort(NOW, recall, 0.98).now


def test_effort_stays_within_bounds_and_above_what_was_too_little() -> None:
    """Never beyond the most; never again down to what missed the target."""
    assert 1000 == next_effort(Effort(900, 20, 1000, 0), seen(50, 0.5), 0.98).now
    assert 20 == next_effort(Effort(21, 20, 1000, 0), seen(300, 1.0), 0.98).now
    up = next_effort(NOW, seen(50, 0.5), 0.98)
    assert (150, 100) == (up.now, up.missed)
    assert 111 == next_effort(Effort(111, 20, 1000, 100), seen(300, 1.0), 0.98).now


def test_without_a_target_effort_is_nobodys_business() -> None:
    """Target 0 switches it off."""
    assert NOW == next_effort(NOW, seen(300, 0.1), 0.0)


@pytest.mark.parametrize("share", [0.97, 0.983, 1.0])
def test_it_settles(share: float) -> None:
    """With an index that reaches `share` at 300 and less below, it neither runs away nor swings."""
    effort, seen_efforts = Effort(40, 20, 1000, 0), []
    for _ in range(60):
        mean = share - max(0, 300 - effort.now) * 1e-4
        effort = next_effort(effort, seen(400, mean, mean - 0.001, mean + 0.001), 0.98)
        seen_efforts.append(effort.now)
    assert 1 == len(set(seen_efforts[-5:]))
    if share < 0.98:
        assert 1000 == effort.now
