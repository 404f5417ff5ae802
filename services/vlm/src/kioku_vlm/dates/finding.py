"""All moments of a text: fold, scan, recognise, resolve, read cues, join times to days."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from kioku_vlm.dates.assembly import assembled, clock_of
from kioku_vlm.dates.clock_attachment import attach
from kioku_vlm.dates.cue_reading import read_clock_cues, read_day_cues
from kioku_vlm.dates.draft import Draft, Lines, Timed
from kioku_vlm.dates.folding import Folded, fold, is_cjk
from kioku_vlm.dates.joining import joined
from kioku_vlm.dates.moment import Anchor, Clock, Cue, Moment
from kioku_vlm.dates.place import Place, replace_previous
from kioku_vlm.dates.recognition import recognise
from kioku_vlm.dates.recurrence_bounds import bound
from kioku_vlm.dates.resolution import Resolver
from kioku_vlm.dates.scanner import scan
from kioku_vlm.dates.shape import Found, MonthPart, Recurring, Times, YearOnly
from kioku_vlm.dates.surroundings import surroundings
from kioku_vlm.dates.tokens import Token
from kioku_vlm.dates.year_choice import base_of


@dataclass(frozen=True)
class _Read:
    folded: Folded
    tokens: Sequence[Token]
    found: Sequence[Found]


def find_moments(text: str, anchor: Anchor, language: str = "") -> tuple[Moment, ...]:
    """All dates, recurrences and bare times of day of a text, in its order.

    A list of days gives a moment for each; a range gives one. Days without a year are resolved
    by the anchor and by what the text says about itself. Where the text carries its own date
    (an issue date, the date of a letter) and the anchor names none, that date is the anchor.

    Args:
        text: one or more lines, as they were read.
        anchor: what days are resolved by.
        language: `ja` or `en`; empty: Japanese if the text has Japanese characters.

    Returns:
        Moments whose spans refer to `text` unchanged.
    """
    read = _read(text, language)
    moments = _moments(text, read, anchor)
    if anchor.issued is None:
        issued = next((one.start for one in moments if one.cue is Cue.ISSUED and one.start), None)
        if issued is not None:
            moments = _moments(text, read, replace(anchor, issued=issued))
    return moments


def find_clocks(text: str) -> tuple[Clock, ...]:
    """All times of day of a text, in its order, whatever day they belong to."""
    read = _read(text, "")
    lines = Lines(read.tokens)
    timed = _timed(read.found)
    read_clock_cues(lines, timed)
    return tuple(clock_of(text, read.folded, read.tokens, one) for one in timed)


def within(moments: Iterable[Moment], first: date, last: date) -> tuple[Moment, ...]:
    """Those with a day from `first` to `last`, both included; recurrences by their first day."""
    return tuple(
        one for one in moments
        if one.start is not None and one.start <= last and (one.end or one.start) >= first
    )  # fmt: skip


def _read(text: str, language: str) -> _Read:
    folded = fold(text)
    tokens = scan(folded.text)
    japanese = language == "ja" or (not language and any(map(is_cjk, folded.text)))
    return _Read(folded, tokens, recognise(tokens, japanese=japanese))


def _timed(found: Sequence[Found]) -> list[Timed]:
    return [Timed(one, one.shape) for one in found if isinstance(one.shape, Times)]


def _moments(text: str, read: _Read, anchor: Anchor) -> tuple[Moment, ...]:
    lines = Lines(read.tokens)
    found = joined(read.tokens, read.found)
    drafts, months = _drafts(read.tokens, found, anchor)
    timed = _timed(found)
    read_clock_cues(lines, timed)
    bound(lines, drafts, months)
    kept = [draft for draft in drafts if not draft.absorbed]
    read_day_cues(lines, kept, timed)
    _settle_issued(kept, anchor)
    attached = attach(lines, kept, timed)
    return assembled(text, read.folded, read.tokens, kept, attached)


def _settle_issued(drafts: Sequence[Draft], anchor: Anchor) -> None:
    """A document's own day is the one nearest to the anchor, not the next in the future."""
    base, _ = base_of(anchor)
    for draft in drafts:
        if draft.cue is not Cue.ISSUED or draft.days is None:
            continue
        first = draft.days.first
        if first.by == "next-future":
            days = sorted((first.day, *first.others), key=lambda one: abs(one - base))
            chosen = replace(first, day=days[0], others=tuple(days[1:]))
            draft.days = replace(draft.days, first=chosen)


def _drafts(
    tokens: Sequence[Token], found: Sequence[Found], anchor: Anchor
) -> tuple[list[Draft], list[Found]]:
    """Days and recurrences in their order; and months that stand alone."""
    resolver = Resolver(surroundings(tokens, found, anchor))
    place, drafts, months = Place(), [], []
    for one in found:
        place.token = one.begin
        if isinstance(one.shape, Recurring):
            drafts.append(Draft(one.begin, one.end, recurring=one.shape))
        elif isinstance(one.shape, MonthPart) and not one.shape.told:
            months.append(one)
            place.year, place.month = None, one.shape.month or place.month
        elif not isinstance(one.shape, (Times, YearOnly)):
            place = _add(drafts, one, resolver, place)
    return drafts, months


def _add(drafts: list[Draft], one: Found, resolver: Resolver, place: Place) -> Place:
    """Append what a shape resolves to; the place behind it."""
    days = resolver.resolve(one.shape, place)
    if days is None:
        return place
    drafts.append(Draft(one.begin, one.end, days))
    return replace_previous(place, replace(days.first, day=days.last or days.first.day))
