"""Promise: two cuts of one video by equal plans give equal frames, times and bytes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from enum import StrEnum

MIB = 2**20
_CUTTER = 1
"""Counts up when the same plan would give other frames than before."""


class Sampling(StrEnum):
    """Which pictures of a video become frames."""

    RATE = "rate"
    SCENE = "scene"
    KEYFRAME = "keyframe"


@dataclass(frozen=True)
class CutPlan:
    """What is asked of a cut.

    Args:
        sampling: by time, by scene change, or the container's key frames.
        rate: frames per second of `rate` sampling.
        scene_threshold: score (0 to 1) from which a picture begins a scene.
        min_seconds: least distance of two frames of `scene` and `keyframe` sampling.
        max_frames: of one video; a longer one is sampled more widely, never cut off.
        long_edge: longest side of a frame in pixels; nothing is enlarged.
        quality: of the JPEG, 1 to 95.
        drop_identical: whether of a run of nearly identical frames only the first is kept.
        range_frames: frames of one manifest and one event.
    """

    sampling: Sampling = Sampling.RATE
    rate: float = 1.0
    scene_threshold: float = 0.1
    min_seconds: float = 1.0
    max_frames: int = 7_200
    long_edge: int = 1_024
    quality: int = 90
    drop_identical: bool = True
    range_frames: int = 64

    @property
    def digest(self) -> str:
        """12 hex digits over all of it and the cutter's version."""
        canonical = json.dumps([_CUTTER, asdict(self)], sort_keys=True)
        return hashlib.sha256(canonical.encode()).hexdigest()[:12]


@dataclass(frozen=True)
class CutLimits:
    """How far a hostile or huge video may go.

    Args:
        max_bytes: of the file.
        max_pixels: width x height of its pictures; 8192 x 4320 is 35 million.
        max_seconds: length of the video.
        memory_bytes: address space a cut may add to its child process.
        stall_seconds: longest time without a sign of life of the child.
        cut_seconds: longest time of a whole cut.
    """

    max_bytes: int = 8_192 * MIB
    max_pixels: int = 36_000_000
    max_seconds: float = 24 * 3600.0
    memory_bytes: int = 2_048 * MIB
    stall_seconds: float = 30.0
    cut_seconds: float = 3_600.0


@dataclass(frozen=True)
class CutFrame:
    """One frame as it left the cutter.

    Args:
        time_ms: when it is shown, from the first picture that is shown.
        width, height: of `jpeg`, upright.
        jpeg: the picture.
    """

    time_ms: int
    width: int
    height: int
    jpeg: bytes


@dataclass(frozen=True)
class Facts:
    """What the video turned out to be (`kioku.assets.v1.VideoFacts`)."""

    duration_ms: int
    width: int
    height: int
    codec: str
    hdr: bool
    incomplete: str
