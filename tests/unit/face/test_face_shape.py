"""Promise: crops are insightface's own, and qualities order faces as eyes would."""

from __future__ import annotations

import math
import warnings

import cv2
import numpy as np
import pytest
from kioku_face.face import Flaw, Quality
from kioku_face.packs.alignment import TEMPLATE, aligned, similarity, template
from kioku_face.packs.quality import (
    _HEAD,
    Pose,
    QualityRules,
    pose_of,
    quality_of,
    sharpness_of,
)

RULES = QualityRules()


def noise(side: int = 240, seed: int = 3) -> np.ndarray:
    """A picture with detail at every size, (side, side, 3)."""
    draw = np.random.default_rng(seed)
    total = np.zeros((side, side, 3), np.float32)
    for cells in (4, 16, 60, side):
        rough = draw.uniform(0, 255, (cells, cells, 3)).astype(np.float32)
        total += cv2.resize(rough, (side, side), interpolation=cv2.INTER_CUBIC) / 4
    return np.clip(total, 0, 255).astype(np.uint8)


def head(yaw: float = 0.0, pitch: float = 0.0, roll: float = 0.0) -> np.ndarray:
    """The five points of the mean head that looks there, pixels; degrees as in `Pose`."""
    y, p, r = (math.radians(each) for each in (-yaw, -pitch, roll))
    about_y = np.array([[math.cos(y), 0, math.sin(y)], [0, 1, 0], [-math.sin(y), 0, math.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, math.cos(p), -math.sin(p)], [0, math.sin(p), math.cos(p)]])
    about_z = np.array([[math.cos(r), -math.sin(r), 0], [math.sin(r), math.cos(r), 0], [0, 0, 1]])
    turned = (_HEAD - _HEAD.mean(axis=0)) @ (about_z @ about_x @ about_y).T
    return (1.7 * turned[:, :2] + 200).astype(np.float32)


def quality(**changes: float) -> Quality:
    """Of a good face, with changes."""
    facts = {"pixels": 100.0, "sharpness": 0.8, "score": 0.9, "yaw": 0.0, "pitch": 0.0} | changes
    return quality_of(
        pixels=facts["pixels"],
        sharpness=facts["sharpness"],
        pose=Pose(facts["yaw"], facts["pitch"], 0.0),
        detection_score=facts["score"],
        sure_score=0.65,
        rules=RULES,
    )


class TestAlignment:
    @pytest.mark.parametrize("side", [112, 128, 224, 256])
    def test_it_is_insightfaces_own(self, side: int) -> None:
        from insightface.utils import face_align  # noqa: PLC0415 - takes a second

        draw = np.random.default_rng(side)
        picture = noise()
        for _ in range(20):
            points = (TEMPLATE * draw.uniform(0.3, 1.5) + draw.normal(40, 6, (5, 2))).astype(
                np.float32
            )
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # scikit-image's, of the function it asks
                theirs = face_align.norm_crop(picture, points, side)
                matrix = face_align.estimate_norm(points, side)

            assert similarity(points, template(side)) == pytest.approx(matrix, abs=1e-3)
            ours = aligned(picture, points, side)
            assert ours is not None
            assert np.abs(ours.astype(int) - theirs.astype(int)).max() <= 1

    def test_points_that_are_none_give_no_crop(self) -> None:
        for points in (np.full((5, 2), 7.0), np.full((5, 2), np.nan), np.full((5, 2), np.inf)):
            assert aligned(noise(), points.astype(np.float32), 112) is None


class TestPose:
    @pytest.mark.parametrize(
        ("yaw", "pitch", "roll"),
        [(0, 0, 0), (30, 0, 0), (-30, 0, 0), (0, 20, 0), (0, -20, 0), (0, 0, 170), (25, -15, -60)],
    )
    def test_it_is_read_from_the_points(self, yaw: float, pitch: float, roll: float) -> None:
        pose = pose_of(head(yaw, pitch, roll))

        assert (pose.yaw, pose.pitch, pose.roll) == pytest.approx((yaw, pitch, roll), abs=0.5)

    def test_a_nose_to_the_right_is_a_head_that_looks_there(self) -> None:
        points = TEMPLATE.astype(np.float32).copy()
        points[2, 0] += 8

        assert pose_of(points).yaw > 10

    def test_points_on_one_spot_look_nowhere(self) -> None:
        assert quality(yaw=pose_of(np.ones((5, 2), np.float32)).yaw).flaws == (Flaw.TURNED,)


class TestSharpness:
    def test_more_blur_is_less(self) -> None:
        crop = noise(112)

        values = [sharpness_of(cv2.GaussianBlur(crop, (0, 0), s)) for s in (0.3, 0.6, 1, 2, 4, 8)]

        assert values == sorted(values, reverse=True)
        assert values[0] > 0.6
        assert values[-1] < 0.05

    def test_darkness_is_no_blur(self) -> None:
        crop = noise(112)

        dark = (crop * 0.3).astype(np.uint8)

        assert sharpness_of(dark) == pytest.approx(sharpness_of(crop), abs=0.05)

    def test_a_flat_crop_is_blurred(self) -> None:
        assert sharpness_of(np.full((112, 112, 3), 90, np.uint8)) == 0


class TestQuality:
    def test_a_good_face_has_no_flaw(self) -> None:
        assert quality().good

    @pytest.mark.parametrize(
        ("changes", "flaw"),
        [
            ({"pixels": 20.0}, Flaw.TOO_SMALL),
            ({"sharpness": 0.05}, Flaw.BLURRED),
            ({"yaw": 60.0}, Flaw.TURNED),
            ({"yaw": -60.0}, Flaw.TURNED),
            ({"pitch": 50.0}, Flaw.TURNED),
            ({"score": 0.55}, Flaw.UNSURE),
        ],
    )
    def test_each_flaw_has_its_name(self, changes: dict[str, float], flaw: Flaw) -> None:
        assert quality(**changes).flaws == (flaw,)

    @pytest.mark.parametrize(
        ("name", "worse"),
        [
            ("pixels", [200, 100, 50, 20, 5]),
            ("sharpness", [1.0, 0.6, 0.3, 0.1, 0.0]),
            ("score", [1.0, 0.8, 0.5, 0.1]),
            ("yaw", [0, 20, -40, 60, -90]),
            ("pitch", [0, -10, 30, -50]),
        ],
    )
    def test_worse_in_anything_is_a_lower_score(self, name: str, worse: list[float]) -> None:
        scores = [quality(**{name: value}).score for value in worse]

        assert scores == sorted(scores, reverse=True)
        assert scores[0] > scores[-1]
        assert all(0 <= score <= 1 for score in scores)
