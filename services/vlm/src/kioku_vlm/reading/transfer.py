"""A page as bytes, from the child that read it: JSON, since no pickle ever comes out of a child."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import groupby
from typing import Any

import numpy as np
import numpy.typing as npt

from kioku_vlm.page import Box, Line, Page, PageFlag

_DIGITS = 5


def packed(page: Page) -> npt.NDArray[np.uint8]:
    """The page as an array of bytes."""
    said = {
        "size": [page.width, page.height],
        "turned": page.turned,
        "flags": list(page.flags),
        "lines": [_said(line) for line in page.lines],
        "hidden": [_said(line) for line in page.hidden],
    }
    return np.frombuffer(json.dumps(said).encode(), np.uint8).copy()


def unpacked(array: npt.NDArray[np.uint8], number: int) -> Page:
    """The page of an array.

    Raises:
        ValueError, KeyError, TypeError: it is none.
    """
    said = json.loads(array.tobytes())
    width, height = said["size"]
    return Page(
        number,
        int(width),
        int(height),
        tuple(map(_line, said["lines"])),
        int(said["turned"]),
        tuple(PageFlag(flag) for flag in said["flags"]),
        tuple(map(_line, said["hidden"])),
    )


def _said(line: Line) -> dict[str, Any]:
    return {
        "text": line.text,
        "runs": [[*box, count] for box, count in _runs(line.boxes)],
        "confidence": round(line.confidence, _DIGITS),
        "vertical": line.vertical,
        "block": line.block,
    }


def _runs(boxes: Sequence[Box]) -> list[tuple[list[float], int]]:
    """Equal boxes in a row once: one sign may stand for several characters."""
    return [(_numbers(box), len(list(same))) for box, same in groupby(boxes)]


def _numbers(box: Box) -> list[float]:
    return [round(side, _DIGITS) for side in (box.left, box.top, box.width, box.height)]


def _line(said: dict[str, Any]) -> Line:
    text = str(said["text"])
    boxes = [
        box
        for left, top, width, height, count in said["runs"]
        for box in [Box(float(left), float(top), float(width), float(height))] * int(count)
    ]
    if len(boxes) != len(text):
        raise ValueError("a line has not as many boxes as characters")
    return Line(
        text,
        tuple(boxes),
        float(said["confidence"]),
        bool(said["vertical"]),
        int(said["block"]),
    )
