"""What the grouping knows of a face, of a group, and of how near they are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kioku_face.face import WHOLE

Picture = tuple[UUID, int]
"""An asset and its frame: two faces of one picture are two people."""


@dataclass(frozen=True)
class Member:
    """A face as it is stored now.

    Args:
        asset_id: None: enrolled from a picture that was not kept.
        good: without a flaw and of enough quality; only such a face draws others.
        vouched: somebody, not likeness, linked it to its person.
        rejected: people of whom somebody said that it is not them.
        grouped_at: when it was compared last; None: never.
    """

    face_id: UUID
    asset_id: UUID | None
    frame_no: int
    good: bool
    person_id: UUID | None = None
    vouched: bool = False
    anonymous_id: UUID | None = None
    rejected: frozenset[UUID] = frozenset()
    grouped_at: datetime | None = None

    @property
    def picture(self) -> Picture | None:
        """Where it is, if that is a picture which can hold other faces."""
        return None if self.asset_id is None else (self.asset_id, self.frame_no)

    @property
    def of_video(self) -> bool:
        """Whether it is in a frame of a video."""
        return self.frame_no != WHOLE

    @property
    def source(self) -> UUID:
        """What it is evidence from: the frames of one video are one source."""
        return self.asset_id or self.face_id


@dataclass(frozen=True)
class Near:
    """A face and how alike it is, -1 to 1."""

    member: Member
    score: float


@dataclass(frozen=True)
class Guess:
    """Who a face may be: the person's most similar face that somebody linked."""

    person_id: UUID
    face_id: UUID
    score: float


@dataclass(frozen=True)
class Strength:
    """What a group's best few faces are: how many, how many good, of how many sources."""

    faces: int = 0
    good: int = 0
    sources: int = 0

    @property
    def lone(self) -> bool:
        """Whether it is one poor face, which waits for a good one."""
        return self.faces == 1 and self.good == 0


@dataclass(frozen=True)
class Support:
    """What speaks for a group: the best score, and how many sources are near enough."""

    anonymous_id: UUID
    score: float
    sources: int
