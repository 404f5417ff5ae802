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
        ValueError: it is none, whatever it is: a child may have been taken over by what it read.
    """
    try:
        return _page(json.loads(array.tobytes(), parse_constant=_refused), number)
    except (LookupError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise ValueError("these bytes are no page") from error


def _page(said: dict[str, Any], number: int) -> Page:
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


def _refused(constant: str) -> float:
    raise ValueError(f"{constant} is no number of a page")


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
    text, runs = str(said["text"]), said["runs"]
    # Counted before they are laid out: a count may be any number.
    if any(run[4] < 1 for run in runs) or sum(run[4] for run in runs) != len(text):
        raise ValueError("a line has not as many boxes as characters")
    return Line(
        text,
        tuple(box for *sides, count in runs for box in [_box(sides)] * count),
        float(said["confidence"]),
        bool(said["vertical"]),
        int(said["block"]),
    )


def _box(sides: Sequence[float]) -> Box:
    if not all(0 <= side <= 1 for side in sides):
        raise ValueError("a box lies beside the page")
    left, top, width, height = map(float, sides)
    return Box(left, top, width, height)
