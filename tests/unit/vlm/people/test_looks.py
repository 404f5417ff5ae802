"""A description goes to the face that lies in its box, and to no other."""

from __future__ import annotations

from uuid import UUID

import pytest
from kioku_vlm.engines.ports import SeenPerson
from kioku_vlm.page import Box
from kioku_vlm.people.looks import described, share_inside
from kioku_vlm.people.member import Member

ADULT = SeenPerson(1, Box(0.1, 0.1, 0.4, 0.8), "a woman in a red coat", 0.5)
CHILD = SeenPerson(1, Box(0.2, 0.4, 0.2, 0.5), "a child with a hat", 0.5)
FAR = SeenPerson(1, Box(0.7, 0.1, 0.2, 0.8), "a man with a bag", 0.5)


def face(number: int, left: float, top: float, size: float = 0.1) -> Member:
    """A square one."""
    return Member(UUID(int=number), Box(left, top, size, size))


def said(faces: list[Member], *people: SeenPerson) -> list[str]:
    """The descriptions, in the order of the faces."""
    return [member.description for member in described(faces, people)]


def test_each_face_gets_the_person_in_whose_box_it_lies() -> None:
    """In any order; a face outside all boxes gets nothing."""
    faces = [face(1, 0.75, 0.15), face(2, 0.25, 0.15), face(3, 0.55, 0.5)]
    assert ["a man with a bag", "a woman in a red coat", ""] == said(faces, ADULT, FAR)
    assert ["a man with a bag", "a woman in a red coat", ""] == said(faces, FAR, ADULT)


def test_of_boxes_that_hold_a_face_whole_it_fills_the_smaller_one_more() -> None:
    """A child in front of an adult has their own description."""
    faces = [face(1, 0.25, 0.15), face(2, 0.25, 0.45)]
    assert ["a woman in a red coat", "a child with a hat"] == said(faces, ADULT, CHILD)


def test_nobodys_description_goes_to_two_faces() -> None:
    """The larger face of a box has it."""
    faces = [face(1, 0.15, 0.15, 0.05), face(2, 0.25, 0.15, 0.1)]
    assert ["", "a woman in a red coat"] == said(faces, ADULT)


def test_the_box_that_shares_most_of_the_face_has_it() -> None:
    """Boxes of neighbours overlap."""
    near = SeenPerson(1, Box(0.28, 0.1, 0.3, 0.8), "somebody beside her", 0.5)
    assert ["a woman in a red coat"] == said([face(1, 0.25, 0.2)], near, ADULT)


def test_a_face_that_lies_mostly_outside_has_nothing() -> None:
    """Nor has one of another page, nor one without extent."""
    assert [""] == said([face(1, 0.46, 0.2)], ADULT)
    second = SeenPerson(2, ADULT.box, ADULT.description, 0.5)
    assert [""] == said([face(1, 0.25, 0.2)], second)
    assert [""] == said([face(1, 0.25, 0.2, 0.0)], ADULT)


def test_who_they_are_stays_as_it_was() -> None:
    """Nothing but the description is put beside a face."""
    known = Member(UUID(int=1), Box(0.25, 0.2, 0.1, 0.1), UUID(int=2), "u", "Ann", None, 0.7, 0.9)
    [member] = described([known], [ADULT])
    assert (UUID(int=2), "u", "Ann", 0.7, 0.9) == (
        member.person_id,
        member.user_id,
        member.name,
        member.score,
        member.confidence,
    )


def test_shares_are_of_the_face() -> None:
    """Half a face outside, half in."""
    assert pytest.approx(0.5) == share_inside(Box(0.45, 0.2, 0.1, 0.1), ADULT.box)
    assert 0.0 == share_inside(Box(0.9, 0.9, 0.1, 0.1), ADULT.box)
