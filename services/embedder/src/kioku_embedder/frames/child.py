"""The process that meets hostile videos: it has one descriptor, no network, no secret, may die.

On its pipe: in, a JSON job and the file's descriptor; out, JSON headers, each frame's followed by
its JPEG bytes, `{}` as a sign of life, and at the end the facts or a reason. No pickle ever comes
out of it.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict
from multiprocessing.connection import Connection
from multiprocessing.reduction import recv_handle

import av
from kioku_rt.confinement import allow_cpu, confine
from kioku_rt.errors import InvalidInput

from kioku_embedder.frames.cutting import cut
from kioku_embedder.frames.plan import CutFrame, CutLimits, CutPlan

_BEAT_SECONDS = 0.5
ALIVE = b"{}"


def serve(pipe: Connection, plan: CutPlan, limits: CutLimits) -> None:
    """Cuts one video and ends, without the goodbyes of an interpreter: there is nothing to save."""
    confine(limits.memory_bytes)
    av.logging.set_level(av.logging.PANIC)
    pipe.send_bytes(ALIVE)
    fd = recv_handle(pipe)
    try:
        _send_all(pipe, fd, plan, limits)
    except InvalidInput as refused:
        answer = {
            "reason": refused.reason,
            "message": refused.message,
            "metadata": refused.metadata,
        }
        pipe.send_bytes(json.dumps(answer).encode())
    pipe.close()
    os._exit(0)


def _send_all(pipe: Connection, fd: int, plan: CutPlan, limits: CutLimits) -> None:
    frames = cut(fd, plan, limits, Beat(pipe, limits))
    while True:
        try:
            frame = next(frames)
        except StopIteration as end:
            pipe.send_bytes(json.dumps({"facts": asdict(end.value)}).encode())
            return
        _send(pipe, frame)


def _send(pipe: Connection, frame: CutFrame) -> None:
    header = {"time_ms": frame.time_ms, "width": frame.width, "height": frame.height}
    pipe.send_bytes(json.dumps({"frame": header}).encode())
    pipe.send_bytes(frame.jpeg)


class Beat:
    """Tells the parent twice a second that work goes on, and allows itself more CPU time."""

    def __init__(self, pipe: Connection, limits: CutLimits) -> None:
        self._pipe = pipe
        self._seconds = limits.stall_seconds
        self._last = 0.0

    def __call__(self) -> None:
        """To be called between packets; cheap."""
        now = time.monotonic()
        if now - self._last < _BEAT_SECONDS:
            return
        self._last = now
        allow_cpu(self._seconds)
        self._pipe.send_bytes(ALIVE)
