"""Promise: how well a face can be recognised, in numbers that grow when the picture is better."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from kioku_face.face import Flaw, Floats, Quality
from kioku_face.packs.alignment import TEMPLATE
from kioku_face.packs.engine import Pixels

# The five points in space, in units of the crop of 112 pixels: the plane is ArcFace's template, so
# that its mean face looks straight ahead; the depth is that of an average head, on which the tip of
# the nose stands out by about half the distance of the eyes and the mouth by an eighth of it.
_DEPTH: Final = np.array([0.0, 0.0, 18.0, 4.5, 4.5])
_HEAD: Final = np.column_stack([TEMPLATE, -_DEPTH])
_HEAD_INVERSE: Final = np.linalg.pinv(_HEAD - _HEAD.mean(axis=0))

_HALF_SHARP = 0.005  # share of a crop's contrast that lies in its edges, for a sharpness of 0.5
_SMALLEST = 1e-6


@dataclass(frozen=True)
class QualityRules:
    """From where a face is poor, and from where it is hopeless and gets no vector.

    Args:
        least_pixels: shorter side of its box; below: FACE_TOO_SMALL.
        least_sharpness: below: FACE_BLURRED.
        most_yaw, most_pitch: degrees; beyond: FACE_TURNED. A head that leans is set upright.
        hopeless_pixels: below, no vector.
        hopeless_score: detection score below which there is no vector.
    """

    least_pixels: float = 32.0
    least_sharpness: float = 0.3
    most_yaw: float = 45.0
    most_pitch: float = 40.0
    hopeless_pixels: float = 12.0
    hopeless_score: float = 0.3

    def hopeless(self, pixels: float, detection_score: float) -> bool:
        """Whether a vector of such a face would say nothing."""
        return pixels < self.hopeless_pixels or detection_score < self.hopeless_score


@dataclass(frozen=True)
class Pose:
    """Where a head looks, degrees.

    Args:
        yaw: positive: to the right of the picture.
        pitch: positive: up.
        roll: positive: it leans clockwise, as seen.
    """

    yaw: float
    pitch: float
    roll: float


def pose_of(points: Floats) -> Pose:
    """The pose by scaled orthography (DeMenthon and Davis, "Model-based object pose in 25 lines of
    code", 1995, its first step): the linear map from the head's points to the picture's, split into
    scale and rotation.

    Args:
        points: float32 (5, 2), pixels.
    """
    seen = points.astype(np.float64)
    rows = (_HEAD_INVERSE @ (seen - seen.mean(axis=0))).T
    lengths = np.linalg.norm(rows, axis=1)
    if not lengths.min() > _SMALLEST:
        return Pose(90.0, 0.0, 0.0)
    left, _, right = np.linalg.svd(rows / lengths.mean(), full_matrices=False)
    across, down = left @ right
    ahead = np.cross(across, down)  # turns about the line of sight leave it where it is
    return Pose(
        yaw=math.degrees(math.atan2(ahead[0], ahead[2])),
        pitch=math.degrees(math.asin(float(np.clip(-ahead[1], -1.0, 1.0)))),
        roll=math.degrees(math.atan2(-across[1], down[1])),
    )


def sharpness_of(crop: Pixels) -> float:
    """0 (blurred) to 1 (sharp): the variance of the Laplacian by that of the grey values, so that
    dark and flat faces are not taken for blurred ones; smoothed a little before, so that noise and
    rounding are not taken for detail.

    Args:
        crop: uint8 (side, side, 3), RGB, the face cut out.
    """
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY).astype(np.float32)
    contrast = float(grey.var())
    if contrast < 1.0:
        return 0.0
    smooth = cv2.GaussianBlur(grey, (0, 0), 1.0)
    edges = float(cv2.Laplacian(smooth, cv2.CV_32F).var()) / contrast
    return edges / (edges + _HALF_SHARP)


def quality_of(
    *,
    pixels: float,
    sharpness: float,
    pose: Pose,
    detection_score: float,
    sure_score: float,
    rules: QualityRules,
) -> Quality:
    """All in one; the score is the geometric mean of four parts, each 0 to 1.

    Args:
        pixels: shorter side of the box.
        sure_score: detection score below which the detector is not sure.
    """
    ahead = max(0.0, math.cos(math.radians(pose.yaw))) * max(
        0.0, math.cos(math.radians(pose.pitch))
    )
    parts = (min(1.0, pixels / 112), sharpness, ahead, min(1.0, detection_score))
    flaws = {
        Flaw.TOO_SMALL: pixels < rules.least_pixels,
        Flaw.BLURRED: sharpness < rules.least_sharpness,
        Flaw.TURNED: abs(pose.yaw) > rules.most_yaw or abs(pose.pitch) > rules.most_pitch,
        Flaw.UNSURE: detection_score < sure_score,
    }
    return Quality(
        score=math.prod(parts) ** (1 / len(parts)),
        pixels=pixels,
        sharpness=sharpness,
        yaw=pose.yaw,
        pitch=pose.pitch,
        roll=pose.roll,
        flaws=tuple(flaw for flaw, there in flaws.items() if there),
    )
