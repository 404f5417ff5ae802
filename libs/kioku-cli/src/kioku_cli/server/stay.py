"""Starts a server, stays with it, and ends when it ends: what turns a library into a process.

SIGTERM and SIGINT stop the server in its own gentle way. If this process is killed, the kernel
ends the server too (see kioku_stack.process). What the server writes to its own logs appears on our
output, and its own logs are cut there, so that they never fill the disk.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Protocol

from kioku_stack.process import StartFailed

_POLL_SECONDS = 0.25
_LONGEST_OWN_LOG = 16 * 2**20


class Server(Protocol):
    """What kioku_stack's servers have in common."""

    def start(self) -> None:
        """Serve; returns once it is ready."""

    def stop(self) -> None:
        """Stop gently."""


def stay(server: Server, alive: Callable[[], bool], logs: Sequence[Path]) -> int:
    """Run the server until it ends or a signal asks for its end; the exit code for the caller."""
    tails = [_Tail(log) for log in logs]
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, _leave)
    try:
        server.start()
        while alive():
            _show(tails)
            time.sleep(_POLL_SECONDS)
        print("the server ended by itself", file=sys.stderr, flush=True)
    except StartFailed as failure:
        print(failure, file=sys.stderr, flush=True)
    finally:
        server.stop()
        _show(tails)
    return 1


def _leave(_number: int, _frame: FrameType | None) -> None:
    # A second signal must not interrupt the stopping that the first one began.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise SystemExit(0)


class _Tail:
    """Reads what is added to one log from now on, and cuts the log when it has grown long."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._position = log.stat().st_size if log.exists() else 0

    def news(self) -> bytes:
        if not self._log.exists():
            return b""
        with self._log.open("rb") as lines:
            lines.seek(min(self._position, self._log.stat().st_size))
            text = lines.read(_LONGEST_OWN_LOG)
            self._position = lines.tell()
        if self._position >= _LONGEST_OWN_LOG:
            os.truncate(self._log, 0)
            self._position = 0
        return text


def _show(tails: Sequence[_Tail]) -> None:
    for tail in tails:
        sys.stdout.buffer.write(tail.news())
    sys.stdout.flush()
