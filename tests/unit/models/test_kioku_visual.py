"""The published picture-only model: finite, of length one, near what is nearly the same."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from kioku_embedder.checkpoint import Checkpoint, open_checkpoint
from kioku_embedder.engine import Matrix
from kioku_embedder.extraction import extract_image_embeddings
from kioku_scenes import draw_scene, seeds_of
from PIL import Image

FOLDER = Path(__file__).resolve().parents[3] / "models" / "kioku-visual"
MIB = 2**20
ORIENTATION = 0x0112
QUARTER_TURN = 6


def encoded(picture: Image.Image, kind: str = "JPEG", **options: int | bytes) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def described(files: list[bytes]) -> Matrix:
    return extract_image_embeddings(files, model=str(FOLDER))


@pytest.fixture(scope="module")
def checkpoint() -> Checkpoint:
    """The folder as the service opens it."""
    return open_checkpoint(str(FOLDER), precision="float32", long_edge=1024)


@pytest.fixture(scope="module")
def scenes() -> list[Image.Image]:
    """Pictures it was never fitted on; it has seen no scene at all."""
    return [draw_scene(seed).image for seed in seeds_of("held-out", 24)]


@pytest.fixture(scope="module")
def originals(scenes: list[Image.Image]) -> Matrix:
    """The scenes' own vectors."""
    return described([encoded(picture, "PNG") for picture in scenes])


def test_its_folder_is_small_and_holds_no_pickle() -> None:
    """At most 10 MB, an ONNX graph, a manifest and a card."""
    files = {path.name: path.stat().st_size for path in FOLDER.iterdir()}
    assert {"README.md", "model.onnx", "visual.json"} == set(files)
    assert sum(files.values()) <= 10 * MIB


def test_the_space_says_what_it_is(checkpoint: Checkpoint) -> None:
    """Named by its folder, as long as its manifest says, without words."""
    dimension = json.loads((FOLDER / "visual.json").read_text())["dimension"]
    space = checkpoint.space
    assert ("kioku-visual", dimension, 0) == (space.model, space.dimension, checkpoint.text_length)


def test_vectors_are_finite_and_of_length_one(
    checkpoint: Checkpoint, scenes: list[Image.Image]
) -> None:
    """One row a picture; plain, one-pixel and very long pictures included."""
    odd = [
        Image.new("RGB", (64, 64), "white"),
        Image.new("RGB", (64, 64), "black"),
        Image.new("L", (1, 1), 128),
        Image.new("RGB", (2000, 3), "red"),
    ]
    rows = described([encoded(picture, "PNG") for picture in [*odd, *scenes[:4]]])
    assert (8, checkpoint.space.dimension) == rows.shape
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), np.ones(8), rtol=1e-5)


def test_a_picture_turned_by_exif_has_the_upright_ones_vector(scenes: list[Image.Image]) -> None:
    """Decoding turns the pixels before the model sees them."""
    upright = scenes[0]
    exif = Image.Exif()
    exif[ORIENTATION] = QUARTER_TURN
    lying = upright.transpose(Image.Transpose.ROTATE_90)
    files = [encoded(upright, "PNG"), encoded(lying, "PNG", exif=exif.tobytes())]
    first, second = described(files)
    np.testing.assert_allclose(first, second, atol=1e-6)


def test_a_batch_changes_no_vector(scenes: list[Image.Image], originals: Matrix) -> None:
    """A picture alone and among others gives the same numbers."""
    alone = [described([encoded(picture, "PNG")])[0] for picture in scenes[:3]]
    np.testing.assert_allclose(originals[:3], np.stack(alone), atol=1e-5)


@pytest.mark.parametrize(
    ("edge", "quality"), [(160, 90), (256, 30), (128, 50)], ids=["smaller", "poor", "both"]
)
def test_a_near_duplicate_is_the_nearest(
    edge: int, quality: int, scenes: list[Image.Image], originals: Matrix
) -> None:
    """Resized and compressed anew, every picture still finds its original first."""
    copies = [encoded(picture.resize((edge, edge)), quality=quality) for picture in scenes]
    nearest = (described(copies) @ originals.T).argmax(axis=1)
    assert list(range(len(scenes))) == nearest.tolist()
