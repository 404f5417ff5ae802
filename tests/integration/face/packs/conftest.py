"""Finders of faces with real decoder children: over a drawn pack, and over real weights."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from kioku_face.packs.opening import FinderOptions, open_finder
from kioku_face.packs.pool import EnginePool

from bench.real_faces import NAME, have_faces, real_pack
from tests.unit.face.drawn_graphs import write_pack


@pytest.fixture
async def finder(tmp_path: Path) -> AsyncIterator[EnginePool]:
    """Finds dots of colour (`drawn_graphs`)."""
    async with AsyncExitStack() as resources:
        options = FinderOptions(write_pack(tmp_path / "pack"), processes=2)
        yield await open_finder(options, resources)


@pytest.fixture
async def real_finder(tmp_path: Path) -> AsyncIterator[EnginePool]:
    """YuNet and a MobileFaceNet; the test is skipped where they are absent."""
    if not have_faces():
        pytest.skip("real faces and weights are not here; set KIOKU_EVAL_DATA")
    async with AsyncExitStack() as resources:
        options = FinderOptions(real_pack(tmp_path), accepted=frozenset({NAME}))
        yield await open_finder(options, resources)
