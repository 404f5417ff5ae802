"""Tesseract's data are found where they may lie, or the operator is told where they were sought."""

from __future__ import annotations

from pathlib import Path

import pytest
from kioku_vlm.reading.tessdata import LANGUAGES, TessdataMissing, find_tessdata


def _folder(at: Path, languages: tuple[str, ...] = LANGUAGES) -> Path:
    at.mkdir(parents=True)
    for language in languages:
        (at / f"{language}.traineddata").touch()
    return at


@pytest.fixture(autouse=True)
def _no_prefix(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("TESSDATA_PREFIX", raising=False)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


def test_a_named_folder_is_taken_and_no_other(tmp_path: Path) -> None:
    """An operator who names one wants that one."""
    _folder(tmp_path / ".data" / "tessdata")
    named = _folder(tmp_path / "named")
    assert find_tessdata(named) == named
    with pytest.raises(TessdataMissing, match=r"none of: .*elsewhere; run scripts/fetch-debian"):
        find_tessdata(tmp_path / "elsewhere")


def test_a_relative_name_is_made_absolute(tmp_path: Path) -> None:
    """A child may work in another folder."""
    _folder(tmp_path / "here" / "data")
    assert find_tessdata(Path("data")) == tmp_path / "here" / "data"


def test_a_folder_above_is_found(tmp_path: Path) -> None:
    """As fetched for a checkout, from any folder below."""
    found = _folder(tmp_path / ".data" / "tessdata")
    assert find_tessdata() == found


def test_the_variable_that_tesseract_knows_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before what was fetched."""
    _folder(tmp_path / ".data" / "tessdata")
    prefix = _folder(tmp_path / "prefix")
    monkeypatch.setenv("TESSDATA_PREFIX", str(prefix))
    assert find_tessdata() == prefix


def test_a_folder_that_lacks_a_language_is_passed_over(tmp_path: Path) -> None:
    """All four are needed: the next folder has them."""
    _folder(tmp_path / "here" / ".data" / "tessdata", LANGUAGES[:3])
    whole = _folder(tmp_path / ".data" / "tessdata")
    assert find_tessdata() == whole
