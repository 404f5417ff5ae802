"""A question as one run of bytes, and back: JSON first, then the pixels of every view."""

from __future__ import annotations

import json
import math
import struct
from typing import Any

import numpy as np

from kioku_vlm.engines.question import Pixels, Question

_LENGTH = struct.Struct("<Q")


def packed(question: Question) -> bytes:
    """The question in bytes."""
    head = json.dumps(
        {
            "text": question.text,
            "schema": question.schema,
            "most_tokens": question.most_tokens,
            "views": [view.shape for view in question.views],
        }
    ).encode()
    pixels = b"".join(np.ascontiguousarray(view).tobytes() for view in question.views)
    return _LENGTH.pack(len(head)) + head + pixels


def unpacked(data: bytes) -> Question:
    """The question; what `packed` wrote."""
    (length,) = _LENGTH.unpack_from(data)
    at = _LENGTH.size + length
    head: dict[str, Any] = json.loads(data[_LENGTH.size : at])
    views: list[Pixels] = []
    for shape in head["views"]:
        size = math.prod(shape)
        views.append(np.frombuffer(data, np.uint8, size, at).reshape(shape))
        at += size
    return Question(head["text"], head["schema"], head["most_tokens"], tuple(views))
