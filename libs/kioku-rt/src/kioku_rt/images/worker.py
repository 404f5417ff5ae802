"""One decoder child and its thread's side: whatever happens in it, one picture is hit."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from time import monotonic
from typing import Any

import numpy as np
import structlog

from kioku_rt.errors import InvalidInput
from kioku_rt.images.child import MOST_BYTES, serve
from kioku_rt.images.decoder import DecodedImage, Prepare
from kioku_rt.images.limits import ImageLimits
from kioku_rt.images.link import Link
from kioku_rt.images.linked_child import WALL_FACTOR, ChildGone, LinkedChild
from kioku_rt.reasons import Reason

_LOG = structlog.get_logger(__name__)


class DecodeWorker(LinkedChild):
    """Owns at most one child at a time; used by one thread at a time."""

    def __init__(self, limits: ImageLimits, prepare: Prepare | None = None) -> None:
        super().__init__(serve, (limits, prepare), name="kioku-decode", dependency="image decoder")
        self.limits = limits

    def decode(self, data: bytes) -> DecodedImage:
        """Lets the child decode `data`; a child killed from outside gets one successor.

        Raises:
            InvalidInput: the picture is refused, or ended the child.
            DependencyDown: no child could be started.
        """
        try:
            return self._exchange(data)
        except ChildGone as gone:
            _LOG.warning("decode_child_gone", exitcode=gone.exitcode, expired=gone.expired)
            if not gone.innocent:
                raise gone.refusal() from None
        try:
            return self._exchange(data)
        except ChildGone as gone:
            raise gone.refusal() from None

    def _exchange(self, data: bytes) -> DecodedImage:
        link, begun = self.handed_over(data), monotonic()
        with self.ending_it():
            answer = read_answer(link.receive(self.limits.decode_seconds * WALL_FACTOR), link)
            link.tidy()
        return replace(answer, seconds=monotonic() - begun)


def read_answer(message: bytes, link: Link) -> DecodedImage:
    """One answer of a child (see `child.py`): its header, and what it left in the file.

    Raises:
        InvalidInput: the child refused the picture.
        OSError, EOFError: the child is gone or spoke nonsense.
    """
    if not message:
        raise EOFError("the child is gone")
    try:
        header = json.loads(message)
        if "reason" not in header:
            return _decoded(header, link)
        refusal = InvalidInput(
            Reason(header["reason"]), header.get("message"), metadata=header.get("metadata")
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise OSError("a decoder child spoke nonsense") from error
    link.tidy()
    raise refusal


def _decoded(header: dict[str, Any], link: Link) -> DecodedImage:
    """Raises ValueError, TypeError or KeyError for a header that makes no sense."""
    shape, dtype = tuple(int(side) for side in header["shape"]), np.dtype(header["dtype"])
    if dtype.hasobject or min(shape, default=1) < 0:
        raise ValueError("no pixels")
    if math.prod(shape) * dtype.itemsize > MOST_BYTES:
        raise ValueError("too many pixels")
    width, height = header["original_size"]
    return DecodedImage(
        link.take_array(shape, dtype),
        str(header["content_type"]),
        (int(width), int(height)),
    )
