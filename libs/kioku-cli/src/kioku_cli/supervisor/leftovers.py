"""Finds and ends what a stack's processes had started themselves and did not take with them.

Every component carries its data folder in its environment, and children inherit it; the mark is the
whole path, so that no process of another stack, and no shell, is ever taken for a leftover.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

MARK = "KIOKU_STACK_ROOT"
"""Set in every component's environment to its data folder."""
_SECONDS = 10.0
_POLL = 0.05


def end_leftovers(root: Path) -> list[int]:
    """SIGKILL every process that carries the folder's mark, until none is left; their ids."""
    ended: dict[int, None] = {}
    deadline = time.monotonic() + _SECONDS
    while (left := marked(root)) and time.monotonic() < deadline:
        for pid in left:
            _kill(pid)
        ended |= dict.fromkeys(left)
        time.sleep(_POLL)
    return list(ended)


def marked(root: Path) -> list[int]:
    """Every other process that carries the folder's mark."""
    mark = f"{MARK}={root}".encode()
    return [
        int(folder.name)
        for folder in Path("/proc").glob("[0-9]*")
        if int(folder.name) != os.getpid() and mark in _environment(folder)
    ]


def _environment(folder: Path) -> list[bytes]:
    try:
        return (folder / "environ").read_bytes().split(b"\0")
    except OSError:  # it is gone, or somebody else's
        return []


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
