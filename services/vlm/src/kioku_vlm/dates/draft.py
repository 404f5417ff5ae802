"""Moments in the making, and the lines of tokens they stand in."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from kioku_vlm.dates.moment import Clock, Cue
from kioku_vlm.dates.place import Days
from kioku_vlm.dates.shape import Found, Recurring, Times
from kioku_vlm.dates.tokens import Kind, Token


@dataclass
class Draft:
    """One moment before it is finished.

    Attributes:
        begin: its first token.
        end: the token after its last.
        days: the days, or None for a recurrence or a bare time.
        recurring: the recurrence, or None.
        clocks: times of day that belong to it.
        until: last day of a recurrence, or None.
        exdates: days on which a recurrence does not happen.
        cue: what the words beside it say.
        absorbed: it became part of another.
        started: first day of a recurrence, or None.
    """

    begin: int
    end: int
    days: Days | None = None
    recurring: Recurring | None = None
    clocks: list[Clock] = field(default_factory=list)
    until: date | None = None
    exdates: tuple[date, ...] = ()
    cue: Cue = Cue.NONE
    absorbed: bool = False
    started: date | None = None


@dataclass
class Timed:
    """A time of day before its day is known."""

    found: Found
    times: Times
    cue: Cue = Cue.NONE


class Lines:
    """Which line a token is in."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self.tokens = tokens
        self._breaks = [at for at, token in enumerate(tokens) if token.kind is Kind.NEWLINE]
        self._saluting = {
            self.of(at) for at, token in enumerate(tokens) if token.kind is Kind.SALUTATION
        }

    def salutes(self, line: int) -> bool:
        """Whether it addresses the reader of a letter."""
        return line in self._saluting

    def of(self, token: int) -> int:
        """Number of the line, from 0."""
        return bisect_right(self._breaks, token)

    def bounds(self, line: int) -> tuple[int, int]:
        """First token of a line, and the one after its last."""
        first = self._breaks[line - 1] + 1 if line else 0
        last = self._breaks[line] if line < len(self._breaks) else len(self.tokens) - 1
        return first, last

    def __len__(self) -> int:
        return len(self._breaks) + 1
