"""What a face, its place and its quality are."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum, unique
from uuid import UUID

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
WHOLE = -1
"""The `frame_no` of a picture; of a video's frames it is 0 and more."""


@unique
class Flaw(StrEnum):
    """Why a face is no good for enrolment."""

    TOO_SMALL = "FACE_TOO_SMALL"
    BLURRED = "FACE_BLURRED"
    TURNED = "FACE_TURNED"
    UNSURE = "FACE_UNSURE"  # the detector is not sure that it is one


@unique
class LinkSource(StrEnum):
    """Who linked a face to a person."""

    PERSON = "PERSON"
    LIKENESS = "LIKENESS"


@dataclass(frozen=True)
class Box:
    """A rectangle in parts of the upright picture's width and height."""

    left: float
    top: float
    width: float
    height: float

    def overlap(self, other: Box) -> float:
        """Intersection over union, 0 to 1."""
        wide = min(self.left + self.width, other.left + other.width) - max(self.left, other.left)
        high = min(self.top + self.height, other.top + other.height) - max(self.top, other.top)
        if wide <= 0 or high <= 0:
            return 0.0
        both = wide * high
        return both / (self.width * self.height + other.width * other.height - both)

    @property
    def numbers(self) -> list[float]:
        """As stored."""
        return [self.left, self.top, self.width, self.height]


@dataclass(frozen=True)
class Quality:
    """How well a face can be recognised; `pixels` is the shorter side, angles are degrees."""

    score: float
    pixels: float
    sharpness: float
    yaw: float
    pitch: float
    roll: float
    flaws: tuple[Flaw, ...] = ()

    @property
    def good(self) -> bool:
        """Whether it may be enrolled, and draw others to its person."""
        return not self.flaws


@dataclass(frozen=True)
class FoundFace:
    """A face as an engine finds it.

    Args:
        landmarks: five points (left eye, right eye, nose, mouth left, mouth right; left as seen in
            the picture), each x and y in parts of the picture.
        detection_score: 0 to 1.
        vector: float32 of the pack's dimension and length one; None: too poor to make one.
    """

    box: Box
    landmarks: tuple[tuple[float, float], ...]
    detection_score: float
    quality: Quality
    vector: Floats | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Face:
    """A face as it is stored; `asset_id` None: enrolled from a picture that was not kept."""

    owner: str
    face_id: UUID
    asset_id: UUID | None
    frame_no: int
    time_ms: int | None
    box: Box
    landmarks: tuple[tuple[float, float], ...]
    detection_score: float
    quality: Quality
    space_id: str
    person_id: UUID | None
    link_source: LinkSource | None
    link_version: int
    anonymous_id: UUID | None
    created_at: datetime
