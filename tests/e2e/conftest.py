"""A whole stack for the end-to-end tests: brought up once by the launcher, as an operator would."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from kioku_scenes import write_scenes

from bench.stack import Stack, temporary_stack
from tests.e2e.app import App

PICTURES = 24


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """A running stack with two embedders and two search processes."""
    with temporary_stack("--embedders", "2", "--searches", "2") as running:
        yield running


@pytest.fixture(scope="session")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of drawn pictures."""
    folder = tmp_path_factory.mktemp("scenes")
    write_scenes(folder, count=PICTURES, seed=424_242)
    return folder


@pytest.fixture(scope="session")
def alice(stack: Stack, scenes: Path) -> Iterator[App]:
    """An app acting for a user whose pictures are all indexed."""
    report = stack.run("ingest", str(scenes), "--user", "alice")
    assert (report["uploaded"], report["ready"]) == (PICTURES, PICTURES)
    with closing(App(stack, "alice")) as app:
        yield app


@pytest.fixture(scope="session")
def mallory(stack: Stack) -> Iterator[App]:
    """An app acting for somebody else."""
    with closing(App(stack, "mallory")) as app:
        yield app


@pytest.fixture
def forgetful(stack: Stack) -> Iterator[App]:
    """An app acting for a user who deletes everything."""
    with closing(App(stack, "forgetful")) as app:
        yield app
