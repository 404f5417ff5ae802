"""Scenes can be written to a folder, from Python and from the command line."""

import json
import sys
from pathlib import Path

import pytest
from kioku_scenes import draw_scene, write_scenes
from kioku_scenes.__main__ import main
from PIL import Image


def test_a_folder_has_pictures_and_captions(tmp_path: Path) -> None:
    """One JPEG and one line of captions.jsonl for each seed, in order."""
    paths = write_scenes(tmp_path / "new", 3, seed=40, size=64)
    lines = (tmp_path / "new" / "captions.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    assert [row["seed"] for row in rows] == [40, 41, 42]
    assert [row["file"] for row in rows] == [path.name for path in paths]
    assert rows[0]["caption_ja"] == draw_scene(40, 16).caption_ja
    with Image.open(paths[0]) as picture:
        assert (picture.format, picture.size) == ("JPEG", (64, 64))


def test_writing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    """The same seeds give byte-identical files."""
    first = write_scenes(tmp_path / "one", 2, seed=5, size=48)
    second = write_scenes(tmp_path / "two", 2, seed=5, size=48)
    pairs = zip(first, second, strict=True)
    assert all(one.read_bytes() == two.read_bytes() for one, two in pairs)


def test_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """python -m kioku_scenes FOLDER --count N --seed S writes N pictures and says so."""
    arguments = ["kioku_scenes", str(tmp_path), "--count", "2", "--seed", "9", "--size", "32"]
    monkeypatch.setattr(sys, "argv", arguments)
    main()
    assert len(list(tmp_path.glob("*.jpg"))) == 2
    assert "wrote 2 scenes" in capsys.readouterr().out
