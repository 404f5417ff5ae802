"""Tiny checkpoints, made once for all tests of a process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a tiny checkpoint: qwen2.5, qwen3, smolvlm, idefics3, writer."""
    made: dict[str, Path] = {}

    def folder(name: str) -> Path:
        from tests.unit.vlm.engines import tiny_checkpoints as write  # noqa: PLC0415 - torch, when needed

        makers = {
            "qwen2.5": write.write_qwen,
            "qwen3": lambda at: write.write_qwen(at, generation="3"),
            "smolvlm": write.write_tiles,
            "idefics3": lambda at: write.write_tiles(at, kind="idefics3"),
            "writer": write.write_writer,
        }
        if name not in made:
            made[name] = makers[name](tmp_path_factory.mktemp(name))
        return made[name]

    return folder
