"""Every hostile video ends in frames or in a documented reason, and in time."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest
from kioku_embedder.frames.cutter import Cutter
from kioku_embedder.frames.plan import CutLimits, CutPlan, Facts
from kioku_rt.errors import InvalidInput

ROOT = Path(__file__).resolve().parents[3]
LIMITS = CutLimits(stall_seconds=10, cut_seconds=20, memory_bytes=2**30)


@pytest.fixture
def hostile() -> list[Path]:
    data = Path(os.environ.get("KIOKU_EVAL_DATA", ROOT.parent / "shared" / "data")) / "badinput"
    if not data.is_dir():
        pytest.skip("the collection of bad input is not here; set KIOKU_EVAL_DATA to its parent")
    return sorted([*data.glob("videos/*"), *data.glob("generated/*.mp4")])


async def outcome(path: Path) -> str:
    with path.open("rb") as file:
        try:
            answers = [answer async for answer in Cutter(CutPlan(), LIMITS).cut(file.fileno())]
        except InvalidInput as refused:
            return refused.reason.value
    assert isinstance(answers[-1], Facts)
    return "frames"


async def test_every_file_ends_as_documented(hostile: list[Path]) -> None:
    """No decoder death and no timeout among them; what can be seen of a file is kept."""
    ended = Counter([await outcome(path) for path in hostile])
    assert {"frames": 17, "VIDEO_NO_FRAMES": 16, "VIDEO_UNSUPPORTED_FORMAT": 4} == ended
