"""What an asset is: one immutable value, read from the database and never changed in place."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum, unique
from uuid import UUID

from kioku_rt.objects.port import derived_prefix, owner_hash
from kioku_rt.reasons import Reason

from kioku_search.assets.label import labels_of
from kioku_search.videos.video import VideoProgress

EMBEDDING_STAGE = "embedding"
FRAMES_STAGE = "frames"


@unique
class Kind(StrEnum):
    """What an asset is made of."""

    IMAGE = "IMAGE"
    VIDEO = "VIDEO"


STAGES = {Kind.IMAGE: (EMBEDDING_STAGE,), Kind.VIDEO: (FRAMES_STAGE, EMBEDDING_STAGE)}
"""What an asset of each kind goes through."""


@unique
class AssetState(StrEnum):
    """Where an asset stands as a whole."""

    UPLOADING = "UPLOADING"
    PROCESSING = "PROCESSING"
    READY = "READY"
    FAILED = "FAILED"
    DELETING = "DELETING"


@unique
class StageState(StrEnum):
    """Where one stage of an asset stands."""

    PENDING = "PENDING"
    DONE = "DONE"
    FAILED = "FAILED"


FINAL_STATES = frozenset({AssetState.READY, AssetState.FAILED})


@dataclass(frozen=True, slots=True)
class Failure:
    """Why something failed: a stable reason and one sentence."""

    reason: Reason
    message: str


@dataclass(frozen=True, slots=True)
class Stage:
    """One step that an asset goes through."""

    stage: str
    state: StageState
    attempts: int
    failure: Failure | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Asset:
    """A photo or video of one owner.

    `object_key` is empty until the upload is complete; `generation` counts the retries that a
    person or the reconciler ordered, from 1; `labels_generation` is that of the newest order for a
    vector of its tags, 0 for none but the upload's. `video` is None for pictures.
    """

    owner: str
    asset_id: UUID
    kind: Kind
    state: AssetState
    filename: str
    content_type: str
    size_bytes: int
    created_at: datetime
    updated_at: datetime
    announced_sha256: str = ""
    sha256: str = ""
    object_key: str = ""
    tags: tuple[str, ...] = ()
    albums: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    taken_at: datetime | None = None
    generation: int = 1
    labels_generation: int = 0
    incoming_cleared: bool = False
    failure: Failure | None = None
    stages: tuple[Stage, ...] = field(default=())
    video: VideoProgress | None = None

    @property
    def stored(self) -> bool:
        """Whether the original lies under its immutable key."""
        return self.object_key != ""

    @property
    def labels(self) -> tuple[str, ...]:
        """Its tags, albums and people, as its vectors' rows have them."""
        return labels_of(self.tags, self.albums, self.people)

    @property
    def shown_at(self) -> datetime:
        """When it was taken; when it was created, where that is not known."""
        return self.taken_at or self.created_at

    @property
    def progress(self) -> float:
        """Share of finished stages, 0 to 1; of a video's open stages, that of finished frames."""
        if not self.stages:
            return 0.0
        return sum(self._share(stage) for stage in self.stages) / len(self.stages)

    def _share(self, stage: Stage) -> float:
        if stage.state is StageState.DONE:
            return 1.0
        if self.video is None:
            return 0.0
        cutting = stage.stage == FRAMES_STAGE
        return self.video.cut_share if cutting else self.video.embedded_share


def incoming_key(asset_id: UUID) -> str:
    """Where a client PUTs the bytes; not trusted until they were checked and copied away."""
    return f"incoming/{asset_id}"


def original_key(owner: str, asset_id: UUID, sha256: str) -> str:
    """Where checked bytes stay; the hash in the name makes the content immutable."""
    return f"originals/{owner_hash(owner)}/{asset_id}/{sha256}"


def prefixes(owner: str, asset_id: UUID) -> tuple[str, ...]:
    """Everything that storage may ever hold of an asset."""
    return (
        incoming_key(asset_id),
        f"originals/{owner_hash(owner)}/{asset_id}/",
        derived_prefix(owner, str(asset_id)),
    )
