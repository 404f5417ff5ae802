"""What a process gives up before it reads bytes from anybody: memory, time, output, orphanhood.

For children that decode; the process that starts them keeps its own limits.
"""

from __future__ import annotations

import ctypes
import logging
import math
import os
import resource
import signal
import sys
import time
from pathlib import Path

_PR_SET_PDEATHSIG = 1


def confine(memory_bytes: int) -> None:
    """Ends with its parent, ignores Ctrl-C, dumps no core, may add so much address space."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    _silence()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    most = _address_space() + memory_bytes
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def allow_memory(memory_bytes: int) -> None:
    """Lets the process add so much address space to what it has now, within `confine`'s limit."""
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    wanted = _address_space() + memory_bytes
    resource.setrlimit(resource.RLIMIT_AS, (min(wanted, most), most))


def allow_cpu(seconds: float) -> None:
    """Moves the CPU limit `seconds` ahead; going over it ends the process by SIGXCPU."""
    soft = math.ceil(time.process_time() + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))


def _address_space() -> int:
    """Of this process, bytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()


def _silence() -> None:
    """Python keeps its stderr; C libraries, which print what hostile files say, do not."""
    sys.stderr = os.fdopen(os.dup(2), "w", buffering=1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    logging.disable(logging.CRITICAL)  # Pillow's own log lines quote the file
