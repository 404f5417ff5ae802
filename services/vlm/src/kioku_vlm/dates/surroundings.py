"""What the document says about days that do not say it themselves: its year, month, and order."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from kioku_vlm.dates.moment import Anchor
from kioku_vlm.dates.shape import Day, Found, MonthPart, Shape, Stretch, YearOnly
from kioku_vlm.dates.tokens import Kind, Token
from kioku_vlm.dates.year_choice import DocumentYear, base_of, day_of

_NEAR_YEARS = 2
_SEPARATORS = (Kind.SLASH, Kind.DOT, Kind.DASH)


@dataclass(frozen=True)
class Surroundings:
    """Years in the order of the text, each with the token it stands at; and the order of 03/04."""

    years: tuple[tuple[int, DocumentYear], ...]
    day_first: bool | None
    anchor: Anchor

    def year_at(self, token: int) -> DocumentYear | None:
        """The nearest year before a token, else the first behind it, else the anchor's."""
        at = bisect_right(self.years, token, key=lambda pair: pair[0])
        if at or self.years:
            return self.years[max(0, at - 1)][1]
        year = self.anchor.year
        return DocumentYear(year, full=_issued_in(year, self.anchor)) if year else None


def _issued_in(year: int, anchor: Anchor) -> date | None:
    issued = anchor.issued
    return issued if issued is not None and issued.year == year else None


def surroundings(tokens: Sequence[Token], found: Sequence[Found], anchor: Anchor) -> Surroundings:
    """Read what a document says about itself."""
    base, _ = base_of(anchor)
    years = [(one.begin, year) for one in found for year in _years(one.shape, base)]
    return Surroundings(tuple(years), _proved_order(tokens, found), anchor)


def _years(shape: Shape, base: date) -> Iterator[DocumentYear]:
    match shape:
        case Day(year=int(year), month=int(month)) if "YEAR_ASSUMED" not in shape.flags:
            yield DocumentYear(year, full=None if shape.pair else day_of(year, month, shape.day))
        case MonthPart(year=int(year)) | YearOnly(year=int(year)):
            if shape.fiscal or abs(year - base.year) <= _NEAR_YEARS:
                yield DocumentYear(year, shape.fiscal, _month_of(shape))
        case Stretch():
            yield from _years(shape.first, base)
        case _:
            return


def _month_of(shape: MonthPart | YearOnly) -> date | None:
    if isinstance(shape, MonthPart) and shape.year and shape.month and not shape.fiscal:
        return day_of(shape.year, shape.month, 1)
    return None


def _proved_order(tokens: Sequence[Token], found: Sequence[Found]) -> bool | None:
    """Whether days stand before months in pairs of numbers; None unless all that tell agree."""
    votes = {vote for one in found for vote in _vote(tokens, one)}
    return votes.pop() if len(votes) == 1 else None


def _vote(tokens: Sequence[Token], one: Found) -> Iterator[bool]:
    if not isinstance(one.shape, (Day, Stretch)):
        return
    for at in range(one.begin, one.end - 2):
        first, separator, second = tokens[at : at + 3]
        pair = first.kind is second.kind is Kind.NUMBER and separator.kind in _SEPARATORS
        if not pair or len(first.text) > 2 or len(second.text) > 2 or _follows_year(tokens, at):
            continue
        if first.value > 12 >= second.value:
            yield True
        elif second.value > 12 >= first.value:
            yield False


def _follows_year(tokens: Sequence[Token], at: int) -> bool:
    """2026/5/30 and R8.5.30 say nothing about pairs."""
    before = tokens[at - 1] if at else tokens[-1]
    return before.kind in (*_SEPARATORS, Kind.ERA, Kind.ERA_LETTER)
