"""Which themes are chosen."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from kioku_vlm.themes.choosing import ChoiceRules, choose, weights_of

RULES = ChoiceRules()
EACH = ["a", "b", "c", "d", "e", "f"]


def test_near_duplicates_share_the_weight_of_one() -> None:
    one, other = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    close = np.array([0.99, np.sqrt(1 - 0.99**2)])
    weights = weights_of(np.stack([one, other, close]), 0.97)
    assert weights.tolist() == [0.5, 1.0, 0.5]


def test_a_chain_of_near_duplicates_counts_as_one() -> None:
    turns = np.radians([0, 10, 20, 120])  # neighbours have cosine 0.985, the ends 0.94
    vectors = np.stack([np.cos(turns), np.sin(turns)], axis=1)
    assert weights_of(vectors, 0.97) == pytest.approx([1 / 3, 1 / 3, 1 / 3, 1.0])


def test_themes_that_cover_come_before_better_ones_that_do_not() -> None:
    fits = np.array([[0.9, 0.8, 0.0], [0.9, 0.8, 0.0], [0.0, 0.0, 0.3]])
    found = choose(fits, np.ones(3), ["a", "b", "c"], 2, RULES)
    assert [(one.theme, one.members) for one in found] == [(0, (0, 1)), (2, (2,))]


def test_many_copies_of_one_picture_do_not_outvote_two_different_ones() -> None:
    fits = np.array([[0.6, 0.0]] * 6 + [[0.0, 0.5], [0.0, 0.5]])
    weights = np.array([1 / 6] * 6 + [1.0, 1.0])
    assert choose(fits, weights, ["a", "b"], 1, RULES)[0].theme == 1


def test_one_picture_gets_several_candidates_the_best_first() -> None:
    found = choose(np.array([[0.1, 0.6, 0.3, 0.01]]), np.ones(1), EACH[:4], 5, RULES)
    assert [one.theme for one in found] == [1, 2, 0]
    assert [one.score for one in found] == pytest.approx([0.6, 0.3, 0.1])


def test_a_second_theme_of_a_family_comes_later() -> None:
    fits = np.array([[0.6, 0.5, 0.4]])
    assert [one.theme for one in choose(fits, np.ones(1), ["a", "a", "b"], 3, RULES)] == [0, 2, 1]


def test_nothing_fits() -> None:
    assert choose(np.full((2, 3), 0.04), np.ones(2), EACH[:3], 5, RULES) == []


def test_a_picture_among_many_is_covered_although_its_gain_is_small() -> None:
    fits = np.zeros((30, 2))
    fits[:29, 0], fits[29, 1] = 0.9, 0.06
    found = choose(fits, np.ones(30), ["a", "b"], 5, RULES)
    assert [one.theme for one in found] == [0, 1]
    assert found[1].members == (29,)


@pytest.mark.parametrize("seed", range(20))
def test_every_picture_that_something_fits_is_in_a_theme_if_there_is_room(seed: int) -> None:
    fits = np.random.default_rng(seed).random((12, 6)) ** 4
    found = choose(fits, np.ones(12), EACH, 6, RULES)
    fitting = set(np.flatnonzero((fits >= RULES.floor).any(axis=1)).tolist())
    assert {member for one in found for member in one.members} == fitting


@pytest.mark.parametrize("seed", range(20))
def test_two_themes_are_within_the_bound_of_the_best_two(seed: int) -> None:
    rules = ChoiceRules(floor=0.0, gain=0.0, family=1.0)
    fits = np.random.default_rng(seed).random((10, 6))
    found = [one.theme for one in choose(fits, np.ones(10), EACH, 2, rules)]
    best = max(
        fits[:, list(pair)].max(axis=1).sum() for pair in itertools.combinations(range(6), 2)
    )
    assert fits[:, found].max(axis=1).sum() >= (1 - 1 / np.e) * best
