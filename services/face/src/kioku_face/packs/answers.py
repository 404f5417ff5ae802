"""Promise: what a child says of a picture is faces, a reason, or the end of that child."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from kioku_rt.errors import InvalidInput, KiokuError
from kioku_rt.images.child import MOST_BYTES
from kioku_rt.images.link import Link
from kioku_rt.reasons import Reason

from kioku_face.face import FoundFace
from kioku_face.packs.rows import FACTS, Rows, faces_of

Size = tuple[int, int]
_NUMBERS = np.dtype(np.float64)
_FAILURES = frozenset({Reason.MODEL_OUTPUT_INVALID, Reason.ENGINE_OUT_OF_MEMORY, Reason.INTERNAL})


def read_faces(message: bytes, link: Link, dimension: int) -> tuple[tuple[FoundFace, ...], Size]:
    """The faces, and width and height of the upright picture before it was made smaller.

    Args:
        dimension: of the vectors.

    Raises:
        InvalidInput: the picture is refused.
        KiokuError: the engine failed.
        OSError, EOFError: the child is gone or spoke nonsense.
    """
    if not message:
        raise EOFError("the child is gone")
    try:
        header = json.loads(message)
        error = _error(header)
        if error is None:
            width, height = header["original_size"]
            rows = _rows(link, int(header["faces"]), FACTS + dimension)
            return faces_of(rows), (int(width), int(height))
    except (ValueError, TypeError, KeyError, AttributeError) as nonsense:
        raise OSError("a child spoke nonsense") from nonsense
    link.tidy()
    raise error


def _error(header: dict[str, Any]) -> KiokuError | None:
    """Raises ValueError for a reason that is none of a child's."""
    if "failed" in header:
        reason = Reason(header["failed"])
        if reason not in _FAILURES:
            raise ValueError("no failure of an engine")
        return KiokuError(reason)
    if "refused" in header:
        return InvalidInput(
            Reason(header["refused"]), header.get("message"), metadata=header.get("metadata")
        )
    return None


def _rows(link: Link, count: int, columns: int) -> Rows:
    """Raises ValueError or EOFError."""
    if not 0 <= count * columns * _NUMBERS.itemsize <= MOST_BYTES:
        raise ValueError("too many faces")
    return link.take_array((count, columns), _NUMBERS)
