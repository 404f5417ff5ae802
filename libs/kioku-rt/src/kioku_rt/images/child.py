"""The process that meets hostile bytes: it imports Pillow and numpy, holds no secret, may die.

It is told how many bytes of the shared file are the picture; it answers with a JSON header and,
when the picture was decoded, leaves the raw pixels in the file. No pickle ever comes out of it, so
that a decoder somebody took over can lie about one picture and do no more.
"""

from __future__ import annotations

import json
import resource
import socket

import numpy as np
from PIL import AvifImagePlugin

from kioku_rt.confinement import allow_cpu, confine
from kioku_rt.errors import InvalidInput
from kioku_rt.images.decoder import Prepare, decode
from kioku_rt.images.limits import ImageLimits
from kioku_rt.images.link import Link

READY = b"ready"
MOST_BYTES = 1 << 28
"""Of pixels that a child may hand over."""


def serve(theirs: socket.socket, limits: ImageLimits, prepare: Prepare | None) -> None:
    """Answers one picture after another until the other end closes."""
    confine(limits.memory_bytes)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_BYTES, MOST_BYTES))
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # the pool has a child for each core
    link = Link.accept(theirs)
    link.send(READY)
    while size := link.receive():
        allow_cpu(limits.decode_seconds)
        header, body = _answer(link.take(int(size)), limits, prepare)
        if body is not None:
            link.put(body.data.cast("B"))
        link.send(json.dumps(header).encode())


def _answer(
    data: bytes, limits: ImageLimits, prepare: Prepare | None
) -> tuple[dict[str, object], np.ndarray | None]:
    """Header and pixels of one picture; a header with a reason alone when it is refused.

    What `prepare` raises is a bug of the service: it ends the child, with its trace on stderr.
    """
    try:
        image = decode(data, limits, prepare)
    except InvalidInput as refused:
        return {
            "reason": refused.reason,
            "message": refused.message,
            "metadata": refused.metadata,
        }, None
    return {
        "shape": image.pixels.shape,
        "dtype": image.pixels.dtype.str,
        "content_type": image.content_type,
        "original_size": image.original_size,
    }, image.pixels
