"""The process that meets hostile bytes: it imports Pillow and numpy, holds no secret, may die.

Frames on its pipe: in, the encoded picture; out, a JSON header and, when it was decoded, the raw
pixels. No pickle ever comes out of it, so that a decoder somebody took over can lie about one
picture and do no more.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from multiprocessing.connection import Connection

import numpy as np
from PIL import AvifImagePlugin

from kioku_rt.confinement import allow_cpu, confine
from kioku_rt.errors import InvalidInput
from kioku_rt.images.decoder import decode
from kioku_rt.images.limits import ImageLimits

Prepare = Callable[[np.ndarray], np.ndarray]
READY = b"ready"


def serve(pipe: Connection, limits: ImageLimits, prepare: Prepare | None) -> None:
    """Answers one picture after another until the pipe closes."""
    confine(limits.memory_bytes)
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # the pool has a child for each core
    pipe.send_bytes(READY)
    while True:
        try:
            data = pipe.recv_bytes()
        except (EOFError, OSError):
            return
        allow_cpu(limits.decode_seconds)
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
