"""Photos that real cameras and editors stored in eight directions come out upright."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from kioku_rt.images import decode
from PIL import Image

# (pattern, mean difference allowed between any file and the first): the pictures carry their
# number as text, and each was compressed on its own; taken as they lie they differ by 36 to 82
FAMILIES = [
    ("orientation/Landscape_[1-8].jpg", 0.5),
    ("orientation/Portrait_[1-8].jpg", 0.5),
    ("orientation/hopper_orientation_?.webp", 1.6),
    ("orientation/rot?mir?.avif", 3.0),
    ("orientation/g4_orientation_?.tif", 0.5),
]
COMPARED = (32, 32)


def small(path: Path) -> np.ndarray:
    """The decoded picture, averaged down so that texture and lettering hardly count."""
    picture = Image.fromarray(decode(path.read_bytes()).pixels)
    return np.asarray(picture.resize(COMPARED, Image.Resampling.BOX), dtype=np.int16)


@pytest.mark.parametrize(("pattern", "allowed"), FAMILIES)
def test_all_directions_give_one_picture(badinput: Path, pattern: str, allowed: float) -> None:
    """Whichever way they were stored, in EXIF, irot and imir or by libtiff, they agree."""
    files = sorted((badinput / "images").glob(pattern))
    assert len(files) >= 7
    first = small(files[0])
    differences = {path.name: float(np.abs(small(path) - first).mean()) for path in files}
    print(f"\n{pattern}: worst mean difference {max(differences.values()):.2f}")
    assert {} == {name: value for name, value in differences.items() if value > allowed}


def test_orientation_zero_is_one(badinput: Path) -> None:
    """A camera that writes 0 means "as it is"."""
    for name in ("Landscape", "Portrait"):
        folder = badinput / "images" / "orientation"
        difference = np.abs(small(folder / f"{name}_0.jpg") - small(folder / f"{name}_1.jpg"))
        assert difference.mean() <= 0.5


def test_faces_are_upright(badinput: Path) -> None:
    """The same two people, stored upright and sideways, stand in the same places."""
    folder = badinput / "images" / "faces_orientation"
    upright, sideways = (
        small(folder / name) for name in ("portrait.jpg", "portrait-orientation-6.jpg")
    )
    assert np.abs(upright - sideways).mean() <= 1.6
