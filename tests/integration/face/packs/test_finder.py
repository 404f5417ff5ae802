"""Promise: from anybody's file to its faces, upright, or to one reason."""

from __future__ import annotations

import asyncio
import io
from contextlib import AsyncExitStack
from pathlib import Path

import numpy as np
import pytest
from kioku_face.packs.licences import LicenceNotAccepted
from kioku_face.packs.opening import FinderOptions, open_finder
from kioku_face.packs.pack_engine import EngineRules
from kioku_face.packs.pool import EnginePool
from kioku_rt.errors import InvalidInput
from kioku_rt.reasons import Reason
from PIL import Image

from tests.unit.face.drawn_graphs import picture, write_pack

UPSIDE_DOWN, CLOCKWISE = 3, 6


def png(pixels: np.ndarray, orientation: int = 1) -> bytes:
    """A file, with an EXIF orientation."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", exif=exif)
    return buffer.getvalue()


async def test_faces_of_a_file(finder: EnginePool) -> None:
    found = await finder.faces_in(png(picture(640, 480, (20, 30, 8), (20, 10, 16))))

    assert (found.width, found.height) == (640, 480)
    assert [face.quality.pixels for face in found.faces] == pytest.approx([128, 64], abs=0.1)
    assert found.decode_ms > 0
    assert found.detect_ms > 0


@pytest.mark.parametrize(
    ("orientation", "quarters"), [(UPSIDE_DOWN, 2), (CLOCKWISE, 1)], ids=["3", "6"]
)
async def test_a_file_that_lies_on_its_side_is_set_upright(
    finder: EnginePool, orientation: int, quarters: int
) -> None:
    upright = picture(640, 480, (20, 30, 8))
    lying = np.ascontiguousarray(np.rot90(upright, quarters))

    turned = await finder.faces_in(png(lying, orientation))
    plain = await finder.faces_in(png(upright))

    assert (turned.width, turned.height) == (640, 480)
    assert turned.faces == plain.faces
    assert np.array_equal(turned.faces[0].vector, plain.faces[0].vector)


async def test_a_picture_beyond_the_limit_of_pixels_is_made_smaller(tmp_path: Path) -> None:
    rules = EngineRules(most_pixels=640 * 480)
    async with AsyncExitStack() as resources:
        options = FinderOptions(write_pack(tmp_path / "pack"), engine=rules, processes=1)
        pool = await open_finder(options, resources)
        large = np.kron(picture(640, 480, (20, 30, 8)), np.ones((2, 2, 1), np.uint8))

        found = await pool.faces_in(png(large))

        assert (found.width, found.height) == (1280, 960)
        assert len(found.faces) == 1
        assert found.faces[0].quality.pixels == pytest.approx(64, abs=0.5)
        assert found.faces[0].box.left == pytest.approx((20.5 - 4) / 80, abs=0.005)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", Reason.IMAGE_EMPTY),
        (b"no picture at all", Reason.IMAGE_UNSUPPORTED_FORMAT),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", Reason.IMAGE_UNSUPPORTED_FORMAT),
        (png(picture(64, 64))[:900], Reason.IMAGE_TRUNCATED),
        (png(np.zeros((1, 20_000, 3), np.uint8)), Reason.IMAGE_TOO_MANY_PIXELS),
    ],
)
async def test_a_bad_file_ends_in_its_reason(
    finder: EnginePool, data: bytes, reason: Reason
) -> None:
    with pytest.raises(InvalidInput) as refused:
        await finder.faces_in(data)

    assert refused.value.reason is reason
    assert (await finder.faces_in(png(picture(640, 480, (20, 30, 8))))).faces


async def test_many_pictures_at_once_get_their_own_faces(finder: EnginePool) -> None:
    marks = [(10 + 5 * at, 20, 8) for at in range(12)]

    found = await asyncio.gather(
        *(
            finder.faces_in(png(picture(640, 480, mark)), urgent=at % 2 == 0)
            for at, mark in enumerate(marks)
        )
    )

    places = [each.faces[0].box.left for each in found]
    assert places == pytest.approx([(x + 0.5 - 4) / 80 for x, _, _ in marks], abs=0.001)


async def test_a_pack_for_research_only_does_not_open(tmp_path: Path) -> None:
    folder = write_pack(tmp_path / "pack", name="buffalo_l", research_only=True)

    async with AsyncExitStack() as resources:
        with pytest.raises(LicenceNotAccepted, match="KIOKU_FACE_ACCEPT_LICENCES=buffalo_l"):
            await open_finder(FinderOptions(folder), resources)
        pool = await open_finder(
            FinderOptions(folder, accepted=frozenset({"buffalo_l"}), processes=1), resources
        )
        await pool.ping()
