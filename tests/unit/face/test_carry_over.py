"""Which face is which, and which places are taken."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from kioku_face.carry_over import SAME_FACE, carried, new_face_id, without_erased
from kioku_face.face import WHOLE, Box, FoundFace, Quality
from kioku_face.picture import Picture

QUALITY = Quality(1.0, 100.0, 1.0, 0.0, 0.0, 0.0)
PICTURE = Picture("ann", UUID(int=9), 1, WHOLE, None, "key", "sha")
ONE, TWO = UUID(int=1), UUID(int=2)


def found(left: float, top: float = 0.0, side: float = 0.2) -> FoundFace:
    return FoundFace(Box(left, top, side, side), (), 0.9, QUALITY)


def test_the_most_alike_pair_is_matched_first() -> None:
    """Two old faces overlap one new one: the closer one is it, the other is free for the next."""
    known = [(ONE, Box(0.05, 0, 0.2, 0.2)), (TWO, Box(0.0, 0, 0.2, 0.2))]
    assert [TWO, ONE] == carried(known, [found(0.0), found(0.06)])


def test_a_small_overlap_is_another_face() -> None:
    """Just below and at half of the union."""
    assert [None] == carried([(ONE, Box(0, 0, 0.2, 0.2))], [found(0.07)])
    assert [ONE] == carried([(ONE, Box(0, 0, 0.2, 0.2))], [found(0.066)])


boxes = st.builds(Box, *[st.floats(0, 1, allow_subnormal=False)] * 2, *[st.floats(0.01, 0.5)] * 2)


@given(st.lists(boxes, max_size=6), st.lists(boxes, max_size=6))
def test_nobody_is_carried_over_twice(before: list[Box], after: list[Box]) -> None:
    """Each id goes to at most one face, and only to one that overlaps enough."""
    known = [(UUID(int=n), box) for n, box in enumerate(before)]
    ids = carried(known, [FoundFace(box, (), 0.9, QUALITY) for box in after])
    given_out = [one for one in ids if one is not None]
    assert len(given_out) == len(set(given_out))
    places = dict(known)
    assert all(
        one is None or box.overlap(places[one]) >= SAME_FACE
        for one, box in zip(ids, after, strict=True)
    )


def test_an_erased_place_takes_what_overlaps_it_a_little() -> None:
    """More than 0.3 of the union, which is less than what makes two faces the same."""
    erased = [Box(0, 0, 0.2, 0.2)]
    assert [] == without_erased([found(0.1)], erased)
    assert [found(0.11)] == without_erased([found(0.11)], erased)


def test_an_id_depends_on_place_and_look_alone() -> None:
    """The same again; another with any other place, picture or look."""
    first = new_face_id(PICTURE, 1, 0, Box(0.1, 0.1, 0.2, 0.2))
    assert first == new_face_id(PICTURE, 1, 0, Box(0.1, 0.1, 0.2, 0.2))
    others = {
        new_face_id(PICTURE, 2, 0, Box(0.1, 0.1, 0.2, 0.2)),
        new_face_id(PICTURE, 1, 0, Box(0.3, 0.1, 0.2, 0.2)),
        new_face_id(PICTURE, 1, 1, Box(0.1, 0.1, 0.2, 0.2)),
        new_face_id(replace(PICTURE, owner="bob"), 1, 0, Box(0.1, 0.1, 0.2, 0.2)),
        new_face_id(replace(PICTURE, frame_no=3), 1, 0, Box(0.1, 0.1, 0.2, 0.2)),
    }
    assert 5 == len(others - {first})
