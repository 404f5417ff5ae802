"""Promise: with real weights, real faces are found and told apart as well as by the bare libraries.

Figures and the bare libraries beside them: `python -m bench.faces_engine`.
"""

from __future__ import annotations

import io

import numpy as np
import pytest
from kioku_face.packs.pool import EnginePool
from PIL import Image, ImageEnhance, ImageOps

from bench.real_faces import boxes_of, group_photos, orl, pairs_at, true_accepts

PEOPLE = 10


async def test_group_photos(real_finder: EnginePool) -> None:
    hits = given = true = 0
    for photo in group_photos():
        if photo.boxes is None:
            continue
        found = await real_finder.faces_in(photo.data)
        boxes = boxes_of(found.faces, found.width, found.height)
        hits += pairs_at(boxes, photo.boxes, 0.5)
        given, true = given + len(boxes), true + len(photo.boxes)

    assert hits / true >= 0.95
    assert hits / given >= 0.7  # the truth leaves out faces below 37 pixels


async def test_dogs_are_nobody_to_enrol(real_finder: EnginePool) -> None:
    (dogs,) = [photo for photo in group_photos() if photo.name.endswith("dogs.jpg")]

    found = await real_finder.faces_in(dogs.data)

    assert len(found.faces) <= 4


async def test_people_are_told_apart(real_finder: EnginePool) -> None:
    files = [(person, data) for person, data in orl() if person <= PEOPLE]
    found = [await real_finder.faces_in(data) for _, data in files]

    assert all(each.faces and each.faces[0].vector is not None for each in found)
    vectors = np.array([each.faces[0].vector for each in found])
    share, _ = true_accepts(vectors, np.array([person for person, _ in files]), 1e-3)
    assert share >= 0.99


@pytest.mark.parametrize("change", ["mirrored", "dark", "sideways", "upside down", "tiny", "huge"])
async def test_a_face_is_found_and_known_however_it_is_shown(
    real_finder: EnginePool, change: str
) -> None:
    (photo,) = [each for each in group_photos() if each.name == "astronaut.jpg"]
    picture = Image.open(io.BytesIO(photo.data)).convert("RGB")
    changed = {
        "mirrored": lambda: ImageOps.mirror(picture),
        "dark": lambda: ImageEnhance.Brightness(picture).enhance(0.25),
        "sideways": lambda: picture.transpose(Image.Transpose.ROTATE_90),
        "upside down": lambda: picture.transpose(Image.Transpose.ROTATE_180),
        "tiny": lambda: _on_a_wall(picture, 1800, 0.45),
        "huge": lambda: picture.crop((150, 10, 300, 210)).resize((1500, 2000)),
    }[change]()
    buffer = io.BytesIO()
    changed.save(buffer, "PNG")

    plain = await real_finder.faces_in(photo.data)
    found = await real_finder.faces_in(buffer.getvalue())

    assert len(plain.faces) == 1
    assert len(found.faces) == 1
    assert plain.faces[0].vector is not None
    assert found.faces[0].vector is not None
    assert float(plain.faces[0].vector @ found.faces[0].vector) > 0.6


def _on_a_wall(picture: Image.Image, side: int, scale: float) -> Image.Image:
    """The picture, small, on a large grey wall."""
    wall = Image.new("RGB", (side, side), (128, 128, 128))
    small = picture.resize((round(picture.width * scale), round(picture.height * scale)))
    wall.paste(small, (side // 2 + 37, side // 3 + 11))
    return wall
