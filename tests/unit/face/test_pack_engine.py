"""Promise: insightface's and OpenCV's own classes, behind our port, find faces and make vectors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from kioku_face.face import Flaw, FoundFace
from kioku_face.packs.looking import LookingRules
from kioku_face.packs.pack import open_pack
from kioku_face.packs.pack_engine import EngineRules, PackEngine, load_engine
from kioku_face.packs.quality import QualityRules
from kioku_face.packs.views import ViewRules
from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason

from tests.unit.face.drawn_graphs import (
    DIMENSION,
    POINTS,
    REACH,
    picture,
    sha256,
    write_arcface,
    write_pack,
    write_scrfd,
)


@pytest.fixture(params=["scrfd", "yunet"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> PackEngine:
    """Both detectors with the same embedder."""
    folder = write_pack(tmp_path / "pack", yunet=request.param == "yunet")
    return load_engine(open_pack(folder), EngineRules())


def scrfd(folder: Path, **rules: object) -> PackEngine:
    return load_engine(open_pack(write_pack(folder)), EngineRules(**rules))  # type: ignore[arg-type]


def pixels_of(face: FoundFace, width: int, height: int) -> np.ndarray:
    """Left, top, right, bottom."""
    box = face.box
    corners = [box.left, box.top, box.left + box.width, box.top + box.height]
    return np.array(corners) * [width, height, width, height]


def test_faces_come_with_place_points_and_vector_from_the_largest(engine: PackEngine) -> None:
    found = engine.find(picture(640, 480, (20, 30, 8), (20, 10, 16), (4, 8, 32)))

    assert [face.quality.pixels for face in found] == pytest.approx([256, 128, 64], abs=0.1)
    middle = np.array([20.5, 30.5]) * 8
    smallest = found[-1]
    corners = np.concatenate([middle - 8 * REACH, middle + 8 * REACH])
    assert pixels_of(smallest, 640, 480) == pytest.approx(corners, abs=0.1)
    points = np.array(smallest.landmarks) * [640, 480]
    assert points == pytest.approx(middle + POINTS * 8, abs=0.1)
    assert smallest.detection_score > 0.9
    for face in found:
        assert face.vector is not None
        assert face.vector.shape == (DIMENSION,)
        assert np.linalg.norm(face.vector) == pytest.approx(1, abs=1e-6)
    assert (smallest.quality.yaw, smallest.quality.roll) == pytest.approx((0, 0), abs=0.5)


def test_the_same_face_has_the_same_vector_and_another_one_another(engine: PackEngine) -> None:
    one, other = (engine.find(picture(640, 480, mark)) for mark in ((20, 30, 8), (50, 12, 8)))
    again = engine.find(picture(640, 480, (20, 30, 8)))

    assert one[0].vector is not None
    assert np.array_equal(one[0].vector, again[0].vector)
    assert other[0].vector is not None
    assert float(one[0].vector @ other[0].vector) < 0.999


def test_a_picture_without_faces_has_none(engine: PackEngine) -> None:
    assert engine.find(picture(640, 480)) == []
    assert engine.find(picture(1, 1)) == []
    assert engine.find(picture(4, 4)) == []


@pytest.mark.parametrize(("width", "height"), [(97, 71), (640, 1), (33, 640), (641, 479)])
def test_no_size_is_too_odd(engine: PackEngine, width: int, height: int) -> None:
    assert engine.find(picture(width, height)) == []


def test_two_hundred_faces_in_one_picture(engine: PackEngine) -> None:
    marks = [(4 + 4 * x, 4 + 4 * y, 8) for x in range(18) for y in range(12)]

    found = engine.find(picture(640, 480, *marks))

    assert len(found) == 216
    assert all(face.vector is not None for face in found)


def test_a_box_may_reach_beyond_the_picture(engine: PackEngine) -> None:
    (face,) = engine.find(picture(640, 480, (0, 0, 8)))

    assert face.box.left < 0
    assert face.box.top < 0
    assert face.vector is not None


def test_a_poor_face_has_its_flaws_and_a_vector_a_hopeless_one_has_none(tmp_path: Path) -> None:
    rules = QualityRules(least_pixels=100, hopeless_pixels=50)
    small = scrfd(tmp_path / "a", quality=rules).find(picture(640, 480, (20, 30, 8)))
    hopeless = scrfd(tmp_path / "b", quality=QualityRules(hopeless_pixels=65)).find(
        picture(640, 480, (20, 30, 8))
    )

    assert Flaw.TOO_SMALL in small[0].quality.flaws
    assert small[0].vector is not None
    assert hopeless[0].vector is None


def test_tiny_faces_of_a_large_picture_are_found_in_its_tiles(tmp_path: Path) -> None:
    places = ((30, 40), (200, 150), (310, 230))  # a dot of 16 pixels holds a cell of any tile
    marks = [(x + right, y + down, 8) for x, y in places for right in (0, 1) for down in (0, 1)]
    views = ViewRules(fine=2560)
    with_tiles = scrfd(tmp_path / "a", looking=LookingRules(views=views))
    without = scrfd(tmp_path / "b", looking=LookingRules(views=ViewRules(fine=0), turned=False))

    # at a quarter of its size such a dot is four pixels, and the graph does not see it
    assert len(with_tiles.find(picture(2560, 1920, *marks))) == 3
    assert not without.find(picture(2560, 1920, *marks))


def test_a_graph_of_a_fixed_size_gets_frames_of_it(tmp_path: Path) -> None:
    folder = write_pack(tmp_path / "pack")
    (folder / "pack.json").unlink()
    write_scrfd(folder / "detector.onnx", side=640)

    engine = load_engine(open_pack(folder, accepted=frozenset({"pack"})), EngineRules())

    assert len(engine.find(picture(300, 200, (20, 10, 8)))) == 1


def test_a_graph_of_one_crop_gets_them_one_by_one(tmp_path: Path) -> None:
    folder = write_pack(tmp_path / "pack")
    many = load_engine(open_pack(folder), EngineRules())
    digest = sha256(write_arcface(folder / "embedder.onnx", batch=1))
    part = {"file": "embedder.onnx", "sha256": digest, "dimension": DIMENSION}
    other = write_pack(tmp_path / "other", embedder=part)
    write_arcface(other / "embedder.onnx", batch=1)
    single = load_engine(open_pack(other), EngineRules())
    pixels = picture(640, 480, (20, 30, 8), (50, 12, 8))

    for left, right in zip(many.find(pixels), single.find(pixels), strict=True):
        assert left.vector == pytest.approx(right.vector, abs=1e-6)


def test_the_manifests_own_scaling_goes_before_insightfaces(tmp_path: Path) -> None:
    embedder = sha256(write_pack(tmp_path / "a") / "embedder.onnx")
    part = {"file": "embedder.onnx", "sha256": embedder, "dimension": DIMENSION}
    plain = write_pack(tmp_path / "plain", embedder={**part, "mean": 127.5, "std": 127.5})
    other = write_pack(tmp_path / "other", embedder={**part, "mean": 0.0, "std": 1.0})
    pixels = picture(640, 480, (20, 30, 8))
    default, same, scaled = (
        load_engine(open_pack(folder), EngineRules()).find(pixels)[0].vector
        for folder in (tmp_path / "a", plain, other)
    )

    assert default is not None
    assert scaled is not None
    assert default == pytest.approx(same)
    assert float(default @ scaled) < 0.9


def test_vectors_that_are_no_numbers_are_never_given(tmp_path: Path) -> None:
    embedder = sha256(write_pack(tmp_path / "a") / "embedder.onnx")
    part = {"file": "embedder.onnx", "sha256": embedder, "dimension": DIMENSION, "std": 1e-40}
    engine = load_engine(open_pack(write_pack(tmp_path / "b", embedder=part)), EngineRules())

    with pytest.raises(KiokuError) as refused:
        engine.find(picture(640, 480, (20, 30, 8)))

    assert refused.value.reason is Reason.MODEL_OUTPUT_INVALID
