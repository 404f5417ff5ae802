"""Where in a document a day stands, and what was concluded about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from kioku_vlm.dates.year_choice import Choice


@dataclass
class Place:
    """Where in the document a day stands: what was named before it.

    Attributes:
        token: index of its first token.
        previous: the day named before, or None.
        doubt: the flag of an assumed year, if that day carries it.
        confidence: of that day.
        year: of the month named before, or None.
        month: the month named last, or None.
    """

    token: int = 0
    previous: date | None = None
    doubt: tuple[str, ...] = ()
    confidence: float = 1.0
    year: int | None = None
    month: int | None = None


@dataclass(frozen=True)
class Days:
    """One day, or the first and last of a range; how they were chosen."""

    first: Choice
    last: date | None = None
    approximate: bool = False


def replace_previous(place: Place, choice: Choice) -> Place:
    """The same place, behind a day."""
    day = choice.day
    doubt = tuple(flag for flag in choice.flags if flag == "YEAR_ASSUMED")
    return Place(place.token, day, doubt, choice.confidence, day.year, day.month)
