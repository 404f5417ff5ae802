"""Who may be on a picture.

Whose a face may be is never stored by this service: who agreed to be recognised may take that back
at any time, and an answer that was kept would know them still. So `face` is asked for each answer,
under its own rules: it names only people who agree, and gives everybody else an anonymous id that
lasts until they are enrolled or its retention ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from kioku_vlm.page import Box


@dataclass(frozen=True)
class Member:
    """One face, and whose it may be.

    Attributes:
        face_id: of `face`.
        box: where it is.
        person_id: the most similar person who agreed to be matched; None: nobody.
        user_id: the user of the app that this is, or empty.
        name: what the owner calls them, or empty; never a name that was read in a picture.
        anonymous_id: of somebody unknown; None where `person_id` is set, or nobody grouped it yet.
        score: 1 - cosine distance; 0 where nobody was compared.
        confidence: probability that it is the same person; None: the space has no calibration.
        description: what a model sees of them; empty: nothing was said.
    """

    face_id: UUID
    box: Box
    person_id: UUID | None = None
    user_id: str = ""
    name: str = ""
    anonymous_id: UUID | None = None
    score: float = 0.0
    confidence: float | None = None
    description: str = ""


class Faces(Protocol):
    """What knows faces."""

    async def members(self, owner: str, asset_id: UUID) -> Sequence[Member]:
        """Everybody on a picture, the largest face first; empty: no face was found, or not yet.

        Raises:
            DependencyDown: nobody can say.
        """
