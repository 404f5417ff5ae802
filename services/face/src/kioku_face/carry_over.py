"""Promise: a face that is found again keeps who it is; a place that was erased gets no face.

Boxes are compared by intersection over union. Which old face a new one is, is decided from the
most alike pair down, each face once (greedy matching, as detections are matched to the truth in the
PASCAL VOC challenge, Everingham et al. 2010).
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID, uuid5

from kioku_face.face import Box, FoundFace
from kioku_face.picture import Picture

SAME_FACE = 0.5
"""Least overlap of a face with the one it was before."""
ERASED_PLACE = 0.3
"""Overlap with an erased place above which no face is taken; stricter than for the same face."""
_NAMESPACE = UUID("6b696f6b-752d-5661-8365-666163650001")


def without_erased(found: Sequence[FoundFace], erased: Sequence[Box]) -> list[FoundFace]:
    """The faces that lie in no erased place."""
    return [
        face for face in found if all(face.box.overlap(place) <= ERASED_PLACE for place in erased)
    ]


def carried(known: Sequence[tuple[UUID, Box]], found: Sequence[FoundFace]) -> list[UUID | None]:
    """For each found face the id of the known one that it is; None: it is new."""
    pairs = sorted(
        (
            (-face.box.overlap(box), new, old)
            for new, face in enumerate(found)
            for old, (_, box) in enumerate(known)
            if face.box.overlap(box) >= SAME_FACE
        )
    )
    ids: list[UUID | None] = [None] * len(found)
    taken: set[int] = set()
    for _, new, old in pairs:
        if ids[new] is None and old not in taken:
            ids[new] = known[old][0]
            taken.add(old)
    return ids


def new_face_id(picture: Picture, look: int, number: int, box: Box) -> UUID:
    """The id of a face that is new in this look: the same however often the look is repeated.

    The number of the look is in it, because an id whose vector was removed for good must not come
    again.
    """
    place = ",".join(f"{number:.4f}" for number in box.numbers)
    told = (picture.owner, str(picture.asset_id), str(picture.frame_no), place, str(look))
    return uuid5(_NAMESPACE, "/".join((*told, str(number))))
