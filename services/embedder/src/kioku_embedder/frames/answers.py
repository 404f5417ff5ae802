"""Promise: what a child says is read as data of known size and shape, or taken for its death."""

from __future__ import annotations

import json
from multiprocessing.connection import Connection

from kioku_rt.errors import InvalidInput
from kioku_rt.reasons import Reason

from kioku_embedder.frames.plan import CutFrame, Facts

_HEADER_BYTES = 1 << 16
_JPEG_BYTES = 1 << 25
_INT32 = 2**31


class Nonsense(Exception):
    """What came is no answer: the child is not itself any more."""


def read_answer(pipe: Connection) -> CutFrame | Facts | None:
    """One message of a child; None is a sign of life.

    Raises:
        InvalidInput: the child refused the video.
        OSError, EOFError: the child is gone.
        Nonsense: it is there, and is not to be believed.
    """
    try:
        header = json.loads(pipe.recv_bytes(_HEADER_BYTES))
        if "reason" in header:
            refusal = InvalidInput(
                Reason(header["reason"]), header["message"], metadata=header["metadata"]
            )
        elif "facts" in header:
            return _facts(header["facts"])
        elif "frame" in header:
            return _frame(header["frame"], pipe.recv_bytes(_JPEG_BYTES))
        else:
            return None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Nonsense from error
    raise refusal


def _frame(header: dict[str, object], jpeg: bytes) -> CutFrame:
    return CutFrame(
        _whole(header["time_ms"], 2**53), _whole(header["width"]), _whole(header["height"]), jpeg
    )


def _facts(said: dict[str, object]) -> Facts:
    return Facts(
        duration_ms=_whole(said["duration_ms"], 2**53),
        width=_whole(said["width"]),
        height=_whole(said["height"]),
        codec=str(said["codec"])[:64],
        hdr=bool(said["hdr"]),
        incomplete=str(said["incomplete"])[:500],
    )


def _whole(value: object, below: int = _INT32) -> int:
    if not isinstance(value, int) or not 0 <= value < below:
        raise ValueError("a number out of range")
    return value
