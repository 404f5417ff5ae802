"""What a kind of thing is: its names in two languages and the strokes that draw it."""

from dataclasses import dataclass
from typing import Literal

Shape = Literal["oval", "box", "poly", "line"]

_SHAPES: dict[str, Shape] = {"o": "oval", "b": "box", "p": "poly", "l": "line"}


@dataclass(frozen=True)
class Stroke:
    """One mark: a shape, the tone that fills it, and coordinates in percent of the tile.

    A line's first number is its width, also in percent.
    """

    shape: Shape
    tone: str
    numbers: tuple[float, ...]


@dataclass(frozen=True)
class Kind:
    """A drawable kind: English singular and plural, Japanese noun and counter, strokes."""

    name: str
    plural: str
    japanese: str
    counter: str
    strokes: tuple[Stroke, ...]


def parse_strokes(drawing: str) -> tuple[Stroke, ...]:
    """Read 'o m 10 10 90 90; ...': a shape letter, a tone letter, then numbers.

    Raises KeyError for an unknown shape and ValueError for a number that is none.
    """
    strokes = []
    for mark in drawing.split(";"):
        shape, tone, *numbers = mark.split()
        strokes.append(Stroke(_SHAPES[shape], tone, tuple(float(n) for n in numbers)))
    return tuple(strokes)


def kind(names: str, counter: str, drawing: str) -> Kind:
    """Build a kind from 'name/plural/japanese', a Japanese counter and a drawing."""
    name, plural, japanese = names.split("/")
    return Kind(name, plural, japanese, counter, parse_strokes(drawing))
