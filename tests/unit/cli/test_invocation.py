"""A command line that is shown works when it is pasted."""

from __future__ import annotations

from pathlib import Path

import pytest
from kioku_cli.invocation import invocation


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("KIOKU_DATA", raising=False)
    monkeypatch.chdir(tmp_path)


def test_the_folder_is_named_when_it_is_another(tmp_path: Path) -> None:
    """From anywhere else `--data` is needed, quoted where a shell would split it."""
    assert invocation("down", tmp_path / "my data").endswith(
        f"kioku down --data '{tmp_path}/my data'"
    )


def test_the_folder_is_left_out_when_it_is_found_anyway(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The default folder and $KIOKU_DATA need no option."""
    assert invocation("down", tmp_path / ".data").endswith("kioku down")
    monkeypatch.setenv("KIOKU_DATA", str(tmp_path / "other"))
    assert invocation("down", tmp_path / "other").endswith("kioku down")


def test_the_program_can_be_run(tmp_path: Path) -> None:
    """Whatever PATH is, the first word is this environment's own command."""
    program = invocation("down", tmp_path).split()[0]
    assert "kioku" == program or Path(program).is_file()
