"""From labelled pictures to the threshold that matches use, through the command."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager

import pytest
from kioku_face.face import Flaw, Quality
from kioku_face.matching.calibrate_command import calibrate_command
from kioku_face.matching.calibration_store import CalibrationStore
from kioku_face.matching.wiring import calibrating
from kioku_rt.db import close_pool, open_pool

from tests.integration.face.matching.rig import SPACE, found_face, unit

PEOPLE, PICTURES = 12, 3
POOR = Quality(0.1, 20.0, 0.1, 0.0, 0.0, 0.0, (Flaw.TOO_SMALL,))


@pytest.fixture
def folder(tmp_path, finder):
    """Three pictures each of twelve people; one more that shows nobody, one that is no picture."""
    root = tmp_path / "people"
    for person in range(PEOPLE):
        (root / f"p{person}").mkdir(parents=True)
        for number in range(PICTURES):
            face = found_face(unit((person, number), near=unit(person), cosine=0.9))
            data = finder.put(f"{person}/{number}".encode(), found_face(unit("x"), POOR), face)
            (root / f"p{person}" / f"{number}.jpg").write_bytes(data)
    (root / "p0" / "empty.jpg").write_bytes(finder.put(b"empty"))
    (root / "p1" / "text.jpg").write_bytes(b"no picture")
    (root / "notes.txt").write_text("not a person")
    return root


@pytest.fixture
def command(library, finder, postgres_server):
    """`await command(…)`: its exit code."""
    dsn = postgres_server.dsn(library.dsn.rsplit("/", 1)[1], "face_worker")

    @asynccontextmanager
    async def opened():
        pool = await open_pool(dsn, application_name="test")
        try:
            yield calibrating(pool, finder)
        finally:
            await close_pool(pool)

    async def run(*arguments):
        return await asyncio.to_thread(calibrate_command, [str(one) for one in arguments], opened)

    return run


async def test_a_folder_of_people(library, command, folder, capsys):
    """The largest good face of each picture; what cannot be used is named; it holds at once."""
    assert 0 == await command(folder, "--fmr", "0.01", "--json")
    told = json.loads(capsys.readouterr().out)
    pictures = PEOPLE * PICTURES
    same = PEOPLE * PICTURES * (PICTURES - 1) // 2
    assert (same, pictures * (pictures - 1) // 2 - same) == (
        told["same_pairs"],
        told["different_pairs"],
    )
    assert told["false_match_rate"] <= 0.01
    assert told["true_match_rate"] > 0.9
    assert ["empty.jpg: no face with a vector", "text.jpg: IMAGE_UNSUPPORTED_FORMAT"] == sorted(
        f"{file.rsplit('/', 1)[1]}: {why}" for file, why in told["unused"].items()
    )
    kept = await CalibrationStore(library.worker).newest(SPACE.space_id)
    assert kept is not None
    assert kept.threshold == told["threshold"]
    (row,) = await library.audit("calibration.set")
    assert row["actor"].startswith("operator:")
    assert SPACE.space_id == row["subject"]


async def test_a_file_of_pairs(library, command, folder, tmp_path, capsys):
    """As many as are named; a dry run stores nothing."""
    rows = ["left,right,same"]
    for person in range(PEOPLE):
        rows.append(f"people/p{person}/0.jpg,people/p{person}/1.jpg,1")
        rows += [
            f"people/p{person}/0.jpg,people/p{n}/1.jpg,0" for n in range(PEOPLE) if n != person
        ]
    file = tmp_path / "pairs.csv"
    file.write_text("\n".join(rows))
    assert 0 == await command(file, "--fmr", "0.01", "--dry-run")
    told = capsys.readouterr().out
    assert f"of {PEOPLE} pairs" in told
    assert "Nothing was changed." in told
    assert None is await CalibrationStore(library.worker).newest(SPACE.space_id)


async def test_what_cannot_be_calibrated_is_refused(library, command, folder, tmp_path, capsys):
    """A sentence and exit code 1; nothing is stored."""
    bad = tmp_path / "bad.csv"
    bad.write_text("left,right,same\na.jpg,b.jpg,maybe\n")
    for arguments, words in (
        ((folder, "--fmr", "1e-6"), "needs at least 1 and 1000000"),
        ((tmp_path / "missing",), "There is no folder and no file"),
        ((bad,), "Line 2 of"),
    ):
        assert 1 == await command(*arguments)
        assert words in capsys.readouterr().err
    assert 0 == await library.owner.fetchval("SELECT count(*) FROM face.calibrations")
