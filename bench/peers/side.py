"""What a bench needs of each side: vectors through its own network API, and what it costs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import numpy as np
import numpy.typing as npt
import psutil

Vector = npt.NDArray[np.float32]


class Refused(Exception):
    """The side answered that it will not embed this picture."""


class Side(Protocol):
    """A running server and its client."""

    @property
    def name(self) -> str:
        """As in the tables."""
        ...

    @property
    def pid(self) -> int:
        """Of the server's first process."""
        ...

    async def embed(self, picture: bytes) -> Vector:
        """The vector (dimension,) of an encoded picture.

        Raises:
            Refused: it answered with an error.
            TimeoutError: it did not answer in time.
        """
        ...

    async def healthy(self) -> bool:
        """What its own health check says."""
        ...


def processes(pid: int) -> list[psutil.Process]:
    """A process and all that it started and that still run."""
    first = psutil.Process(pid)
    return [first, *first.children(recursive=True)]


def cpu_seconds(pid: int) -> float:
    """Seconds of CPU of a process tree, children that ended included."""
    return sum(_cpu(process) for process in _alive(pid))


def resident_bytes(pid: int) -> int:
    """Memory of a process tree; pages that several of them share count once."""
    return sum(int(process.memory_full_info().pss) for process in _alive(pid))


def _alive(pid: int) -> Iterable[psutil.Process]:
    for process in processes(pid):
        if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            yield process


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system + times.children_user + times.children_system)
