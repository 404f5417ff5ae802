"""The process that meets hostile bytes: it imports Pillow and numpy, holds no secret, may die.

Frames on its pipe: in, the encoded picture; out, a JSON header and, when it was decoded, the raw
pixels. No pickle ever comes out of it, so that a decoder somebody took over can lie about one
picture and do no more.
"""

from __future__ import annotations

import ctypes
import json
import logging
import math
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
from PIL import AvifImagePlugin

from kioku_rt.errors import InvalidInput
from kioku_rt.images.decoder import decode
from kioku_rt.images.limits import ImageLimits

Prepare = Callable[[np.ndarray], np.ndarray]
READY = b"ready"
_PR_SET_PDEATHSIG = 1


def serve(pipe: Connection, limits: ImageLimits, prepare: Prepare | None) -> None:
    """Answers one picture after another until the pipe closes."""
    _confine(limits)
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # the pool has a child for each core
    pipe.send_bytes(READY)
    while True:
        try:
            data = pipe.recv_bytes()
        except (EOFError, OSError):
            return
        _allow_cpu(limits.decode_seconds)
        header, body = _answer(data, limits, prepare)
        pipe.send_bytes(json.dumps(header).encode())
        if body is not None:
            pipe.send_bytes(body.data.cast("B"))


def _answer(
    data: bytes, limits: ImageLimits, prepare: Prepare | None
) -> tuple[dict[str, object], np.ndarray | None]:
    """Header and pixels of one picture; a header with a reason alone when it is refused.

    What `prepare` raises is a bug of the service: it ends the child, with its trace on stderr.
    """
    try:
        image = decode(data, limits)
    except InvalidInput as refused:
        return {
            "reason": refused.reason,
            "message": refused.message,
            "metadata": refused.metadata,
        }, None
    pixels = np.ascontiguousarray(image.pixels if prepare is None else prepare(image.pixels))
    return {
        "shape": pixels.shape,
        "dtype": pixels.dtype.str,
        "content_type": image.content_type,
        "original_size": image.original_size,
    }, pixels


def _confine(limits: ImageLimits) -> None:
    """Ends with its parent, ignores Ctrl-C, dumps no core, has so much memory and no more."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    _silence()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + limits.memory_bytes
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _silence() -> None:
    """Python keeps its stderr; libtiff and its like, which print what hostile files say, do not."""
    sys.stderr = os.fdopen(os.dup(2), "w", buffering=1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    logging.disable(logging.CRITICAL)  # Pillow's own log lines quote the file


def _allow_cpu(seconds: float) -> None:
    """Moves the CPU limit `seconds` ahead; going over it ends the process by SIGXCPU."""
    soft = math.ceil(time.process_time() + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))
