"""Days that only say when a recurrence begins, ends, or leaves out."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from kioku_vlm.dates.moment import Moment
from kioku_vlm.rules.reading import Hypothesis
from kioku_vlm.rules.sighting import Nature

_LONG = timedelta(days=8)
_SINCE_BEFORE = re.compile(
    r"\b(?:starting|start(?:s|ing)? on|from|begin(?:s|ning)(?: on)?|commencing)\s*$", re.I
)
_SINCE_AFTER = re.compile(r"^\s*(?:から|より|開始|スタート|~)")
_UNTIL_BEFORE = re.compile(r"\b(?:until|till|to|through|ending|ends(?: on)?)\s*$|~\s*$", re.I)
_UNTIL_AFTER = re.compile(r"^\s*まで")
_LEFT_OUT_BEFORE = re.compile(r"\b(?:no \w+(?: on)?|except(?: on)?|not on|closed on)\s*$", re.I)
_LEFT_OUT_AFTER = re.compile(r"^\s*(?:は|を)?(?:お?休み|除く|休講|なし)")


@dataclass(frozen=True)
class Season:
    """Between which days a recurrence happens, and on which it does not."""

    since: date | None = None
    until: date | None = None
    without: tuple[date, ...] = ()


Find = Callable[[str], tuple[Moment, ...]]


def season_of(found: Sequence[Hypothesis], find: Find) -> tuple[list[Hypothesis], Season]:
    """What else is announced, and the season of what recurs; all of it where nothing recurs.

    Args:
        found: all that may be announced.
        find: finds the moments of a text.
    """
    recurring = [
        one for one in found if one.sighting.moment.rrule and one.sighting.nature is Nature.EVENT
    ]
    season, rest = Season(), list(found)
    if not recurring:
        return rest, season
    for one in found:
        told = None if one in recurring else _with(season, one)
        if told is not None:
            without = (*told.without, *_resting(one, recurring, find))
            season = replace(told, without=tuple(sorted(set(without))))
            rest.remove(one)
    return rest, season


def _resting(one: Hypothesis, recurring: Sequence[Hypothesis], find: Find) -> list[date]:
    """Days on which a recurrence rests by what stands beside its season: (8月は休み)."""
    if one.sighting.moment.end is None:
        return []
    texts = [f"{each.sighting.moment.raw}\n{one.sighting.strip.text}" for each in recurring]
    return [day for text in texts for moment in find(text)[:1] for day in moment.exdates]


def _with(season: Season, one: Hypothesis) -> Season | None:
    """The season with what a day says of it; None where it is a day of its own."""
    moment = one.sighting.moment
    if moment.start is None or moment.rrule or one.sighting.nature is Nature.DEADLINE:
        return None
    if moment.end is not None:
        long = moment.end - moment.start >= _LONG and not one.own
        return replace(season, since=moment.start, until=moment.end) if long else None
    text = one.sighting.strip.text
    before, after = text[: one.sighting.span[0]], text[one.sighting.span[1] :]
    if _LEFT_OUT_BEFORE.search(before) or _LEFT_OUT_AFTER.match(after):
        return replace(season, without=(*season.without, moment.start))
    if _UNTIL_BEFORE.search(before) or _UNTIL_AFTER.match(after):
        return replace(season, until=moment.start)
    if _SINCE_BEFORE.search(before) or _SINCE_AFTER.match(after):
        return replace(season, since=moment.start)
    return None
