"""Promise: everything that can be set about the frames worker, read once, named here."""

from __future__ import annotations

import os

from kioku_rt.storage_settings import StorageSettings
from pydantic import Field, FilePath

from kioku_embedder.frames.plan import CutLimits, CutPlan, Sampling

GIB = 2**30


class Settings(StorageSettings):
    """Environment of the frames worker; every variable starts with `KIOKU_`.

    Args:
        frames_sampling: `rate`, `scene` or `keyframe`.
        frames_rate: frames per second of `rate`.
        frames_scene_threshold: score (0 to 1) from which a picture begins a scene.
        frames_min_seconds: least distance of two frames of `scene` and `keyframe`.
        frames_max: most frames of one video; longer ones are sampled more widely.
        frames_long_edge: longest side of a frame, pixels.
        frames_quality: of the JPEG.
        frames_drop_identical: keep only the first of a run of nearly identical frames.
        frames_range: frames of one manifest and one event.
        frames_slots: videos of one consumer cut at once; 0 is one per core.
        frames_max_bytes: of a video; its bytes lie on the local disk (TMPDIR) while it is cut.
        frames_max_pixels: width x height of its pictures.
        frames_max_seconds: length of a video.
        frames_memory_bytes: address space that one cut may add to its process.
        frames_stall_seconds: a cut without a sign of life for so long is ended.
        frames_cut_seconds: a cut that takes longer is ended.
        tags_synonyms: a file with the app's own synonyms, the same as the embedder's.
    """

    frames_sampling: Sampling = Sampling.RATE
    frames_rate: float = Field(default=1.0, gt=0, le=60)
    frames_scene_threshold: float = Field(default=0.1, gt=0, le=1)
    frames_min_seconds: float = Field(default=1.0, ge=0)
    frames_max: int = Field(default=7_200, ge=1, le=100_000)
    frames_long_edge: int = Field(default=1_024, ge=16, le=8_192)
    frames_quality: int = Field(default=90, ge=1, le=95)
    frames_drop_identical: bool = True
    frames_range: int = Field(default=64, ge=1, le=256)
    frames_slots: int = Field(default=0, ge=0)
    frames_max_bytes: int = Field(default=8 * GIB, ge=1)
    frames_max_pixels: int = Field(default=36_000_000, ge=1)
    frames_max_seconds: float = Field(default=24 * 3600.0, gt=0)
    frames_memory_bytes: int = Field(default=2 * GIB, ge=2**28)
    frames_stall_seconds: float = Field(default=30.0, gt=0)
    frames_cut_seconds: float = Field(default=3_600.0, gt=0)
    tags_synonyms: FilePath | None = None

    @property
    def slots(self) -> int:
        """Videos of one consumer at once: as set, or one per core."""
        return self.frames_slots or len(os.sched_getaffinity(0))

    @property
    def handler_seconds(self) -> float:
        """After this one delivery counts as failed: the cut, and half an hour for transfers.

        Search sweeps a deleted video's folder once more after `KIOKU_CUTTING_SECONDS`: longer.
        """
        return self.frames_cut_seconds + 1_800

    def plan(self) -> CutPlan:
        """Which frames, and how they are stored."""
        return CutPlan(
            sampling=self.frames_sampling,
            rate=self.frames_rate,
            scene_threshold=self.frames_scene_threshold,
            min_seconds=self.frames_min_seconds,
            max_frames=self.frames_max,
            long_edge=self.frames_long_edge,
            quality=self.frames_quality,
            drop_identical=self.frames_drop_identical,
            range_frames=self.frames_range,
        )

    def limits(self) -> CutLimits:
        """Beyond which a video is refused."""
        return CutLimits(
            max_bytes=self.frames_max_bytes,
            max_pixels=self.frames_max_pixels,
            max_seconds=self.frames_max_seconds,
            memory_bytes=self.frames_memory_bytes,
            stall_seconds=self.frames_stall_seconds,
            cut_seconds=self.frames_cut_seconds,
        )
