"""Two lists become one by the places in them."""

from __future__ import annotations

from functools import partial
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kioku_search.assets.asset import Kind
from kioku_search.hybrid.fusion import fuse
from kioku_search.searching.options import LISTS, Fusion, FusionKind, Method
from kioku_search.searching.search import Neighbour

# An engine tried before in the same process may have switched tiny numbers off.
floats = partial(st.floats, allow_subnormal=False)


def neighbours(*numbers: int) -> list[Neighbour]:
    """Assets in an order; the score is 1 / place."""
    return [
        Neighbour(UUID(int=n), 1 - 1 / place, "", Kind.IMAGE, (), None, "exact")
        for place, n in enumerate(numbers, 1)
    ]


def test_what_both_lists_have_goes_first() -> None:
    """Second in both beats first in one: 2/62 is more than 1/61."""
    fused = fuse({Method.VISUAL: neighbours(1, 2), Method.TAGS: neighbours(3, 2)}, 10)
    assert [2, 3, 1] == [one.neighbour.asset_id.int for one in fused]


def test_every_place_is_told() -> None:
    """In the order of the lists, with rank and score of each."""
    fused = fuse({Method.VISUAL: neighbours(1, 2), Method.TAGS: neighbours(2)}, 1)
    places = [(part.method, part.rank, part.score) for part in fused[0].parts]
    assert [(Method.VISUAL, 2, 0.5), (Method.TAGS, 1, 1.0)] == places


def test_of_equals_the_tagged_one_goes_first_then_the_smaller_id() -> None:
    """A match of tags is more than chance."""
    fused = fuse({Method.VISUAL: neighbours(1), Method.TAGS: neighbours(9)}, 10)
    assert [9, 1] == [one.neighbour.asset_id.int for one in fused]
    lone = fuse({Method.VISUAL: neighbours(5), Method.TAGS: []}, 10)
    assert [5] == [one.neighbour.asset_id.int for one in lone]


def test_no_more_than_asked_for_and_each_once() -> None:
    """The best `limit` are kept."""
    lists = {Method.VISUAL: neighbours(*range(30)), Method.TAGS: neighbours(*range(29, -1, -1))}
    fused = fuse(lists, 7)
    assert 7 == len({one.neighbour.asset_id for one in fused})


def scored(*scores: float) -> list[Neighbour]:
    """Assets 1, 2, … with these scores, best first."""
    return [
        Neighbour(UUID(int=n), 1 - score, "", Kind.IMAGE, (), None, "exact")
        for n, score in enumerate(scores, 1)
    ]


@pytest.mark.parametrize("kind", list(FusionKind))
def test_weights_decide_which_list_counts(kind: FusionKind) -> None:
    """A list of ten times the weight has its way; what each place adds is told."""
    lists = {Method.VISUAL: neighbours(1, 2, 3), Method.WORDS: neighbours(3, 2, 1)}
    for weights, first in (((10.0, 1.0, 1.0), 1), ((1.0, 1.0, 10.0), 3)):
        best = fuse(lists, 3, Fusion(kind, weights))[0]
        assert first == best.neighbour.asset_id.int
        assert [weights[0], weights[2]] == [part.weight for part in best.parts]
        assert best.weight == sum(part.contribution for part in best.parts)


def test_scores_are_brought_to_one_scale() -> None:
    """Min-max: best 1, last 0. Z-score: the mean is a half."""
    for kind, expected in ((FusionKind.MIN_MAX, [1.0, 0.5, 0.0]), (FusionKind.Z_SCORE, None)):
        fused = fuse({Method.VISUAL: scored(0.9, 0.5, 0.1)}, 3, Fusion(kind))
        values = [one.weight for one in fused]
        assert values[1] == pytest.approx(0.5)
        assert expected is None or values == pytest.approx(expected)
        assert 0 <= values[2] < values[0] <= 1
    same = fuse({Method.WORDS: scored(0.4, 0.4)}, 2, Fusion(FusionKind.MIN_MAX))
    assert [1.0, 1.0] == [one.weight for one in same]


@given(
    st.lists(st.lists(st.integers(0, 30), unique=True, max_size=20), min_size=1, max_size=3),
    st.sampled_from(list(FusionKind)),
    st.tuples(*[floats(0.01, 1000)] * 3),
)
def test_fusion_is_total_and_deterministic(
    orders: list[list[int]], kind: FusionKind, weights: tuple[float, float, float]
) -> None:
    """Every asset once, sums never rising, the same whatever was asked first."""
    lists = {method: neighbours(*order) for method, order in zip(LISTS, orders, strict=False)}
    fused = fuse(lists, 100, Fusion(kind, weights))
    assert {n for order in orders for n in order} == {one.neighbour.asset_id.int for one in fused}
    assert len(fused) == len({one.neighbour.asset_id for one in fused})
    sums = [one.weight for one in fused]
    assert sums == sorted(sums, reverse=True)
    assert fused == fuse(dict(lists), 100, Fusion(kind, weights))


@given(st.lists(st.integers(0, 30), unique=True, min_size=1, max_size=20))
def test_a_missing_list_costs_its_term_only(order: list[int]) -> None:
    """An asset of one list keeps what that list gives it."""
    alone = fuse({Method.VISUAL: neighbours(*order)}, 100)
    beside = fuse({Method.VISUAL: neighbours(*order), Method.WORDS: neighbours(99)}, 100)
    terms = {one.neighbour.asset_id: one.weight for one in beside}
    assert all(terms[one.neighbour.asset_id] == one.weight for one in alone)
