"""The default pack: insightface's own classes load it, find drawn people and tell them apart."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime
import pytest
from insightface.app.common import Face
from insightface.model_zoo import model_zoo
from insightface.model_zoo.arcface_onnx import ArcFaceONNX
from insightface.model_zoo.scrfd import SCRFD
from kioku_scenes import draw_scene, seeds_of
from kioku_scenes.people import draw
from PIL import Image

FOLDER = Path(__file__).resolve().parents[3] / "models" / "kioku-faces"
MIB = 2**20
EDGE = 640
LEAST_RECALL, LEAST_PRECISION, OVERLAP = 0.93, 0.9, 0.5
PEOPLE, VIEWS = 12, 3
LEAST_RIGHT = 0.85
# insightface aligns by a function that scikit-image means to take away.
pytestmark = pytest.mark.filterwarnings("ignore:`estimate` is deprecated:FutureWarning")


@dataclass(frozen=True)
class Pack:
    """Both models, as insightface routes the files by their shapes."""

    detector: SCRFD
    embedder: ArcFaceONNX
    least: float

    def find(self, picture: Image.Image) -> tuple[Any, Any]:
        """Rows (n, 5) of boxes and scores, points (n, 5, 2)."""
        found: tuple[Any, Any] = self.detector.detect(
            bgr(picture), input_size=(EDGE, EDGE), det_thresh=self.least
        )
        return found


def bgr(picture: Image.Image) -> Any:
    return np.ascontiguousarray(np.asarray(picture)[:, :, ::-1])


def routed(name: str) -> Any:
    """A file through insightface's router, on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    router = model_zoo.ModelRouter(str(FOLDER / name))
    return router.get_model(
        sess_options=options, providers=["CPUExecutionProvider"], static_shape_sessions=False
    )


@pytest.fixture(scope="module")
def pack() -> Pack:
    manifest = json.loads((FOLDER / "pack.json").read_text())
    least = manifest["detector"]["least_score"]
    return Pack(routed("detector.onnx"), routed("embedder.onnx"), least)


def overlap(one: Any, other: Any) -> float:
    """Intersection over union of two boxes."""
    low, high = np.maximum(one[:2], other[:2]), np.minimum(one[2:4], other[2:4])
    both = np.clip(high - low, 0, None).prod()
    areas = [(box[2:4] - box[:2]).prod() for box in (np.asarray(one), np.asarray(other))]
    return float(both / (sum(areas) - both))


def test_its_folder_is_small_and_holds_no_pickle() -> None:
    """Two graphs, a manifest and a card, under 8 MiB."""
    files = {path.name: path.stat().st_size for path in FOLDER.iterdir()}
    assert {"README.md", "pack.json", "detector.onnx", "embedder.onnx"} == set(files)
    assert sum(files.values()) <= 8 * MIB


def test_its_manifest_names_these_files() -> None:
    """Digests, licence and dimension are those of the folder."""
    manifest = json.loads((FOLDER / "pack.json").read_text())
    for part in (manifest["detector"], manifest["embedder"]):
        assert hashlib.sha256((FOLDER / part["file"]).read_bytes()).hexdigest() == part["sha256"]
    assert ("Apache-2.0", False) == (manifest["licence"], manifest["research_only"])
    assert ("scrfd", "arcface", 512) == (
        manifest["detector"]["kind"], manifest["embedder"]["kind"],
        manifest["embedder"]["dimension"],
    )  # fmt: skip


def test_insightface_knows_what_the_files_are(pack: Pack) -> None:
    """The router tells them apart by their shapes: five points, any size; 512 numbers."""
    assert isinstance(pack.detector, SCRFD)
    assert isinstance(pack.embedder, ArcFaceONNX)
    assert pack.detector.use_kps
    assert pack.detector.static_input_size is None
    assert ((112, 112), 127.5, 512) == (
        pack.embedder.input_size, pack.embedder.input_std, pack.embedder.output_shape[-1],
    )  # fmt: skip


