"""Promise: pictures are chosen by when they are shown, never by counting them.

`Shown` pictures come in order of presentation; each chooser gives some of them, in order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol, TypeVar

import numpy as np

from kioku_embedder.frames.picture import Pixels
from kioku_embedder.frames.runs import difference
from kioku_embedder.frames.timeline import Times


class Picture(Protocol):
    """A decoded picture and when it is shown, in units of its stream from its first picture."""

    @property
    def at(self) -> int: ...

    @property
    def lasts(self) -> int: ...


class SeenPicture(Picture, Protocol):
    """A picture that can be compared with the one before it."""

    @property
    def small(self) -> Pixels:
        """uint8 miniature of it."""
        ...


P = TypeVar("P", bound=Picture)
S = TypeVar("S", bound=SeenPicture)


@dataclass(frozen=True)
class Grid:
    """Evenly spaced moments, the first at 0.

    Args:
        step: distance in units of the stream.
    """

    step: Fraction

    @classmethod
    def of(cls, rate: float, seconds: float, most: int, unit: Fraction) -> Grid:
        """`rate` moments a second, or fewer, so that a video of `seconds` has at most `most`."""
        every = max(1 / Fraction(rate).limit_denominator(100_000), Fraction(seconds) / most)
        return cls(every / unit)

    def moment(self, number: int) -> int:
        """The moment `number`, rounded down to a unit: pictures are shown at whole units."""
        return number * self.step.numerator // self.step.denominator

    def next_from(self, at: int) -> int:
        """The number of the first moment at or after `at`."""
        return -(-at * self.step.denominator // self.step.numerator)

    def on_screen(self, shown: Times, tail: int) -> Times:
        """Which of the sorted times `shown` are on screen at a moment, each once."""
        if not len(shown):
            return shown
        start = int(shown[0])
        last = self.next_from(int(shown[-1]) - start + max(tail, 1))
        moments = np.array([self.moment(number) for number in range(last)], np.int64) + start
        return np.unique(shown[np.searchsorted(shown, moments, side="right") - 1])


def at_moments(pictures: Iterable[P], grid: Grid) -> Iterator[P]:
    """The picture that is on screen at each moment of `grid`, each picture once."""
    held: P | None = None
    due = 0
    for picture in pictures:
        if held is not None and picture.at > grid.moment(due):
            yield held
            due = grid.next_from(picture.at)
        held = picture
    if held is not None and grid.moment(due) < held.at + max(held.lasts, 1):
        yield held


def apart(pictures: Iterable[P], distance: int) -> Iterator[P]:
    """The first picture, and each that is at least `distance` units after the one before."""
    due = 0
    for picture in pictures:
        if picture.at >= due:
            yield picture
            due = picture.at + distance


def at_scenes(pictures: Iterable[S], threshold: float, distance: int) -> Iterator[S]:
    """The first picture, and each that begins a scene at least `distance` after the last one.

    The score is that of FFmpeg's `scdet`: the difference to the picture before, or its change if
    that is less, so that steady motion is no scene change.
    """
    before: S | None = None
    moved, due = 0.0, 0
    for picture in pictures:
        if before is None:
            yield picture
            due = distance
        else:
            change = difference(picture.small, before.small)
            score = min(change, abs(change - moved))
            moved = change
            if score >= threshold and picture.at >= due:
                yield picture
                due = picture.at + distance
        before = picture
