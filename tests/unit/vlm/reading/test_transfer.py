"""A page goes over as bytes and comes back the same; anything else is refused."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from kioku_vlm.page import Box, Line, Page, PageFlag
from kioku_vlm.reading.transfer import packed, unpacked

_BOX, _NEXT = Box(0.1, 0.2, 0.03, 0.04), Box(0.13, 0.2, 0.03, 0.04)
_LINE = Line("日本", (_BOX, _NEXT), 0.87654, vertical=True, block=2)
_HIDDEN = Line("ﬁnd", (_BOX, _BOX, _NEXT), 0.5)
_PAGE = Page(3, 800, 600, (_LINE,), 270, (PageFlag.HIDDEN_TEXT,), (_HIDDEN,))


def test_a_page_comes_back() -> None:
    """All of it, but its number, which the one that reads a file knows."""
    assert unpacked(packed(_PAGE), 3) == _PAGE
    assert unpacked(packed(_PAGE), 5).number == 5


def test_an_empty_page_comes_back() -> None:
    """No line, no flag."""
    empty = Page(1, 10, 20, ())
    assert unpacked(packed(empty), 1) == empty


def test_places_are_told_to_a_hundred_thousandth() -> None:
    """A page of 3,600 pixels is told to a thirtieth of one."""
    line = Line("a", (Box(1 / 3, 0.0, 2 / 3, 1.0),), 1 / 3)
    (read,) = unpacked(packed(Page(1, 1, 1, (line,))), 1).lines
    assert read.boxes == (Box(0.33333, 0.0, 0.66667, 1.0),)
    assert read.confidence == 0.33333


def _bytes(said: object) -> Any:
    return np.frombuffer(json.dumps(said).encode(), np.uint8)


def _with(**line: object) -> Any:
    """A page with one line, changed."""
    good = {"text": "ab", "runs": [[0.1, 0.1, 0.1, 0.1, 2]], "confidence": 0.9}
    lines = [{**good, "vertical": False, "block": 0, **line}]
    return _bytes({"size": [1, 1], "turned": 0, "flags": [], "lines": lines, "hidden": []})


def test_the_line_that_is_changed_is_right_unchanged() -> None:
    """So that what follows is refused for what it changes."""
    assert unpacked(_with(), 1).lines[0].text == "ab"


@pytest.mark.parametrize(
    "array",
    [
        np.zeros(0, np.uint8),
        np.frombuffer(b"\xff\xfe", np.uint8),
        np.frombuffer(b"[" * 100_000, np.uint8),
        _bytes([]),
        _bytes(None),
        _bytes({}),
        _bytes({"size": [1], "turned": 0, "flags": [], "lines": [], "hidden": []}),
        _bytes({"size": [1, 1], "turned": 0, "flags": ["GOOD"], "lines": [], "hidden": []}),
        _bytes({"size": [1, 1], "turned": 0, "flags": [], "lines": 7, "hidden": []}),
        _with(text="abc"),
        _with(text=""),
        _with(runs=[]),
        _with(runs=[[0.1, 0.1, 0.1, 0.1, 10**12]]),
        _with(runs=[[0.1, 0.1, 0.1, 0.1, -1], [0.1, 0.1, 0.1, 0.1, 3]]),
        _with(runs=[[0.1, 0.1, 0.1, 0.1, 2.0]]),
        _with(runs=[[0.1, 0.1, 0.1, 2]]),
        _with(runs=[["0", 0.1, 0.1, 0.1, 2]]),
        _with(runs=[[1.5, 0.1, 0.1, 0.1, 2]]),
        _with(runs=[[-0.1, 0.1, 0.1, 0.1, 2]]),
        _with(confidence=float("nan")),
        _with(confidence="high"),
        _with(block=float("inf")),
        _with(confidence=None),
    ],
)
def test_nonsense_is_refused(array: Any) -> None:
    """With one kind of error, before memory is taken for it."""
    with pytest.raises(ValueError, match=r".+"):
        unpacked(array, 1)
