"""What the supervisor says about itself, in one file that is only ever whole.

Whether a supervisor lives is told by a lock that the kernel releases with it, never by the file: a
file can outlive its writer, a lock cannot.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from kioku_cli.data import DataFolder
from kioku_cli.plan.options import StackOptions

Phase = Literal[
    "waiting", "starting", "ready", "unready", "backing-off", "crash-loop", "done", "stopped"
]

StackPhase = Literal["starting", "ready", "degraded", "stopping"]


class ComponentState(BaseModel):
    """One component as it is now."""

    model_config = ConfigDict(frozen=True)

    name: str
    phase: Phase
    pid: int | None = None
    ports: dict[str, int] = {}
    restarts: int = 0
    started: float | None = None
    """Unix seconds of the last start."""
    reason: str = ""
    """Why it is not ready, or why it was last restarted."""


class StackState(BaseModel):
    """The whole stack as it is now."""

    model_config = ConfigDict(frozen=True)

    data: str
    supervisor: int
    """Process id of the supervisor that wrote this."""
    phase: StackPhase
    started: float
    ready_seconds: float | None = None
    """From the supervisor's start until everything was ready for the first time."""
    options: StackOptions
    endpoints: dict[str, str]
    components: list[ComponentState]


def write_state(data: DataFolder, state: StackState) -> None:
    """Replace the state file in one step."""
    fresh = data.state.with_suffix(".new")
    fresh.write_text(state.model_dump_json(indent=1) + "\n")
    fresh.replace(data.state)


def read_state(data: DataFolder) -> StackState | None:
    """What was written last, whoever wrote it; None where there is nothing readable."""
    try:
        return StackState.model_validate_json(data.state.read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def live_state(data: DataFolder) -> StackState | None:
    """The state of a stack whose supervisor lives; None where none does."""
    return read_state(data) if is_supervised(data) else None


def is_supervised(data: DataFolder) -> bool:
    """Whether a supervisor lives for this folder."""
    try:
        descriptor = os.open(data.lock, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)


class AlreadySupervised(Exception):
    """Another supervisor owns this data folder."""


@contextmanager
def supervising(data: DataFolder) -> Iterator[None]:
    """Hold the folder's lock. Raises AlreadySupervised where another process holds it."""
    descriptor = os.open(data.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _lock(descriptor)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> None:
    # A reader of `is_supervised` holds a shared lock for an instant; it is waited out.
    for _ in range(20):
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.05)
    raise AlreadySupervised
