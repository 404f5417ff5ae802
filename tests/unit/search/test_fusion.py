"""Two lists become one by the places in them."""

from __future__ import annotations

from uuid import UUID

from kioku_search.asset import Kind
from kioku_search.fusion import Method, Part, fuse
from kioku_search.search import Neighbour


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
    assert (Part(Method.VISUAL, 2, 0.5), Part(Method.TAGS, 1, 1.0)) == fused[0].parts


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
