"""Promise: how much memory this process holds, and that freed memory goes back to the machine."""

from __future__ import annotations

import ctypes
import gc
import os
from pathlib import Path

_STATM = Path("/proc/self/statm")


def resident_bytes() -> int:
    """Resident memory of this process; 0 where the system does not tell."""
    try:
        pages = int(_STATM.read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def grown(before: int, weights: int) -> int:
    """What loading took in bytes: the growth since `before`, at least what the weights take.

    Memory that the process already had and reuses shows no growth; the weights still lie in it.
    """
    return max(resident_bytes() - before, weights)


def file_bytes(folder: Path) -> int:
    """Size of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def give_back() -> None:
    """Collects garbage and has the C library return its free pages; without it they stay ours."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
