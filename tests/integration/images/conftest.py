"""Where the collection of hostile and odd pictures lies, if it does."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def badinput() -> Path:
    """The folder `badinput` of the evaluation data; the test is skipped where it is absent."""
    data = Path(os.environ.get("KIOKU_EVAL_DATA", ROOT.parent / "shared" / "data"))
    folder = data / "badinput"
    if not folder.is_dir():
        pytest.skip("the collection of bad input is not here; set KIOKU_EVAL_DATA to its parent")
    return folder