def test_a_session_for_each_size_finds_the_same(pack: Pack) -> None:
    """insightface may rewrite the graph for one size; faces stay where they are."""
    picture, _ = draw([9, 19], (640, 480), 1)
    fixed = SCRFD(model_file=str(FOLDER / "detector.onnx"), session=pack.detector.session)
    rows, _ = fixed.detect(bgr(picture), input_size=(EDGE, EDGE), det_thresh=pack.least)
    np.testing.assert_allclose(rows, pack.find(picture)[0], atol=0.05)


def test_drawn_people_are_found(pack: Pack) -> None:
    """One to four people it never saw, 640 x 480: boxes that overlap by half."""
    people = seeds_of("held-out", 60)
    right = found = there = 0
    for number in range(24):
        picture, faces = draw(people[number : number + number % 4 + 1], (640, 480), number)
        rows, _ = pack.find(picture)
        found, there = found + len(rows), there + len(faces)
        right += sum(any(overlap(row, face.box) >= OVERLAP for row in rows) for face in faces)
    assert right / there >= LEAST_RECALL
    assert right / found >= LEAST_PRECISION


def test_points_are_where_they_were_drawn(pack: Pack) -> None:
    """Eyes, nose and mouth within a quarter of the eyes' distance, on average."""
    off = []
    for number, seed in enumerate(seeds_of("held-out", 12)):
        picture, (face,) = draw([seed], (640, 480), number)
        _, points = pack.find(picture)
        true = np.array(face.landmarks)
        apart = np.linalg.norm(true[1] - true[0])
        off.append(np.linalg.norm(points[0] - true, axis=1).mean() / apart)
    assert np.mean(off) < 0.25


def test_scenes_without_people_have_no_faces(pack: Pack) -> None:
    """Drawn things, animals among them: at most three false faces in thirty pictures."""
    scenes = [draw_scene(seed, 320).image for seed in seeds_of("held-out", 30)]
    assert sum(len(pack.find(scene)[0]) for scene in scenes) <= 3


@pytest.mark.parametrize("side", [4, 33, 2000])
def test_odd_pictures_break_nothing(side: int, pack: Pack) -> None:
    """Tiny and plain pictures have no face."""
    assert not len(pack.find(Image.new("RGB", (side, side // 2), "grey"))[0])


@pytest.fixture(scope="module")
def known(pack: Pack) -> Any:
    """Unit vectors (people, views, 512) of people it never saw, found and cut out by itself."""
    rows = []
    for at, seed in enumerate(seeds_of("held-out", PEOPLE)):
        for view in range(VIEWS):
            picture, _ = draw([seed], (320, 320), at * VIEWS + view)
            boxes, points = pack.find(picture)
            face = Face(bbox=boxes[0, :4], kps=points[0], det_score=boxes[0, 4])
            row = pack.embedder.get(bgr(picture), face)
            rows.append(row / np.linalg.norm(row))
    return np.stack(rows).reshape(PEOPLE, VIEWS, -1)


def test_the_same_person_is_nearer_than_anybody_else(known: Any) -> None:
    """Every other view's nearest first view is its own person's, but for one in seven."""
    nearest = np.einsum("pvd,qd->pvq", known[:, 1:], known[:, 0]).argmax(axis=2)
    assert (nearest == np.arange(PEOPLE)[:, None]).mean() >= LEAST_RIGHT


def test_one_threshold_parts_same_from_different(known: Any) -> None:
    """Some score is right about most pairs of faces."""
    rows, who = known.reshape(-1, known.shape[-1]), np.repeat(np.arange(PEOPLE), VIEWS)
    scores, pairs = rows @ rows.T, np.triu(np.ones((len(rows),) * 2, bool), 1)
    same, other = scores[pairs & (who[:, None] == who)], scores[pairs & (who[:, None] != who)]
    threshold = np.quantile(other, 0.99)
    assert (same > threshold).mean() >= LEAST_RIGHT


def test_a_batch_changes_no_vector(pack: Pack) -> None:
    """A face alone and among others gives the same numbers."""
    drawn = [bgr(draw([seed], (112, 112), seed)[0]) for seed in seeds_of("held-out", 4)]
    crops = [cv2.resize(picture, (112, 112)) for picture in drawn]
    together = pack.embedder.get_feat(crops)
    alone = np.concatenate([pack.embedder.get_feat(crop) for crop in crops])
    np.testing.assert_allclose(together, alone, rtol=1e-3, atol=1e-4)
