"""What the bench of groups counts, on partitions whose figures are known."""

from __future__ import annotations

import numpy as np
import pytest

from bench.face_groups import Faces, b_cubed, rank_one, rules_from


def test_the_right_partition_is_perfect_whatever_its_names() -> None:
    assert b_cubed([1, 1, 2, 2], ["x", "x", "y", "y"]) == (1.0, 1.0, 1.0)


def test_one_group_for_all_recalls_everything_and_half_of_it_is_wrong() -> None:
    assert b_cubed([1, 1, 2, 2], "aaaa") == pytest.approx((0.5, 1.0, 2 / 3))


def test_a_group_for_each_is_right_and_recalls_half() -> None:
    assert b_cubed([1, 1, 2, 2], "abcd") == pytest.approx((1.0, 0.5, 2 / 3))


def test_thresholds_lie_between_people_and_strangers() -> None:
    random = np.random.default_rng(1)
    people = np.arange(20).repeat(5)
    centres = random.standard_normal((20, 64))
    rows = centres[people] + 0.3 * random.standard_normal((100, 64))
    unit = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    faces = Faces(unit, people, np.ones(100, bool))

    rules = rules_from(faces)

    scores, same = unit @ unit.T, people[:, None] == people
    assert scores[~same].max() < rules.join < scores[same].min()
    assert rank_one(faces) == 1.0
