"""What is known of a video beside its asset: what it is, how far its frames are, and each frame."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kioku_search.assets.asset import Failure, StageState


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """What its container and frames say; `incomplete` says why it was not read to its end."""

    duration_ms: int
    width: int
    height: int
    codec: str
    hdr: bool
    incomplete: str


@dataclass(frozen=True, slots=True)
class VideoProgress:
    """Frames cut, embedded where they are searched, and failed; `total`: None until all are cut."""

    total: int | None = None
    cut: int = 0
    embedded: int = 0
    failed: int = 0
    facts: VideoFacts | None = None

    @property
    def cut_share(self) -> float:
        """Share of the frames that are cut, 0 to 1; 0 while nobody knows how many there are."""
        return self.cut / self.total if self.total else 0.0

    @property
    def embedded_share(self) -> float:
        """Share of the frames that have, or never will have, their vector."""
        return (self.embedded + self.failed) / self.total if self.total else 0.0


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame that is cut and stored."""

    frame_no: int
    time_ms: int
    state: StageState
    failure: Failure | None


def frame_id(asset_id: uuid.UUID, frame_no: int) -> uuid.UUID:
    """The id of a frame: the same each time the video is cut (UUIDv5 of its number)."""
    return uuid.uuid5(asset_id, str(frame_no))
