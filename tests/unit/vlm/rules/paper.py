"""Paper to write on: documents made of strings and the places where they stand."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date

from kioku_vlm.page import Box, Document, Line, Page

WIDTH, HEIGHT = 1000, 1414


@dataclass(frozen=True)
class Wanted:
    """What one entry should say; `start` and `end` as ISO text."""

    title: str
    start: str
    end: str = ""
    place: str = ""
    kind: str = "EVENT"
    rrule: str = ""


@dataclass(frozen=True)
class Sheet:
    """A document, the day it is looked at, and what it announces."""

    name: str
    document: Document
    today: date
    wanted: tuple[Wanted, ...] = ()


def _advance(letter: str) -> float:
    if letter == " ":
        return 0.35
    return 1.0 if unicodedata.east_asian_width(letter) in "WFA" else 0.55


def line(x: float, y: float, size: float, text: str, *, confidence: float = 0.93) -> Line:
    """A line whose top left corner is at (x, y) pixels; `|` in `text` leaves a wide gap.

    A gap is five letters wide, as between the cells of a row that a reader took for one line.
    """
    boxes, letters, at = [], [], x
    for letter in text:
        wide = 5.0 * size if letter == "|" else _advance(letter) * size
        boxes.append(Box(at / WIDTH, y / HEIGHT, wide / WIDTH, size / HEIGHT))
        letters.append(" " if letter == "|" else letter)
        at += wide
    return Line("".join(letters), tuple(boxes), confidence)


def column(x: float, y: float, size: float, text: str) -> Line:
    """A vertical line whose top left corner is at (x, y) pixels."""
    boxes = [
        Box(x / WIDTH, (y + at * size) / HEIGHT, size / WIDTH, size / HEIGHT)
        for at in range(len(text))
    ]
    return Line(text, tuple(boxes), 0.9, vertical=True)


def centred(y: float, size: float, text: str) -> Line:
    """A line in the middle of the page."""
    wide = sum(_advance(letter) for letter in text) * size
    return line((WIDTH - wide) / 2, y, size, text)


def page(*lines: Line, number: int = 1) -> Page:
    """One page of these lines."""
    return Page(number, WIDTH, HEIGHT, lines)


def paper(*lines: Line, language: str = "ja") -> Document:
    """A document of one page."""
    return Document((page(*lines),), language)
