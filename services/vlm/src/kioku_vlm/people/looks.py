"""What is to be seen of the people whose faces are known, put beside them for one answer; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kioku_vlm.engines.ports import SeenPerson
from kioku_vlm.page import Box
from kioku_vlm.people.member import Member

_INSIDE = 0.5
"""So much of a face lies in the box of the person whose it is."""
_DIGITS = 3
"""A face that touches the edge from within lies inside as wholly as any other."""
_FACES_PAGE = 1
"""`face` looks at pictures, which have one page."""


def described(members: Sequence[Member], people: Sequence[SeenPerson]) -> tuple[Member, ...]:
    """Each member with the description of the person in whose box the face lies.

    The pair whose boxes share most goes first; of boxes that hold a face whole, the one that it
    fills most. Nobody's description goes to two faces.
    """
    pairs = sorted(
        (
            (-share, -member.box.overlap(person.box), at, by)
            for at, member in enumerate(members)
            for by, person in enumerate(people)
            if person.page == _FACES_PAGE
            and (share := share_inside(member.box, person.box)) >= _INSIDE
        )
    )
    chosen: dict[int, int] = {}
    for _, _, at, by in pairs:
        if at not in chosen and by not in chosen.values():
            chosen[at] = by
    return tuple(
        replace(member, description=people[chosen[at]].description) if at in chosen else member
        for at, member in enumerate(members)
    )


def share_inside(face: Box, person: Box) -> float:
    """Part of the face that lies in the other box, 0 to 1."""
    width = min(face.right, person.right) - max(face.left, person.left)
    height = min(face.bottom, person.bottom) - max(face.top, person.top)
    if width <= 0 or height <= 0 or face.area == 0:
        return 0.0
    return round(width * height / face.area, _DIGITS)
