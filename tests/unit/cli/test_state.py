"""Whether a stack runs is told by a lock; what it is, by a file that is only ever whole."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from kioku_cli.data import DataFolder
from kioku_cli.plan.options import StackOptions
from kioku_cli.supervisor.state import (
    AlreadySupervised,
    ComponentState,
    StackState,
    is_supervised,
    live_state,
    read_state,
    supervising,
    write_state,
)

HOLD = """
import sys
from pathlib import Path
from kioku_cli.data import DataFolder
from kioku_cli.supervisor.state import supervising
with supervising(DataFolder(Path(sys.argv[1]))):
    print("held", flush=True)
    sys.stdin.read()
"""


def state_of(folder: Path) -> StackState:
    return StackState(
        data=str(folder),
        supervisor=4711,
        phase="ready",
        started=1.0,
        options=StackOptions(),
        endpoints={"rest": "http://127.0.0.1:1"},
        components=[ComponentState(name="nats", phase="ready", pid=1)],
    )


def test_a_state_survives_its_file(tmp_path: Path) -> None:
    """What was written is what is read."""
    data = DataFolder(tmp_path)
    write_state(data, state_of(tmp_path))
    assert state_of(tmp_path) == read_state(data)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"data": 1}'])
def test_an_unreadable_state_is_none(tmp_path: Path, content: str) -> None:
    """A file of another version or half a file is no stack."""
    data = DataFolder(tmp_path)
    data.state.write_text(content)
    assert read_state(data) is None


def test_a_state_without_its_supervisor_is_stale(tmp_path: Path) -> None:
    """A file that outlived its writer says nothing about now."""
    data = DataFolder(tmp_path)
    write_state(data, state_of(tmp_path))
    assert live_state(data) is None


def test_a_killed_supervisor_leaves_no_lock(tmp_path: Path) -> None:
    """The kernel gives the lock back, whatever ended its holder."""
    data = DataFolder(tmp_path)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, stdin=subprocess.PIPE
    )
    with holder:
        assert holder.stdout is not None
        assert b"held\n" == holder.stdout.readline()
        assert is_supervised(data)
        holder.kill()
        holder.wait()
    assert not is_supervised(data)


def test_a_folder_has_one_supervisor(tmp_path: Path) -> None:
    """The second one is told."""
    data = DataFolder(tmp_path)
    with supervising(data), pytest.raises(AlreadySupervised), supervising(data):
        pass
